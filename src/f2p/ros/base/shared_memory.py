"""Give back the shared memory of DDS processes that were killed.

Fast DDS keeps one segment per process in /dev/shm, of 64 MB with this project's profile, and holds an exclusive lock on
a file beside it while it lives. A process that ends by SIGKILL, or all at once with its peers, leaves both behind, and
/dev/shm is memory: a hundred crashes are 7 GB. The kernel drops the lock with the process, so a lock that can be taken
tells a segment nobody owns (Fast DDS documentation of `fastdds shm clean`).
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")

_LOCK = re.compile(r"fast(?:rtps|dds)_[0-9a-f]{16}_el")
"""The lock file of a segment, by Fast DDS 2 and 3."""


def sweep(folder: Path = SHARED_MEMORY) -> int:
    """Remove the segments whose process is gone; what lives, and what is another user's, stays.

    Returns:
        Bytes given back.
    """
    try:
        locks = [path for path in folder.iterdir() if _LOCK.fullmatch(path.name)]
    except OSError:
        return 0
    return sum(_removed(lock.with_name(lock.name.removesuffix("_el")), lock) for lock in locks)


def _removed(segment: Path, lock: Path) -> int:
    """Remove one segment and then its lock, if nobody holds that; bytes given back."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return 0
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        size = segment.lstat().st_size if segment.exists() else 0
        segment.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return size
