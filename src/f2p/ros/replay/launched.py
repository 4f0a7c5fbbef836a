"""A player that a launch file starts: the domain that is claimed for it and all that listens, and its command."""

from __future__ import annotations

import math
import sys
from contextlib import ExitStack
from pathlib import Path

from f2p.graph.places import own_domain
from f2p.record.attached import NAME
from f2p.record.bag import open_bag
from f2p.record.player import FASTEST, SLOWEST
from f2p.settings import SettingError

_held = ExitStack()
"""Claims of domains, held as long as this process lives: they end with it, however that ends."""


def claimed_domain() -> dict[str, str]:
    """Return the variables of a domain that is this process's as long as it lives. Raises DomainTakenError."""
    return _held.enter_context(own_domain())


def recording_of(path: Path) -> Path:
    """Return where the recording is: the path, or the recording within a failure's folder."""
    return path / NAME if (path / NAME).is_dir() else path


def player_command(bag: str, rate: str, start: str, paused: bool, namespace: str) -> list[str]:
    """Return the command of the player of a launch file.

    Args:
        bag: A recording, or a failure's folder.
        rate: How fast, as it was written.
        start: Where it begins [s], likewise.
        paused: Whether it stands at first.
        namespace: Around the nodes.

    Raises:
        NotABagError: There is no recording.
        SettingError: A number that is none, or out of its bounds.
    """
    open_bag(recording_of(Path(bag)))
    for name, text, low, high in (("rate", rate, SLOWEST, FASTEST), ("start", start, 0.0, math.inf)):
        try:
            fits = low <= float(text) <= high
        except ValueError:
            fits = False
        if not fits:
            raise SettingError(f"{name} = {text!r}: must be a number from {low:g} to {high:g}")
    command = [sys.executable, "-m", "f2p", "replay", bag, "--play", "--joined", "--rate", rate, "--from", start]
    return [*command, *(["--paused"] if paused else []), *(["--namespace", namespace] if namespace else [])]
