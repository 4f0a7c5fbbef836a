"""Errors of the simulation (codes 650 to 699)."""

from __future__ import annotations

from f2p.errors import F2pError


class SimulationError(F2pError):
    """Root of this room's errors."""


class BodyError(SimulationError):
    """A body that no simulation can be built from."""

    code = 650

    def __init__(self, name: str, fact: str) -> None:
        super().__init__(f"body {name!r} {fact}")


class BatchError(SimulationError):
    """Poses, calls and bodies of a batch do not belong together."""

    code = 651

    def __init__(self, fact: str) -> None:
        super().__init__(f"this batch cannot be simulated: {fact}")


class SkillNotSimulatedError(SimulationError):
    """A skill for which the simulator has no motion, or that this body does not allow."""

    code = 652

    def __init__(self, skill: str, object_: str, choices: tuple[str, ...]) -> None:
        super().__init__(f"cannot simulate {skill}({object_}); possible here: {', '.join(choices) or 'nothing'}")


class SamplingError(SimulationError):
    """No free place was found for a body."""

    code = 653

    def __init__(self, what: str, tries: int) -> None:
        super().__init__(f"found no {what} in {tries} tries; use fewer or smaller bodies, or a larger workspace")
