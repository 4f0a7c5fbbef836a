"""A `f2p.plan.protocol.Predictor` whose answers come from the model server, in batches, pinned to one version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from f2p.action.protocol import filled_up
from f2p.loop.errors import RemoteError
from f2p.plan.errors import StaleWeightsError
from f2p.ros.base.client import ServiceCaller, never
from f2p.ros.errors import MessageError, WeightsNotServedError
from f2p.ros.messages.convert import floats, goal_to_msg, relations_from_msg, scene_to_msg, skeleton_to_msg
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Goal, Prediction, Relations, Scene, SkillCall, SkillStep
from f2p_msgs.srv import DetectRelations, Predict

CALL_S = 90.0
"""Longest wait for one answer, a restart of the model server included [s] (ours: torch takes a minute to start where
everything else is busy)."""


class RosPredictor:
    """Asks the model server.

    Args:
        weights_id: The version every answer must come from.
        predict: Caller of the Predict service.
        detect: Caller of the DetectRelations service.
        canceled: Takes waiting back.
        judged: Called with (goal, its probability for each candidate) for every batch that was scored.
    """

    def __init__(
        self, weights_id: str, predict: ServiceCaller, detect: ServiceCaller, canceled: Callable[[], bool] = never,
        judged: Callable[[Goal, np.ndarray], None] = lambda _goal, _probabilities: None,
    ) -> None:  # fmt: skip
        self.weights_id = weights_id
        self._predict, self._detect, self._canceled, self._judged = predict, detect, canceled, judged

    def detect(self, scene: Scene) -> Relations:
        """Return probabilities of all relations now. Raises StaleWeightsError when other weights answered."""
        answer = self._ask(self._detect, DetectRelations.Request(scene=scene_to_msg(scene), from_model=True))
        return relations_from_msg(answer.relations)

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        """Return P(goal) of each candidate (candidates, H, P) in one call. Shape (candidates,)."""
        answer = self._ask(self._predict, self._request(scene, skeleton, parameters, goal, detailed=0))
        probabilities = np.asarray(answer.goal_probability, dtype=np.float64)
        self._judged(goal, probabilities)
        return probabilities

    def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        """Return what is expected after each call."""
        skeleton = tuple(call.step for call in calls)
        parameters = filled_up([call.parameter for call in calls])[None]
        answer = self._ask(self._predict, self._request(scene, skeleton, parameters, Goal(()), detailed=1))
        steps, count = len(calls), len(scene.segments)
        unary = _shaped(answer.unary, (steps, count, len(UNARY_RELATIONS)))
        binary = _shaped(answer.binary, (steps, count, count, len(BINARY_RELATIONS)))
        displacements = _shaped(answer.displacements, (steps, count, 3))
        return tuple(
            Prediction(Relations(scene.names, unary[step], binary[step]), displacements[step]) for step in range(steps)
        )

    def _request(
        self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal, detailed: int
    ) -> Predict.Request:
        return Predict.Request(
            scene=scene_to_msg(scene), skeleton=skeleton_to_msg(skeleton), candidates=len(parameters),
            parameters=floats(parameters), goal=goal_to_msg(goal), detailed=detailed, weights_id=self.weights_id,
        )  # fmt: skip

    def _ask(self, caller: ServiceCaller, request: Any) -> Any:
        try:
            answer = caller.call(request, CALL_S, self._canceled)
        except RemoteError as error:
            if error.remote_code == WeightsNotServedError.code:
                raise StaleWeightsError(self.weights_id, ()) from error
            raise
        if answer.weights_id != self.weights_id:
            raise StaleWeightsError(self.weights_id, (answer.weights_id,))
        return answer


def _shaped(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    flat = np.asarray(values, dtype=np.float32)
    if flat.size != int(np.prod(shape)):
        raise MessageError(f"{flat.size} values do not fit shape {shape}")
    return flat.reshape(shape)
