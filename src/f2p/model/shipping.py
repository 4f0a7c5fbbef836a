"""Where the weights lie that come with the package, for whoever asks without wanting torch."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped"

DEFAULT_ARCHITECTURE = "points2plans"
"""Whose weights an empty store starts with where nobody says."""
