"""How many failures a folder keeps: what was learned from goes first, the oldest of it before the rest."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from f2p.monitor.case import handled, is_case, written_ns
from f2p.settings import Settings, number


@dataclass(frozen=True)
class QuotaConfig(Settings):
    """What a folder of failures may hold; the newest stays in any case."""

    most: int = number(200, "failures that are kept", low=1, high=100_000)
    most_bytes: float = number(
        1e9, "what they may take together", unit="B", low=1e6, high=1e13, source="ours: a failure takes 1.3 MB"
    )


@dataclass(frozen=True)
class _Kept:
    folder: Path
    handled: bool
    written_ns: int
    size: int


def make_room(newest: Path, config: QuotaConfig) -> list[str]:
    """Remove failures beside `newest` until the rest keeps within `config`; their names, in the order they went."""
    kept = [one for one in map(_kept, newest.parent.iterdir()) if one is not None]
    leaving = sorted((one for one in kept if one.folder != newest), key=lambda one: (not one.handled, one.written_ns))
    count, size, gone = len(kept), sum(one.size for one in kept), []
    for one in leaving:
        if count <= config.most and size <= config.most_bytes:
            break
        shutil.rmtree(one.folder, ignore_errors=True)
        count, size = count - 1, size - one.size
        gone.append(one.folder.name)
    return gone


def _kept(folder: Path) -> _Kept | None:
    """Return what is known of a failure; None for anything else that lies there."""
    try:
        if folder.is_symlink() or not is_case(folder):
            return None
        return _Kept(folder, handled(folder), written_ns(folder), sum(path.stat().st_size for path in folder.iterdir()))
    except OSError:  # removed meanwhile
        return None
