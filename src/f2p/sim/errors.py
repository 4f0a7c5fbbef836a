"""Errors of the simulation (codes 650 to 699)."""

from __future__ import annotations

from f2p.errors import F2pError


class SimulationError(F2pError):
    """Base of this package's errors."""


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


class WorkerError(F2pError):
    """Root of what goes wrong with a simulator in another process; it says nothing about what was simulated."""


class SimulatorMissingError(WorkerError):
    """A simulator that is not installed on this machine."""

    code = 654

    def __init__(self, simulator: str, command: str, how: str) -> None:
        super().__init__(f"simulator {simulator!r} is not installed here: there is no program {command!r}; {how}")


class WorkerLostError(WorkerError):
    """A worker that ended on its own, and so did the one that was to take its place."""

    code = 655

    def __init__(self, simulator: str, fact: str, said: str) -> None:
        last = f"; it said last: {said}" if said else ""
        super().__init__(f"the worker of simulator {simulator!r} {fact}{last}")


class WorkerLateError(WorkerError):
    """A worker that does not answer; it was ended."""

    code = 656

    def __init__(self, simulator: str, what: str, seconds: float) -> None:
        super().__init__(f"the worker of simulator {simulator!r} did not {what} within {seconds:g} s and was ended")


class WorkerAnswerError(WorkerError):
    """A worker that answers what cannot be; it was ended."""

    code = 657

    def __init__(self, simulator: str, fact: str) -> None:
        super().__init__(f"the worker of simulator {simulator!r} answered nonsense and was ended: {fact}")


class WorkerVersionError(WorkerError):
    """A worker that speaks another version of the protocol."""

    code = 658

    def __init__(self, simulator: str, version: object, wanted: int) -> None:
        super().__init__(
            f"the worker of simulator {simulator!r} speaks version {version!r} of the protocol, f2p speaks {wanted}; "
            "build the worker from the same source"
        )


class WorkerRefusedError(WorkerError):
    """A worker that could not do what it was asked; it goes on."""

    code = 659

    def __init__(self, simulator: str, text: str) -> None:
        super().__init__(f"the worker of simulator {simulator!r} could not simulate: {text}")
