"""What an experiment can refuse, and why (codes 790 to 799, in the block of the learners)."""

from __future__ import annotations

from f2p.errors import F2pError


class NoFailureError(F2pError):
    """A model that contradicts nothing: there is nothing to learn from."""

    code = 790

    def __init__(self, task: str, tries: int) -> None:
        super().__init__(f"{tries} scenes of task {task!r} and no contradiction: the model already knows")


class NoSuccessError(F2pError):
    """What was learned solves no scene: there is nothing to show."""

    code = 791

    def __init__(self, task: str, tries: int) -> None:
        super().__init__(f"{tries} scenes of task {task!r} and no success after learning; try another --first-failure")
