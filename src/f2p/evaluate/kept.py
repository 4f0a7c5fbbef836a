"""What lets a kept result be used again: it was made by this code, from the weights that ship with it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from f2p.files import write_whole
from f2p.model.factory import shipped, weights_bytes
from f2p.model.shipping import DEFAULT_ARCHITECTURE
from f2p.sources import package_digest
from f2p.weights.checks import sha256_of


@functools.cache
def foundations(architecture: str = DEFAULT_ARCHITECTURE) -> dict[str, str]:
    """Return what experiments rest on: id of an empty store's champion, and a digest of the package's sources."""
    return {"weights": sha256_of(weights_bytes(shipped(architecture)[0])), "code": package_digest()}


def read_kept(path: Path) -> dict[str, Any]:
    """Return a mapping as it was written; empty where there is none, or only a part of one."""
    try:
        result = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return result if isinstance(result, dict) else {}


def keep(path: Path, values: dict[str, Any]) -> None:
    """Write a mapping to be read by `read_kept`, whole or not at all."""
    write_whole(path, json.dumps(values, indent=1).encode())
