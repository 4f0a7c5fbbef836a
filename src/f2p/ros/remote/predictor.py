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
from f2p.ros.messages.convert import floats, goal_to_msg, prediction_from_msg, relations_from_msg, skeleton_to_msg
from f2p.ros.messages.scenes import SentScenes
from f2p.types import Goal, Prediction, Relations, Scene, SkillCall, SkillStep
from f2p_msgs.msg import Limits, SegmentedScene
from f2p_msgs.srv import DetectRelations, Predict

CALL_S = 90.0
"""Longest wait for one answer, a restart of the model server included [s] (ours: torch takes a minute to start where
everything else is busy)."""


class RosPredictor:
    """Asks the model server; a scene goes to it once.

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
        self._sent = SentScenes()

    def detect(self, scene: Scene) -> Relations:
        """Return probabilities of all relations now. Raises StaleWeightsError when other weights answered."""
        answer = self._ask(self._detect, scene, DetectRelations.Request(from_model=True))
        return relations_from_msg(answer.relations)

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        """Return P(goal) of each candidate (candidates, H, P), in as few calls as may be. Shape (candidates,)."""
        most = max(1, Limits.MOST_CANDIDATES // max(1, len(skeleton)))
        parts = [parameters[start : start + most] for start in range(0, len(parameters), most)]
        answers = [self._ask(self._predict, scene, self._request(skeleton, one, goal, detailed=0)) for one in parts]
        probabilities = np.concatenate([np.asarray(one.goal_probability, dtype=np.float64) for one in answers])
        self._judged(goal, probabilities)
        return probabilities

    def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        """Return what is expected after each call."""
        skeleton = tuple(call.step for call in calls)
        parameters = filled_up([call.parameter for call in calls])[None]
        answer = self._ask(self._predict, scene, self._request(skeleton, parameters, Goal(()), detailed=1))
        out = tuple(map(prediction_from_msg, answer.predictions))
        if len(out) != len(calls) or any(one.relations.names != scene.names for one in out):
            raise MessageError(f"{len(out)} predictions do not fit {len(calls)} calls in a scene of {scene.names}")
        return out

    def _request(
        self, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal, detailed: int
    ) -> Predict.Request:
        return Predict.Request(
            skeleton=skeleton_to_msg(skeleton), candidates=len(parameters),
            parameters=floats(parameters), goal=goal_to_msg(goal), detailed=detailed, weights_id=self.weights_id,
        )  # fmt: skip

    def _ask(self, caller: ServiceCaller, scene: Scene, request: Any) -> Any:
        def ask(told: SegmentedScene) -> Any:
            request.scene = told
            return caller.call(request, CALL_S, self._canceled)

        try:
            answer = self._sent.ask((scene,), ask)
        except RemoteError as error:
            if error.remote_code == WeightsNotServedError.code:
                raise StaleWeightsError(self.weights_id, ()) from error
            raise
        if answer.weights_id != self.weights_id:
            raise StaleWeightsError(self.weights_id, (answer.weights_id,))
        return answer
