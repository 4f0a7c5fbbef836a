"""What a planner asks of a skill effect model: probabilities now, after a skeleton, and step by step."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from f2p.types import Goal, Prediction, Relations, Scene, SkillCall, SkillStep


class Predictor(Protocol):
    """A skill effect model pinned to one version of its weights; numpy in, numpy out.

    Contract: every answer of one object comes from the weights named by `weights_id`; all methods may be called from
    any thread; they change nothing, and the same question gets the same answer. A predictor whose weights were
    retired raises `StaleWeightsError`.
    """

    weights_id: str

    def detect(self, scene: Scene) -> Relations:
        """Return probabilities of all relations of `scene` as it is seen now."""

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        """Return P(goal) after the last step of each candidate.

        Args:
            scene: Where the plan starts.
            skeleton: H steps, H >= 1.
            parameters: Continuous parameters of every step, filled up with zeros to the skeleton's widest skill. Shape
                (candidates, H, P).
            goal: Its probability is the product over its literals, taken in float64 so that it does not underflow.

        Returns:
            Shape (candidates,), float64, within [0, 1].
        """

    def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        """Return what is expected after each of `calls`, one prediction per call."""
