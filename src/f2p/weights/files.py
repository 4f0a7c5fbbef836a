"""`f2p.files` with the errors of a store; and locks that end with a process."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from f2p import files
from f2p.clock import Clock, SystemClock
from f2p.weights.errors import BadWeightsFileError, NoSpaceError, StoreBusyError, StoreWriteError

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def write_whole(path: Path, data: bytes) -> None:
    """Replace `path` by `data`; after a crash there is the old file or the new one.

    Raises:
        NoSpaceError: The disk is full; the old file and nothing else is there.
        StoreWriteError: It cannot be written for another reason.
    """
    try:
        files.write_whole(path, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise (NoSpaceError if error.errno in _FULL else StoreWriteError)(path, reason) from error


def remove(path: Path) -> None:
    """Remove a file for good, if it is there. Raises StoreWriteError when it cannot be."""
    try:
        files.remove(path)
    except OSError as error:
        raise StoreWriteError(path, error.strerror or str(error)) from error


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Read a regular file's bytes; never follows a link, waits at a pipe or reads more than `most_bytes`.

    Raises:
        BadWeightsFileError: It is missing, no regular file, too large or cannot be read.
    """
    try:
        return files.read_regular(path, most_bytes, follow=False)
    except OSError as error:
        raise BadWeightsFileError(path, error.strerror or str(error)) from error


@contextlib.contextmanager
def locked(path: Path, wait_s: float = 5.0, clock: Clock | None = None) -> Iterator[None]:
    """Hold an advisory lock on `path` for the length of a `with` block; the kernel frees it when the process dies.

    Args:
        path: The lock file; it names its holder's process id and start for people.
        wait_s: How long to wait for another holder [s]; 0 asks once.
        clock: Source of time.

    Raises:
        StoreBusyError: Somebody else held it all the time; names the holder.
        StoreWriteError: The lock file cannot be made.
    """
    clock = clock or SystemClock()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreWriteError(path, error.strerror or str(error)) from error
    try:
        deadline, pause = clock.monotonic_s() + wait_s, threading.Event()
        while not _try_lock(descriptor):
            if clock.monotonic_s() >= deadline:
                raise StoreBusyError(path, os.pread(descriptor, 200, 0).decode(errors="replace").strip())
            pause.wait(0.01)
        with contextlib.suppress(OSError):  # a full disk must not keep anyone from locking
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} since {clock.stamp_ns()} ns\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Take the lock if it is free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
