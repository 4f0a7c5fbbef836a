"""The goal that is put together on the screen, from relations and the things that are seen; all viewers share it."""

from __future__ import annotations

import threading

from f2p.console.errors import NotNowError
from f2p.plan.steps import steps_from
from f2p.scene.goals import check_goal
from f2p.types import UNARY_RELATIONS, Goal, GoalRelation, LearnFrom, Scene, SkillStep


class Draft:
    """Changed by the panel, read by the button that runs it; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._literals: tuple[GoalRelation, ...] = ()
        self.steps = ""
        """Steps to follow, separated by commas outside of brackets or by spaces; empty lets the planner search."""
        self.learn_from = LearnFrom.MISSES

    @property
    def literals(self) -> tuple[GoalRelation, ...]:
        """What is wanted so far."""
        return self._literals

    def add(self, relation: str, subject: str, other: str, wanted: bool, scene: Scene | None) -> None:
        """Add a literal; of a relation of one thing the other is left out.

        Raises:
            F2pError: It cannot be asked, together with those before it, of the scene that is seen.
        """
        one = GoalRelation(relation, subject, "" if relation in UNARY_RELATIONS else other, wanted)
        with self._lock:
            kept = tuple(literal for literal in self._literals if literal != one)
            self._literals = check_goal(Goal((*kept, one)), scene.names if scene is not None else ()).literals

    def drop_last(self) -> None:
        """Take the newest literal away."""
        with self._lock:
            self._literals = self._literals[:-1]

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._literals = ()

    def order(self) -> tuple[Goal, tuple[SkillStep, ...], LearnFrom]:
        """Return goal, steps to follow, and what is learned from. Raises NotNowError, StepSyntaxError."""
        if not self._literals:
            raise NotNowError("there is no goal yet: choose a relation between two things that are seen, and Add it")
        texts = [one.strip(" ,") + ")" for one in self.steps.split(")") if one.strip(" ,")]
        return Goal(self._literals), steps_from(texts), self.learn_from

    def __str__(self) -> str:
        return str(Goal(self._literals)) if self._literals else ""
