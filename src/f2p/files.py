"""Files that are read with bounds and written whole.

Read: only regular ones, and no more of them than asked for: a pipe waits, a device never ends. Written: temp, fsync,
rename, fsync(folder): after a crash or on a full disk there is what was there before, or all of the new.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_COUNTER = itertools.count()


@contextlib.contextmanager
def opened_regular(path: Path | str, follow: bool = True) -> Iterator[BinaryIO]:
    """Open a regular file for reading, for the length of a `with` block; never waits at a pipe.

    Args:
        path: The file.
        follow: Whether it may be a link to one.

    Raises:
        OSError: It is missing, no regular file, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            yield stream
    finally:
        os.close(descriptor)


def read_regular(path: Path | str, most_bytes: int, follow: bool = True) -> bytes:
    """Return the bytes of a regular file of at most `most_bytes`.

    Raises:
        OSError: As `opened_regular`, or it is larger.
    """
    with opened_regular(path, follow) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most_bytes:
            raise OSError(errno.EFBIG, f"it has {size} bytes, at most {most_bytes} are read", str(path))
        return stream.read(most_bytes)


def write_whole(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, or leave it; its folder is made if need be.

    Raises:
        OSError: It cannot be written; names it, and the old file and nothing else is there.
    """
    partial = _partial_of(path)
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(data)
            _sync(partial)
            partial.replace(path)
            _sync(path.parent)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink()


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder to fill, for the length of a `with` block; it becomes the new folder `folder` at the block's end.

    Raises:
        OSError: It cannot be written; names it, and nothing is left behind.
    """
    partial = _partial_of(folder)
    with naming(folder):
        try:
            partial.mkdir(parents=True)
            yield partial
            for path in (*partial.iterdir(), partial):
                _sync(path)
            partial.rename(folder)
            _sync(folder.parent)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have each OSError of a `with` block name `path`: those of a full disk name nothing."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def remove(path: Path) -> None:
    """Remove a file for good, if it is there. Raises OSError when it cannot be."""
    path.unlink(missing_ok=True)
    _sync(path.parent)


def sweep_partials(folder: Path) -> int:
    """Remove what writers that are no longer alive left half-written; returns how many."""
    swept = 0
    for partial in folder.glob(".*.part"):
        owner = partial.name.split(".")[-4] if partial.name.count(".") >= 4 else ""
        if not (owner.isdigit() and _alive(int(owner))):
            with contextlib.suppress(OSError):
                partial.unlink()
                swept += 1
    return swept


def _partial_of(path: Path) -> Path:
    """Return where the new contents of `path` are gathered; names the process that does it."""
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.{next(_COUNTER)}.part")


def _alive(pid: int) -> bool:
    """Tell whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
