"""Files from elsewhere: only regular ones, and no more of them than asked for: a pipe waits, a device never ends."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


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
    """The bytes of a regular file of at most `most_bytes`.

    Raises:
        OSError: As `opened_regular`, or it is larger.
    """
    with opened_regular(path, follow) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most_bytes:
            raise OSError(errno.EFBIG, f"it has {size} bytes, at most {most_bytes} are read", str(path))
        return stream.read(most_bytes)
