"""What processes of DDS that were killed leave in shared memory: segments are given back, ports are kept off.

Fast DDS keeps one segment per process in /dev/shm, of 64 MB with this project's profile, and holds an exclusive lock on
a file beside it while it lives. A process that ends by SIGKILL, or all at once with its peers, leaves both behind, and
/dev/shm is memory: a hundred crashes are 7 GB. The kernel drops the lock with the process, so a lock that can be taken
tells a segment nobody owns (Fast DDS documentation of `fastdds shm clean`).

It also listens at numbered ports there, each a file and a lock. Whoever sends to a process that was stopped makes its
port anew, and once that process is killed, anew once more: two senders then have two files of one name, and each
removes the other's when it gives up its own. A successor that takes the number loses its file the same way, and what is
sent to it reaches nobody, while what it sends arrives (Fast DDS 2.14.5, `SharedMemGlobal::open_port_internal`, `~Port`;
seen in 8 of 11 restarts). So a number that somebody still sends to and nobody listens at is not taken. And the files of
ports that nobody has open any more are removed: a mutex among them may be locked for ever, and is waited for.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from f2p.clock import SystemClock

SHARED_MEMORY = Path("/dev/shm")
PROCESSES = Path("/proc/")

_LOCK = re.compile(r"fast(?:rtps|dds)_[0-9a-f]{16}_el")
"""The lock file of a segment, by Fast DDS 2 and 3."""

_MAPPED = re.compile(r" /dev/shm/(fast(?:rtps|dds)_port[0-9]+)(?: \(deleted\))?$", re.MULTILINE)
"""A port in a process's list of mapped files; a sender's file may be removed by now."""

_PORT = re.compile(r"(?:sem\.)?(fast(?:rtps|dds)_port[0-9]+)(?:_el|_sl|_mutex)?")
"""Files of a port: its memory, the locks of who listens, and the mutex under which it is opened."""

FORGOTTEN_S = 60.0
"""Files of a port that nobody has open are removed at this age [s] (ours: opening one takes 4 s at the very most)."""

_kept_off: dict[Path, int] = {}
"""Locks that this process holds of ports that are not its own, and their descriptors."""


def keep_off(folder: Path = SHARED_MEMORY, processes: Path = PROCESSES) -> tuple[str, ...]:
    """Hold the lock of every port that has senders and no listener, so that DDS in this process passes it over.

    They are held until a later call finds no sender left, or this process ends.

    Returns:
        Names of the ports that are held.
    """
    sent_to = {name for maps in processes.glob("[0-9]*/maps") for name in _mapped(maps)}
    for lock in [lock for lock in _kept_off if lock.name.removesuffix("_el") not in sent_to]:
        lock.unlink(missing_ok=True)
        os.close(_kept_off.pop(lock))
    for name in sent_to:
        lock = folder / f"{name}_el"
        if lock not in _kept_off and not (folder / f"{name}_sl").exists():  # _sl: many listen there
            _hold(lock)
    return tuple(sorted(lock.name.removesuffix("_el") for lock in _kept_off))


def forget(folder: Path = SHARED_MEMORY, processes: Path = PROCESSES) -> int:
    """Remove the files of ports that no process has open and nobody holds a lock of, once they are old.

    Returns:
        Ports that were removed.
    """
    try:
        files = [path for path in folder.iterdir() if not path.is_symlink()]
    except OSError:
        return 0
    of_port: dict[str, list[Path]] = {}
    for path in files:
        if named := _PORT.fullmatch(path.name):
            of_port.setdefault(named[1], []).append(path)
    in_use = {name for maps in processes.glob("[0-9]*/maps") for name in _mapped(maps)}
    forgotten = [name for name in of_port if name not in in_use and all(map(_is_forgotten, of_port[name]))]
    for name in forgotten:
        for path in of_port[name]:
            path.unlink(missing_ok=True)
    return len(forgotten)


def _is_forgotten(path: Path) -> bool:
    """Tell whether a file is old, ours to remove, and not locked."""
    try:
        young = SystemClock().stamp_ns() / 1e9 - path.stat().st_mtime < FORGOTTEN_S
    except OSError:
        return False
    descriptor = None if young else _locked(path)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def _locked(path: Path, more_flags: int = 0) -> int | None:
    """Take the lock of a file; its descriptor, to be closed, or None where somebody has the lock or it is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | more_flags, 0o666)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _mapped(maps: Path) -> set[str]:
    """Return the ports that a process has open; none where it is gone, or another user's."""
    try:
        return set(_MAPPED.findall(maps.read_text(errors="replace")))
    except OSError:
        return set()


def _hold(lock: Path) -> None:
    """Take the lock of a port if nobody has it."""
    descriptor = _locked(lock, os.O_CREAT)
    if descriptor is not None:
        _kept_off[lock] = descriptor


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
    descriptor = _locked(lock)
    if descriptor is None:
        return 0
    try:
        size = segment.lstat().st_size if segment.exists() else 0
        segment.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return size
