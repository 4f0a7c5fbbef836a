"""What an action can refuse, and why (codes 31x, in the block of planning)."""

from __future__ import annotations

from collections.abc import Sequence

from f2p.errors import F2pError


class BadParameterError(F2pError):
    """Continuous parameters that are not those of the skill, or that are not finite."""

    code = 311

    def __init__(self, skill: str, names: Sequence[str], fact: str) -> None:
        super().__init__(f"{skill} takes the {len(names)} parameters {', '.join(names)}, all finite; given {fact}")


class ParameterOutOfBoundsError(F2pError):
    """A continuous parameter outside the bounds that its skill declares."""

    code = 312

    def __init__(self, skill: str, name: str, value: float, low: float, high: float, unit: str) -> None:
        super().__init__(f"{skill} takes {name} from {low:g} to {high:g} {unit}; given {value:g}".replace("  ", " "))
