"""Why a skill did not do what its call asked (4xx: robot 400-419, skills 420-449)."""

from __future__ import annotations

from f2p.errors import F2pError


class SkillError(F2pError):
    """Base of everything a skill refuses or fails at."""

    code = 420


class UngraspableError(SkillError):
    """An object the gripper cannot hold."""

    code = 421

    def __init__(self, name: str, fact: str) -> None:
        super().__init__(f"cannot grasp {name!r}: {fact}")


class GraspMissedError(SkillError):
    """The fingers closed on nothing."""

    code = 422

    def __init__(self, name: str) -> None:
        super().__init__(f"the fingers closed on nothing where {name!r} was seen; look again")


class BlockedError(SkillError):
    """Something was in the way before the target was reached."""

    code = 423

    def __init__(self, phase: str, name: str, fact: str = "") -> None:
        super().__init__(f"met something during {phase} of {name!r}{fact and ': ' + fact}")


class LostObjectError(SkillError):
    """What was held is no longer between the fingers."""

    code = 424

    def __init__(self, name: str, phase: str) -> None:
        super().__init__(f"{name!r} was lost during {phase}; look again")


class SkillCallError(SkillError):
    """A call that does not fit the scene or the skill."""

    code = 425
