"""The person beside the loop: what is asked of one, what one can answer, and what becomes of the plan then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from f2p.errors import F2pError
from f2p.types import Plan, SkillStep


class Choice(str, Enum):
    """What an operator decides; the robot is given back with it."""

    RESUME = "resume"
    """Look again and plan afresh."""
    DONE = "done"
    """The step counts as done: go on with those after it, planned afresh from what is seen."""
    SKIP = "skip"
    """The step is left out: likewise."""
    GIVE_UP = "give_up"

    __str__ = str.__str__


@dataclass(frozen=True)
class Plea:
    """Why a person is asked, and about which step."""

    error: F2pError
    plan: Plan | None = None
    index: int = 0
    failure_id: str = ""

    @property
    def step(self) -> SkillStep | None:
        """The step it is about; None where it is about none."""
        return self.plan.calls[self.index].step if self.plan is not None else None

    @property
    def rest(self) -> tuple[SkillStep, ...] | None:
        """The steps after it; None where it is about none."""
        return None if self.plan is None else tuple(call.step for call in self.plan.calls[self.index + 1 :])


class Operator(Protocol):
    """Whoever can be asked."""

    @property
    def places(self) -> tuple[str, ...]:
        """Where somebody could answer and how, a place each, in words; none where nobody could."""

    @property
    def patience_s(self) -> float:
        """How long an answer is waited for at most [s]."""

    @property
    def takeovers(self) -> int:
        """How often the robot was taken so far: what was seen before such a time is old."""

    def ask(self, plea: Plea) -> Choice | None:
        """Wait for an answer; None where none came in time. Raises CanceledError."""


class Nobody:
    """No operator: what needs one ends the goal."""

    places: tuple[str, ...] = ()
    patience_s, takeovers = 0.0, 0

    def ask(self, plea: Plea) -> Choice | None:
        """Answer nothing."""
        return None
