"""What the executor asks of a skill: do one call on a body, say how it goes, and return how it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from f2p.registry import Makers
from f2p.robot.protocol import Cancelled, Robot, never
from f2p.types import Execution, Scene, SkillCall

Progress = Callable[[str, float, str], None]
"""(phase, fraction done, detail)."""


def silent(phase: str, fraction: float, detail: str) -> None:
    """Ignore progress: for a caller who does not want to know."""


class Skill(Protocol):
    """One way of moving objects."""

    def execute(
        self, call: SkillCall, scene: Scene, robot: Robot, progress: Progress = silent, cancelled: Cancelled = never
    ) -> Execution:
        """Do one call as the scene shows the world, and return when the body stands.

        Never raises an F2pError: every failure comes back as an Execution with its code and sentence; a call that
        cannot be done is refused, and says so, before anything moves. After one of
        `STANDING_ERRORS` (a cancellation, a runstop, leave to move withdrawn) nothing moves any more; after any other
        failure the gripper is clear of the scene, or the sentence ends with why it could not be brought there.

        Args:
            call: What to do with which object of `scene`; units as in `SkillCall.parameter`.
            scene: What was seen last, in the task frame.
            robot: The body; its state's time is the execution's time.
            progress: Called with each phase as it begins, and once at the end with fraction 1.
            cancelled: Asked at least four times a second.
        """


skills: Makers[Skill] = Makers("skill", "f2p.skill")
"""All skills by the name that `SkillCall.skill` carries."""
