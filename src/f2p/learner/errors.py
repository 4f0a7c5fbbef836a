"""What a learner can refuse, and why (codes 7xx)."""

from __future__ import annotations

from pathlib import Path

from f2p.errors import F2pError


class LearnerError(F2pError):
    """Base of this package's errors."""


class NotTeachableError(LearnerError):
    """A failure whose cause is not the model's: learning from it would teach something false."""

    code = 701

    def __init__(self, failure_id: str, cause: str) -> None:
        super().__init__(f"failure {failure_id!r} was classified as {cause!r}; only 'model' failures teach")


class TooFewTransitionsError(LearnerError):
    """Simulation left too little to learn from (SIM_UNSTABLE)."""

    code = 702

    def __init__(self, kept: int, wanted: int, counts: dict[str, int]) -> None:
        what = ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing counted"
        super().__init__(
            f"SIM_UNSTABLE: only {kept} of {wanted} transitions could be simulated ({what}); look at the rebuilt scene"
        )


class DatasetNotWrittenError(LearnerError):
    """A data set that could not be written; nothing is left of it."""

    code = 703

    def __init__(self, folder: Path | str, reason: str) -> None:
        super().__init__(f"cannot write the data set {str(folder)!r}: {reason}; free space and learn again")


class NotADatasetError(LearnerError):
    """A folder that is no data set, or not a whole one."""

    code = 704

    def __init__(self, folder: Path | str, reason: str) -> None:
        super().__init__(f"{str(folder)!r} is not a whole data set: {reason}")


class NothingToMoveError(LearnerError):
    """A failure scene without furniture to put objects on, or without anything to put there."""

    code = 705

    def __init__(self, failure_id: str, what: str) -> None:
        super().__init__(f"failure {failure_id!r} has {what}; its scene cannot be rearranged")
