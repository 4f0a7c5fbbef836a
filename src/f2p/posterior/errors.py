"""What inference around a failure can refuse, and why (codes 601 to 629)."""

from __future__ import annotations

from collections.abc import Sequence

from f2p.errors import F2pError


class PosteriorError(F2pError):
    """Base of this package's errors."""


class NothingToInferError(PosteriorError):
    """A failure scene in which no body can be put elsewhere."""

    code = 601

    def __init__(self, names: Sequence[str]) -> None:
        seen = ", ".join(names) or "nothing at all"
        super().__init__(f"no segment of the failure can be moved, so there is nothing to infer; seen: {seen}")


class NotMovableError(PosteriorError):
    """A failure whose skill acted on something that cannot be acted on."""

    code = 602

    def __init__(self, name: str, choices: Sequence[str]) -> None:
        super().__init__(f"the failed skill acted on {name!r}; movable segments seen: {', '.join(choices) or 'none'}")


class NoSurfaceError(PosteriorError):
    """Bounds without a surface to put anything on."""

    code = 603

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"no surface bounds the placements: no table among {', '.join(names) or 'no segments'}; "
            "pass bounds with surfaces"
        )


class NotFiniteError(PosteriorError):
    """Inputs or log densities that are not finite for any particle."""

    code = 604

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not finite for any particle; check the clouds, the boxes and the weights")


class AllRejectedError(PosteriorError):
    """No particle that stayed at rest in simulation."""

    code = 605

    def __init__(self, particles: int, rounds: int) -> None:
        super().__init__(
            f"none of {particles} scenes stayed at rest in {rounds} rounds of settling; "
            "check the boxes of the failure, or let contents be placed less tightly"
        )


class BoundsError(PosteriorError):
    """Bounds that contain nothing."""

    code = 606

    def __init__(self, what: str, low: float, high: float) -> None:
        super().__init__(f"bounds of {what} must be finite and low < high, not {low!r} and {high!r}")
