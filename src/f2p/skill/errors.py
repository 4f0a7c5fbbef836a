"""Why a skill did not do what its call asked (4xx: robot 400-419, skills 420-449)."""

from __future__ import annotations

from collections.abc import Sequence

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


class NotSlidingError(SkillError):
    """Something of which nothing slides, or that has no bar to be pulled at."""

    code = 435

    def __init__(self, name: str, prior: str, choices: Sequence[str]) -> None:
        super().__init__(
            f"{name!r} is a {prior} and has no bar to be pulled at; these have: {', '.join(choices) or '-'}"
        )


class BeyondTravelError(SkillError):
    """A drawer that is to come farther out than it can."""

    code = 436

    def __init__(self, name: str, asked: float, opening: float, most: float) -> None:
        super().__init__(
            f"{name!r} is open by {opening:.3f} m and comes out by {most:.3f} m at most; asked for {asked:+.3f} m"
        )


class LockedError(SkillError):
    """A drawer that did not move at all."""

    code = 437

    def __init__(self, name: str, asked: float) -> None:
        super().__init__(
            f"{name!r} did not move at all when it was to slide by {asked:+.3f} m: locked or held; unlock it"
        )


class JammedError(SkillError):
    """A drawer that stuck on its way."""

    code = 438

    def __init__(self, name: str, asked: float, done: float) -> None:
        super().__init__(
            f"{name!r} was to slide by {asked:+.3f} m and stuck after {done:+.3f} m: look for what jams it, and again"
        )


class NoWayToHandleError(SkillError):
    """A bar that fingers from above cannot be put behind, or cannot draw along its axis."""

    code = 439

    def __init__(self, name: str, fact: str) -> None:
        super().__init__(f"the bar of {name!r} cannot be used: {fact}")


class UnpushableError(SkillError):
    """An object that the gripper cannot push."""

    code = 440

    def __init__(self, name: str, fact: str) -> None:
        super().__init__(f"cannot push {name!r}: {fact}")


class OverEdgeError(SkillError):
    """A push that would shove something over the edge of what it stands on."""

    code = 441

    def __init__(self, name: str, falls: str, support: str, furthest: float) -> None:
        super().__init__(
            f"pushing {name!r} so far would shove {falls!r} over the edge of {support!r}; it can go {furthest:.3f} m"
        )


class NoRoomBehindError(SkillError):
    """No place for the gripper to come down behind what it is to push."""

    code = 442

    def __init__(self, name: str, missing: float) -> None:
        super().__init__(
            f"no room for the gripper behind {name!r}: {missing:.3f} m are missing; push another way, or first what is "
            f"there"
        )
