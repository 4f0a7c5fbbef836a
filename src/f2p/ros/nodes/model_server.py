"""The model server's process: answers with the champion, swaps one reference, rolls back; torch stays on workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from f2p.action.protocol import calls_of, checked_steps, widest
from f2p.errors import F2pError
from f2p.events import EVENTS, EVENTS_TEXT
from f2p.plan.errors import StaleWeightsError
from f2p.ros.base import qos
from f2p.ros.base.node import F2pNode, run
from f2p.ros.errors import BadShapeError, BoundError, UnknownSceneNameError, WeightsNotServedError
from f2p.ros.messages.convert import floats, goal_from_msg, prediction_to_msg, relations_to_msg, skeleton_from_msg
from f2p.ros.messages.learning import weights_to_msg
from f2p.ros.messages.scenes import KeptScenes
from f2p.scene.goals import check_goal
from f2p.scene.relations import relations_of
from f2p.settings import Settings, group, number, setting
from f2p.weights.golden import ServingConfig
from f2p.weights.shadow import Question
from f2p_msgs.msg import WeightsState
from f2p_msgs.srv import DetectRelations, Predict, PublishWeights, RefuseWeights, RollbackWeights


@dataclass(frozen=True)
class ModelServerConfig(Settings):
    """Where the weights are, and how long an answer may take."""

    store: str = setting("runs/weights", "folder of the weights store; an empty one starts with the shipped weights")
    most_rolled: int = number(65_536, "candidates times steps of one question", low=1, high=10_000_000)
    answer_s: float = number(30.0, "longest answer", unit="s", low=0.1, high=600.0, runtime=False)
    swap_s: float = number(60.0, "longest swap, checks included", unit="s", low=1.0, high=600.0, runtime=False)
    serving: ServingConfig = group(ServingConfig)
    events: str = setting(EVENTS, EVENTS_TEXT, runtime=False)


CONFIG = ModelServerConfig
"""What its parameters are made from."""


class ModelServerNode(F2pNode):
    """Serves `f2p.weights.holder` over services; loading has a worker of its own, so that answers go on meanwhile."""

    def __init__(self) -> None:
        super().__init__("model_server", CONFIG())
        self._loader, self._kept = self.new_worker("loader"), KeptScenes()
        self._job: Any = None

    def connect(self) -> None:
        """Services and the latched state."""
        config = self.parameters.config
        self._state = self.create_publisher(WeightsState, "weights", qos.LATCHED)
        self.serve(Predict, "predict", self._predict, config.answer_s)
        self.serve(DetectRelations, "detect_relations", self._detect, config.answer_s)
        self.serve(PublishWeights, "publish_weights", self._publish, config.swap_s, self._loader)
        self.serve(RefuseWeights, "refuse_weights", self._refuse, config.swap_s, self._loader)
        self.serve(RollbackWeights, "rollback_weights", self._rollback, config.swap_s, self._loader)

    def load(self) -> None:
        """Open the store and put its champion into service (torch is imported here, on the worker)."""
        from f2p.weights.modules import open_store
        from f2p.weights.service import WeightsService

        config = self.parameters.config
        self._store = open_store(config.store)
        self._service = WeightsService(self._store, config.serving, self.event_log(config.events))
        self._holder = self._service.holder
        self._tell_state()

    def tick(self) -> None:
        """Follow what the store says, and let a candidate that waits answer what was asked, one job at a time."""
        if (self._job is None or self._job.done()) and (job := self._service.due() or self._service.echo()):
            self._job = self.offer(job, self.parameters.config.swap_s, self._loader, self._tell_state)

    def _pin(self, weights_id: str) -> Any:
        try:
            return self._holder.pin(weights_id or None)
        except StaleWeightsError as error:
            raise WeightsNotServedError(str(error)) from error

    def _predict(self, request: Predict.Request, response: Predict.Response) -> None:
        scene, skeleton = self._kept.scene(request.scene), skeleton_from_msg(request.skeleton)
        parameters = np.asarray(request.parameters, dtype=np.float64)
        count, shape = int(request.candidates), (len(skeleton), widest([step.skill for step in skeleton]))
        if not skeleton or not count or parameters.size != count * shape[0] * shape[1]:
            raise BadShapeError(f"{count} candidates of {len(skeleton)} steps with {shape[1]} parameters each "
                                f"do not fit {parameters.size} parameter values")  # fmt: skip
        for step in skeleton:
            if step.object not in scene.names:
                raise UnknownSceneNameError(f"no object {step.object!r} in the scene; it has {', '.join(scene.names)}")
        if count * len(skeleton) > (most := self.parameters.config.most_rolled):
            raise BoundError("Predict.Request", f"{count} candidates of {len(skeleton)} steps; at most {most} in all")
        predictor = self._pin(request.weights_id)
        parameters = checked_steps(skeleton, parameters.reshape(count, *shape))
        chances = np.ones(count)
        if request.goal:
            goal = check_goal(goal_from_msg(request.goal), scene.names)
            chances = np.asarray(predictor.score(scene, skeleton, parameters, goal), dtype=np.float64)
            self._service.asked(Question(scene, skeleton, parameters, goal, chances, predictor.weights_id))
        best = np.argsort(-chances, kind="stable")[: int(request.detailed)]
        told = [one for index in best for one in predictor.predict(scene, calls_of(skeleton, parameters[index]))]
        response.goal_probability, response.weights_id = floats(chances, "d"), predictor.weights_id
        response.detailed = [int(index) for index in best]
        response.predictions = [prediction_to_msg(one) for one in told]

    def _detect(self, request: DetectRelations.Request, response: DetectRelations.Response) -> None:
        scene = self._kept.scene(request.scene)
        if request.from_model:
            predictor = self._pin("")
            response.relations, response.weights_id = relations_to_msg(predictor.detect(scene)), predictor.weights_id
        else:
            response.relations = relations_to_msg(relations_of(scene))

    def _publish(self, request: PublishWeights.Request, response: PublishWeights.Response) -> None:
        """Serve weights of the store and make them the champion, unless they are already, once they are loaded."""
        self._tell_state(loading=True)
        try:
            self._service.publish(self._store.resolve(request.weights_id), request.parent)
        except F2pError as error:
            self._tell_state(error=error)
            raise
        response.ok, response.serving = True, self._tell_state()

    def _refuse(self, request: RefuseWeights.Request, response: RefuseWeights.Response) -> None:
        """Send weights away that do not serve, and ask them nothing more."""
        response.refused = self._service.refuse(self._store.resolve(request.weights_id), request.reason)
        response.ok, _ = True, self._tell_state()

    def _rollback(self, request: RollbackWeights.Request, response: RollbackWeights.Response) -> None:
        self._service.rollback(request.reason)
        response.ok, response.serving = True, self._tell_state()

    def _tell_state(self, loading: bool = False, error: F2pError | None = None) -> str:
        """Publish which weights are in service, and return their id."""
        serving = self._holder.weights_id
        self._state.publish(weights_to_msg(self._store, serving, loading, error, self.get_clock().now().nanoseconds))
        return serving


def main() -> None:
    """Run the model server until it is asked to end."""
    run(ModelServerNode)


if __name__ == "__main__":
    main()
