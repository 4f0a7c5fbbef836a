"""A candidate answers the questions of the weights in service, silently: what would be different if it served.

Questions are those of planners, with few of their candidates: whether the candidate would choose another, and how far
its P(goal) lies apart.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from f2p.plan.protocol import Predictor
from f2p.settings import Settings, number
from f2p.types import Goal, Scene, SkillStep

_MOST_TOLD = 20
"""Disagreements that are kept one by one, the newest (ours)."""


@dataclass(frozen=True)
class ShadowConfig(Settings):
    """How much a candidate is asked before it serves."""

    recent: int = number(8, "questions asked lately that it answers before it serves; 0: none", low=0, high=100,
                         source="ours: half a second of work")  # fmt: skip
    candidates: int = number(64, "candidates of a question that it answers", low=1, high=10_000)
    gap: float = number(0.3, "difference in P(goal) that counts as disagreement", low=0.0, high=1.0)


@dataclass(frozen=True, eq=False)
class Question:
    """What a planner asked, and what the weights in service said."""

    scene: Scene
    skeleton: tuple[SkillStep, ...]
    parameters: np.ndarray
    """Shape (candidates, H, P)."""
    goal: Goal
    answer: np.ndarray
    """P(goal). Shape (candidates,)."""
    weights_id: str
    """Who said it."""

    def brief(self, most: int) -> Question:
        """Return it with `most` candidates, spread over all, the best among them."""
        count = len(self.answer)
        if count <= most:
            return self
        rows = np.unique(np.append(np.linspace(0, count - 1, most - 1).astype(int), int(np.argmax(self.answer))))
        return Question(
            self.scene, self.skeleton, self.parameters[rows], self.goal, self.answer[rows], self.weights_id
        )  # fmt: skip


@dataclass(frozen=True)
class Disagreement:
    """One question that two versions answer differently."""

    goal: str
    steps: str
    serving: float
    """P(goal) of the candidate that the weights in service would choose, by those."""
    candidate: float
    """The same by the candidate weights."""
    other_choice: bool
    """Whether they would choose another."""

    def __str__(self) -> str:
        choice = ", and another is chosen" if self.other_choice else ""
        return f"{self.steps} for {self.goal}: P(goal) {self.serving:.2f} -> {self.candidate:.2f}{choice}"


@dataclass(frozen=True)
class Silent:
    """What a candidate came to."""

    weights_id: str
    questions: int
    disagreements: int
    other_choices: int
    largest_gap: float
    told: tuple[Disagreement, ...]

    def values(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"of {self.questions} questions it answers {self.disagreements} otherwise and chooses otherwise in "
            f"{self.other_choices}; P(goal) differs by {self.largest_gap:.2f} at most"
        )


class Shadow:
    """One candidate and what it said; asked from one thread, read from any."""

    def __init__(self, candidate: Predictor, config: ShadowConfig | None = None) -> None:
        self._candidate, self._config = candidate, config or ShadowConfig()
        self._lock = threading.Lock()
        self._told: deque[Disagreement] = deque(maxlen=_MOST_TOLD)
        self._questions = self._disagreements = self._choices = 0
        self._gap = 0.0

    @property
    def weights_id(self) -> str:
        """Whose answers these are."""
        return self._candidate.weights_id

    def ask(self, question: Question) -> Disagreement | None:
        """Let the candidate answer; returns what is different, if enough is."""
        asked = question.brief(self._config.candidates)
        answer = np.asarray(self._candidate.score(asked.scene, asked.skeleton, asked.parameters, asked.goal))
        best = int(np.argmax(asked.answer))
        gap = float(np.max(np.abs(answer - asked.answer)))
        other = bool(answer[best] < answer.max() - self._config.gap)
        found = None
        if gap > self._config.gap or other:
            steps = ", ".join(f"{step.skill}({step.object})" for step in asked.skeleton)
            found = Disagreement(str(asked.goal), steps, float(asked.answer[best]), float(answer[best]), other)
        with self._lock:
            self._questions += 1
            self._gap = max(self._gap, gap)
            if found is not None:
                self._disagreements += 1
                self._choices += other
                self._told.append(found)
        return found

    def report(self) -> Silent:
        """Return what it came to so far."""
        with self._lock:
            return Silent(
                self.weights_id, self._questions, self._disagreements, self._choices, self._gap, tuple(self._told)
            )  # fmt: skip
