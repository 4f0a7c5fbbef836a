"""What a planner can refuse, and why (codes 3xx)."""

from __future__ import annotations

from collections.abc import Sequence

from f2p.errors import F2pError


class PlanError(F2pError):
    """Base of this package's errors."""


class UnplannableSkillError(PlanError):
    """A skill for which no parameters can be drawn."""

    code = 301

    def __init__(self, skill: str, choices: Sequence[str]) -> None:
        super().__init__(f"no skill is called {skill!r}; choose one of: {', '.join(choices)}")


class NothingMovableError(PlanError):
    """A scene in which no skill can act on anything."""

    code = 302

    def __init__(self, names: Sequence[str]) -> None:
        seen = ", ".join(names) or "nothing at all"
        super().__init__(f"no object in the scene can be moved; seen: {seen}. Look again, or check the shape priors")


class BadSkeletonError(PlanError):
    """A proposed skeleton that cannot be executed in this scene."""

    code = 303

    def __init__(self, reason: str, choices: Sequence[str]) -> None:
        super().__init__(f"the proposed skeleton cannot be used: {reason}; movable objects: {', '.join(choices)}")


class BadScoresError(PlanError):
    """A predictor that answered with something that is no probability."""

    code = 304

    def __init__(self, weights_id: str, reason: str) -> None:
        super().__init__(f"weights {weights_id[:12]} gave no usable probabilities: {reason}; roll back")


class StaleWeightsError(PlanError):
    """Weights that are no longer served were asked; a plan pins one version and has to start again."""

    code = 305

    def __init__(self, wanted: str, served: Sequence[str]) -> None:
        now = ", ".join(one[:12] for one in served) or "none"
        super().__init__(f"weights {wanted[:12]} are retired; served now: {now}. Start the plan again")


class StepSyntaxError(PlanError):
    """A step of a proposal that cannot be read."""

    code = 306

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no step; write e.g. pick_place(box)")
