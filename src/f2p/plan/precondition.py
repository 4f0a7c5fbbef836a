"""A predictor for which a plan comes to nothing where one of its steps cannot be carried out.

A model is trained on what was carried out, so that it says what a skill does and not whether it can be done at all: of
an object under the case of a drawer it believes that it is taken like any other. What has to be true before a skill is
the skill's to say, as in all of task and motion planning (Points2Plans asks its model for symbolic preconditions too);
how likely it will be by then is the model's (ours).

Of a plan's chances the least counts, not their product: three objects in a drawer can be taken if it was opened far
enough, and whether the model is to be trusted is one doubt however often it is asked. Each had been counted once for
every step, and plans of which 97 % succeeded had been believed at .78.
"""

from __future__ import annotations

import numpy as np

from f2p.action.protocol import HasPreconditions, actions, widest
from f2p.plan.protocol import Predictor
from f2p.scene.goals import literal_values
from f2p.types import Goal, GoalRelation, Prediction, Relations, Scene, SkillCall, SkillStep


class Prepared:
    """A predictor whose P(goal) is the least of that of the goal and of each step's preconditions before the step."""

    def __init__(self, predictor: Predictor) -> None:
        self.weights_id = predictor.weights_id
        self._predictor = predictor

    def detect(self, scene: Scene) -> Relations:
        """Return probabilities of all relations of `scene` as it is seen now."""
        return self._predictor.detect(scene)

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        """P(goal) of each candidate, or that of what one of its steps needs where that is less. Shape (candidates,)."""
        able = readiness(self._predictor, scene, skeleton, parameters)
        return np.minimum(able, self._predictor.score(scene, skeleton, parameters, goal))

    def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        """Return what is expected after each of `calls`."""
        return self._predictor.predict(scene, calls)


def readiness(
    predictor: Predictor, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray
) -> np.ndarray:
    """Return how likely that step of each candidate can be carried out of which it is the least. Shape (candidates,).

    Args:
        predictor: Says what is true before each step.
        scene: Where the plan starts.
        skeleton: H steps.
        parameters: Shape (candidates, H, P).
    """
    out = np.ones(len(parameters))
    for done, literals in preconditions(scene, skeleton):
        asked = Goal(literals)
        if done:
            first = parameters[:, :done, : widest([step.skill for step in skeleton[:done]])]
            out = np.minimum(out, predictor.score(scene, skeleton[:done], first, asked))
        else:
            out = np.minimum(out, np.prod(literal_values(asked, predictor.detect(scene))))
    return out


def preconditions(scene: Scene, skeleton: tuple[SkillStep, ...]) -> tuple[tuple[int, tuple[GoalRelation, ...]], ...]:
    """Return what has to be true after how many steps, for the first step that acts on each object.

    Where an object is once it has been moved is for the calls to say, not for the scene.
    """
    found: list[tuple[int, tuple[GoalRelation, ...]]] = []
    for index, step in enumerate(skeleton):
        action = actions.get(step.skill)
        if isinstance(action, HasPreconditions) and all(one.object != step.object for one in skeleton[:index]):
            found.append((index, action.preconditions(scene, step.object)))
    return tuple((done, literals) for done, literals in found if literals)
