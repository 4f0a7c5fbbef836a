"""Where the weights lie that come with the package, for whoever asks without wanting torch."""

from __future__ import annotations

import functools
import json
from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped"

DEFAULT_ARCHITECTURE = "points2plans"
"""Whose weights an empty store starts with where nobody says."""


@functools.cache
def shipped_skills() -> tuple[str, ...]:
    """Return the skills whose effects the weights that come with the package know."""
    manifest = json.loads((SHIPPED / f"{DEFAULT_ARCHITECTURE}.json").read_bytes())
    return tuple(manifest["config"]["skills"])
