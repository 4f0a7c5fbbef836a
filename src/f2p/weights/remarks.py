"""What is noted of weights after they were made: why they were withdrawn, what they said silently.

<store>/withdrawn/<id>.txt   one line; such weights serve again only if a person promotes them
<store>/shadow/<id>.json     what they answered beside those in service
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from f2p.weights.errors import BadWeightsFileError
from f2p.weights.files import read_regular, remove, write_whole

_MOST_BYTES = 256 * 1024


def withdraw(folder: Path, weights_id: str, reason: str) -> None:
    """Note why weights are not to serve. Raises NoSpaceError, StoreWriteError."""
    write_whole(_withdrawn(folder, weights_id), (" ".join(reason.split()) + "\n").encode())


def readmit(folder: Path, weights_id: str) -> None:
    """Forget that weights were withdrawn. Raises StoreWriteError."""
    if _withdrawn(folder, weights_id).exists():
        remove(_withdrawn(folder, weights_id))


def withdrawn(folder: Path, weights_id: str) -> str:
    """Return why weights were withdrawn; empty where they were not."""
    return _text(_withdrawn(folder, weights_id)).strip()


def write_shadow(folder: Path, weights_id: str, report: dict[str, Any]) -> None:
    """Keep what weights answered silently. Raises NoSpaceError, StoreWriteError."""
    write_whole(folder / "shadow" / f"{weights_id}.json", json.dumps(report, indent=1).encode())


def shadow_of(folder: Path, weights_id: str) -> dict[str, Any] | None:
    """Return what weights answered silently, None where nothing readable is known."""
    try:
        report = json.loads(_text(folder / "shadow" / f"{weights_id}.json"))
    except ValueError:
        return None
    wanted = {"questions", "disagreements", "other_choices", "largest_gap", "told"}
    return report if isinstance(report, dict) and wanted <= set(report) else None


def _withdrawn(folder: Path, weights_id: str) -> Path:
    return folder / "withdrawn" / f"{weights_id}.txt"


def _text(path: Path) -> str:
    try:
        return read_regular(path, _MOST_BYTES).decode(errors="replace")
    except BadWeightsFileError:
        return ""
