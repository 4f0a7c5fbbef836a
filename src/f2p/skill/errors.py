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


class TooHeavyError(SkillError):
    """An object that pulls at the lift more than the gripper may carry."""

    code = 426

    def __init__(self, name: str, effort: float, most: float) -> None:
        super().__init__(
            f"{name!r} is too heavy: it pulls with {effort:.0f} % of the lift's effort, of which {most:.0f} % may be; "
            "it was put back: take a lighter one, or push it"
        )


class NoRoomError(SkillError):
    """A way from the front on which the hand, or what it holds, would meet something."""

    code = 427

    def __init__(self, name: str, other: str, phase: str, fact: str = "") -> None:
        super().__init__(
            f"no room for the hand from the front: during {phase} of {name!r} it would meet {other!r}{fact}; "
            "another place, another object, or move it first"
        )


class ApproachError(SkillError):
    """An object or a place that cannot be got at from the side that was asked for."""

    code = 428
