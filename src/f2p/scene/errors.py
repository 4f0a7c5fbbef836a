"""What can be wrong with a cloud, a scene or a goal, each cause with its own code (1xx)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from f2p.errors import F2pError


class SceneError(F2pError):
    """Base of everything this package refuses."""

    code = 100


class ScanFormatError(SceneError):
    """A file that is not a point cloud scan f2p can read."""

    code = 101

    def __init__(self, path: Path | str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")


class CloudTooLargeError(SceneError):
    """More points than the limit; refused before they are converted."""

    code = 102

    def __init__(self, count: int, limit: int, where: str = "cloud") -> None:
        super().__init__(f"{where}: {count} points, the limit is {limit}; crop or downsample it first")


class CloudTooSmallError(SceneError):
    """Too few usable points are left to see anything."""

    code = 103

    def __init__(self, finite: int, total: int, least: int, where: str = "cloud") -> None:
        super().__init__(
            f"{where}: {finite} usable (finite, within bounds) points of {total}; at least {least} are needed"
        )


class CloudShapeError(SceneError):
    """An array that cannot be a cloud."""

    code = 104

    def __init__(self, shape: Sequence[int], where: str = "cloud") -> None:
        super().__init__(f"{where}: an array of shape {tuple(shape)} is no cloud; expected (points, 3)")


class NoSupportError(SceneError):
    """No horizontal surface to stand objects on was found."""

    code = 105

    def __init__(self, points: int, facts: str) -> None:
        super().__init__(f"no supporting surface found among {points} points: {facts}")


class LibraryMissingError(SceneError):
    """Open3D cannot be imported, and clouds are looked at with it."""

    code = 106

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"clouds are looked at with Open3D, which cannot be imported ({problem}): pip install open3d-cpu"
        )


class GoalSyntaxError(SceneError):
    """A goal that cannot be read."""

    code = 110

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(
            f"cannot read the goal {text!r}: {problem}; write e.g. above(object_1, table_b) & not inside(object_1, box)"
        )


class UnknownRelationError(SceneError):
    """A relation name that does not exist."""

    code = 111

    def __init__(self, relation: str, choices: Sequence[str]) -> None:
        super().__init__(f"unknown relation {relation!r}; choose one of: {', '.join(choices)}")


class UnknownObjectError(SceneError):
    """An object name that is not in the scene."""

    code = 112

    def __init__(self, name: str, choices: Sequence[str]) -> None:
        super().__init__(f"unknown object {name!r}; the scene has: {', '.join(choices) or 'nothing'}")


class ImpossibleGoalError(SceneError):
    """Literals that exclude one another or relate an object to itself."""

    code = 113

    def __init__(self, problem: str) -> None:
        super().__init__(f"this goal can never be true: {problem}")


class BoxError(SceneError):
    """A box that is not one: not finite, or without extent."""

    code = 114

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"box of {name!r}: {problem}")
