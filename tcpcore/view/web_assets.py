"""The files that the built pages load from their own site: our scripts, Python, Plotly, MathJax.

Paths hold a hash of what lies in them, so that browsers may keep the files for ever.  Third-party
files come from npm's `node_modules`; a build without them makes pages whose players only step.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

from tcpcore.view import bundle

PACKAGE = Path(__file__).resolve().parent.parent

# What needs a kernel, a command line, a notebook or another package has no place in a browser.
_NOT_FOR_BROWSERS = ("__main__.py", "cli.py", "linux", "view", "wire/scapy_bridge.py")
_VIEWS_FOR_BROWSERS = tuple(
    f"view/{name}.py"
    for name in (
        "__init__",
        "answers",
        "capture_answers",
        "capture_document",
        "document",
        "drawings",
        "flows",
        "host_scripts",
        "packet",
        "script_document",
    )
)

# Left out of Pyodide's standard library: nothing of it is imported by Pyodide itself or by us.
_UNUSED = """
    _pydecimal.py _pyrepl antigravity.py bdb.py cProfile.py cmd.py configparser.py ctypes curses dbm
    doctest.py ensurepip ftplib.py getopt.py graphlib.py idlelib imaplib.py mailbox.py mailcap.py
    multiprocessing netrc.py nntplib.py optparse.py pdb.py pickletools.py poplib.py profile.py
    pstats.py pyclbr.py pydoc.py pydoc_data sched.py shelve.py smtplib.py sqlite3 tabnanny.py
    this.py timeit.py tkinter tomllib trace.py turtle.py turtledemo unittest venv wave.py wsgiref
    xml xmlrpc zipapp.py
"""
_ENCODINGS = """
    __init__ aliases ascii charmap cp1252 cp437 idna latin_1 punycode raw_unicode_escape
    unicode_escape utf_16 utf_16_be utf_16_le utf_32 utf_8 utf_8_sig
"""


def pure_modules() -> list[Path]:
    """The modules that a browser needs: none imports more than the standard library. Sorted."""
    left_out = [PACKAGE / name for name in _NOT_FOR_BROWSERS]
    files = [
        path
        for path in PACKAGE.rglob("*.py")
        if not any(path == one or one in path.parents for one in left_out)
    ]
    return sorted(files + [PACKAGE / name for name in _VIEWS_FOR_BROWSERS])


def write_engine(target: Path) -> None:
    """The pure modules as a zip, byte for byte the same whenever they are the same."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in pure_modules():
            _add(archive, f"tcpcore/{path.relative_to(PACKAGE).as_posix()}", path.read_bytes())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, compresslevel=9)


def write_own(root: Path, pyodide: str) -> str:
    """Our scripts, style and engine under `root`; the name of the folder, a hash of its content.

    `pyodide` is the folder of Pyodide beside it, which the worker loads from.
    """
    draft = root / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    (draft / "player.js").write_text(bundle.page_script(), encoding="utf-8")
    (draft / "player.css").write_text(bundle.style_sheet(), encoding="utf-8")
    worker = (bundle.STATIC / "worker.js").read_text(encoding="utf-8")
    (draft / "worker.js").write_text(worker.replace("../pyodide/", f"../{pyodide}/"), "utf-8")
    write_engine(draft / "tcpcore.zip")
    digest = hashlib.sha256()
    for path in sorted(draft.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    name = digest.hexdigest()[:12]
    shutil.rmtree(root / name, ignore_errors=True)
    draft.rename(root / name)
    return name


def pyodide_folder(vendor: Path) -> str:
    """The name of the folder that Pyodide gets: its version; ``pyodide`` without it."""
    package = vendor / "pyodide" / "package.json"
    if not package.is_file():
        return "pyodide"
    return f"pyodide-{json.loads(package.read_text(encoding='utf-8'))['version']}"


def write_pyodide(vendor: Path, target: Path) -> bool:
    """Pyodide without what we do not use; False when it is not installed."""
    source = vendor / "pyodide"
    if not (source / "pyodide.mjs").is_file():
        return False
    if target.is_dir():
        return True  # the folder's name holds the version
    draft = target.with_name("pyodide-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"):
        shutil.copyfile(source / name, draft / name)
    lock = json.loads((source / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = {}  # we load none, and the list alone is 119 KB
    (draft / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    _trim_stdlib(source / "python_stdlib.zip", draft / "python_stdlib.zip")
    draft.rename(target)
    return True


def _trim_stdlib(source: Path, target: Path) -> None:
    unused, encodings = frozenset(_UNUSED.split()), frozenset(_ENCODINGS.split())
    with zipfile.ZipFile(source) as full, zipfile.ZipFile(target, "w") as trimmed:
        for entry in full.infolist():
            top, _, rest = entry.filename.partition("/")
            if top in unused or entry.is_dir():
                continue
            if top == "encodings" and Path(rest).stem not in encodings:
                continue
            _add(trimmed, entry.filename, full.read(entry))


def write_plotly(vendor: Path, target: Path) -> None:
    """plotly.js: the basic bundle (lines, bars, pies) if npm brought it, else the whole one."""
    basic = vendor / "plotly.js-basic-dist-min" / "plotly-basic.min.js"
    if basic.is_file():
        shutil.copyfile(basic, target)
    else:
        target.write_text(plotly_js(), encoding="utf-8")


def plotly_js() -> str:
    """plotly.js out of the Python package, for notebooks; empty where that is not installed."""
    try:
        import plotly
    except ImportError:
        return ""
    path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def write_mathjax(vendor: Path, target: Path) -> bool:
    """MathJax with its fonts; False when it is not installed."""
    source = vendor / "mathjax" / "es5"
    if not (source / "tex-mml-chtml.js").is_file():
        return False
    if not target.is_dir():
        fonts = Path("output/chtml/fonts")
        shutil.copytree(source / fonts, target / fonts)
        shutil.copyfile(source / "tex-mml-chtml.js", target / "tex-mml-chtml.js")
    return True
