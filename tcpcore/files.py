"""Writing files whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from tcpcore.errors import UsageError


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path`; an error leaves what was there before (`UsageError` says why)."""
    target = Path(path)
    draft = target.parent / f".{target.name}.{os.getpid()}"
    try:
        if target.is_char_device() or target.is_fifo():  # /dev/null: nothing to replace
            target.write_bytes(content)
            return
        try:
            draft.write_bytes(content)
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}.") from error
