"""Locks a process into a room without windows: limits, and where the kernel allows, namespaces.

Called by the child, on itself, before it sees the student's program.  Standard library only.

Always: limits on processor time, memory, open files, written bytes and new processes; a folder of
its own.  Where the kernel lets this user make namespaces (root may): no network, no other process
in sight, every file read-only, and the folders in `hide` empty.  As root, the child becomes nobody;
else it has a user namespace of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from typing import Any

NEWNS, NEWUSER, NEWPID, NEWNET, NEWIPC = 0x20000, 0x10000000, 0x20000000, 0x40000000, 0x08000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
MS_BIND = 0x1000
LIBRARY = "library"
"""A folder in the scratch folder: what the program may import, where nobody's eyes can read it."""
MOUNT_SETATTR = 442
"""The system call's number, the same on every machine type since Linux 5.12."""
ATTR_RDONLY = 1
AT_RECURSIVE = 0x8000
PDEATHSIG, DUMPABLE, NO_NEW_PRIVS = 1, 4, 38
NOBODY = 65534

libc = ctypes.CDLL(None, use_errno=True)


def lock(limits: dict[str, Any]) -> list[str]:
    """Apply all that can be had; the names of the locks that hold."""
    locks = ["limits"]
    root = os.geteuid() == 0
    libc.prctl(PDEATHSIG, signal.SIGKILL)
    if limits["namespaces"] and _unshare(root):
        locks += ["network", "processes"]
        _become_child()
        if _mounts(limits):
            locks.append("files")
        if not root:
            locks.append("user")  # whatever it is in here, outside it is nobody of weight
    with contextlib.suppress(OSError):
        os.chdir(limits["scratch"])
    if root and _become_nobody():
        locks.append("user")
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(DUMPABLE, 0)
    _limit(limits)
    os.environ.clear()
    return locks


def _unshare(root: bool) -> bool:
    wanted = NEWNS | NEWNET | NEWPID | NEWIPC
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(wanted if root else wanted | NEWUSER):
        return False
    if not root:
        with contextlib.suppress(OSError):
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"0 {uid} 1")
            _write("/proc/self/gid_map", f"0 {gid} 1")
    return True


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _become_child() -> None:
    """A process enters its new namespace of processes only by being born in it."""
    child = os.fork()
    if child:
        os.close(0)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    libc.prctl(PDEATHSIG, signal.SIGKILL)


def _mounts(limits: dict[str, Any]) -> bool:
    """A file system that can be read only, with nothing in the hidden folders."""
    if libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
        return False
    for folder in [*limits["hide"], "/proc"]:
        flags = MS_RDONLY | MS_NOSUID | MS_NODEV
        if os.path.isdir(folder) and libc.mount(b"none", folder.encode(), b"tmpfs", flags, None):
            return False

    class Attributes(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]

    attributes = Attributes(ATTR_RDONLY, 0, 0, 0)
    size = ctypes.sizeof(attributes)
    where = ctypes.c_char_p(b"/")
    made = libc.syscall(MOUNT_SETATTR, -100, where, AT_RECURSIVE, ctypes.byref(attributes), size)
    if made:
        return False
    scratch = limits["scratch"].encode()
    own = MS_NOSUID | MS_NODEV | MS_NOEXEC
    if libc.mount(b"none", scratch, b"tmpfs", own, b"size=4m,mode=0777"):
        return False
    return all(_bind(name, source, limits["scratch"]) for name, source in limits["library"].items())


def _bind(name: str, source: str, scratch: str) -> bool:
    """Show a folder, which can be read only, under the scratch folder's library."""
    target = os.path.join(scratch, LIBRARY, name)
    os.makedirs(target)
    return not libc.mount(source.encode(), target.encode(), None, MS_BIND | MS_REC, None)


def _become_nobody() -> bool:
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError:
        return False
    libc.prctl(PDEATHSIG, signal.SIGKILL)  # a change of user clears it
    return True


def _limit(limits: dict[str, Any]) -> None:
    wanted = {
        resource.RLIMIT_CPU: limits["cpu"],
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_FSIZE: 1 << 20,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, value in wanted.items():
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, value))
