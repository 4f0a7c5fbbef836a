"""Errors of the twin (codes 680 to 699)."""

from __future__ import annotations

from pathlib import Path

from f2p.errors import F2pError


class RobotDescriptionError(F2pError):
    """The URDF wheel is missing, or is not the one the twin was made for."""

    code = 680


class TwinUnstableError(F2pError):
    """The physics of the twin is no longer finite."""

    code = 681

    def __init__(self, time_s: float) -> None:
        super().__init__(f"the twin's physics blew up at {time_s:.3f} s of simulated time; reset it")


def description_missing(package: str, path: Path | None) -> RobotDescriptionError:
    """Return the error for a robot description that cannot be read."""
    where = f"{path} does not exist" if path else f"package {package!r} is not installed"
    return RobotDescriptionError(f"no description of Stretch RE2: {where}; pip install hello-robot-stretch-urdf==0.1.2")
