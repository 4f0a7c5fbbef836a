"""Errors of the tasks (codes 690 to 699, in the block of the simulation)."""

from __future__ import annotations

from f2p.errors import F2pError


class TaskSizeError(F2pError):
    """A task for a number of objects it has no scenes for."""

    code = 690

    def __init__(self, task: str, objects: int, most: int, fewest: int = 1) -> None:
        super().__init__(f"task {task!r} cannot be made with {objects} objects; choose {fewest} to {most}")
