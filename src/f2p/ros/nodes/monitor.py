"""The monitor's process: predicted against observed relations, the cause by a replay, a folder per failure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from f2p.errors import F2pError
from f2p.monitor.calibrate import MonitorConfig
from f2p.monitor.case import write_case
from f2p.monitor.classify import ClassifyConfig, classify
from f2p.monitor.compare import CompareConfig, Comparison, compare
from f2p.monitor.outcome import outcome_of
from f2p.monitor.quota import QuotaConfig, make_room
from f2p.ros.base import qos
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.base.pages import PageWriter
from f2p.ros.messages.bounds import only_within
from f2p.ros.messages.convert import (
    duration_from_msg,
    failure_to_msg,
    relations_from_msg,
    relations_to_msg,
    scene_to_msg,
)
from f2p.ros.messages.plans import KnownPlans
from f2p.ros.messages.scenes import KeptScenes
from f2p.ros.remote.notes import OperatorNotes
from f2p.settings import Settings, choice, group, number, setting
from f2p.sim.protocol import DEFAULT_SIMULATOR, SIMULATOR_TEXT, make_simulator, simulators
from f2p.types import Execution, Failure, Outcome, Plan, Relations, Scene, SkillCall, Transition
from f2p_msgs.msg import Failure as FailureMessage
from f2p_msgs.msg import Plan as PlanMessage
from f2p_msgs.srv import CheckOutcome, DetectRelations

OPINION_SHARE = 0.75
"""Share of the check's deadline after which the model's second opinion is given up (ours: 90 s, within which a killed
model server answers again also on a busy machine; the replay after it takes seconds)."""


@dataclass(frozen=True)
class MonitorNodeConfig(Settings):
    """When an outcome is a contradiction, and where it is kept."""

    threshold: float = number(MonitorConfig().threshold, "scores above it are contradictions", low=0.0,
                              high=2.0, source="ours: see f2p.monitor.calibrate")  # fmt: skip
    deadline_s: float = number(120.0, "longest check, replay included", unit="s", low=1.0, high=600.0, runtime=False)
    folder: str = setting("runs/failures", "where failures are kept")
    quota: QuotaConfig = group(QuotaConfig)
    compare: CompareConfig = group(CompareConfig)
    classify: ClassifyConfig = group(ClassifyConfig)
    simulator: str = choice(DEFAULT_SIMULATOR, SIMULATOR_TEXT, lambda: simulators.names)
    simulator_settings: Mapping[str, Any] = group(simulators.configs, "of each simulator", fixed=True)


CONFIG = MonitorNodeConfig
"""What its parameters are made from."""


class MonitorNode(F2pNode):
    """Runs `f2p.monitor` on its worker thread."""

    def __init__(self) -> None:
        super().__init__("monitor", CONFIG())
        self._plans, self._kept, self._pages = KnownPlans(), KeptScenes(), PageWriter(self)

    def connect(self) -> None:
        """Connect the planner's plans, the model's second opinion, the failures' topic, and the service."""
        self._watch = Watch(self, ["model_server"])
        self._detect = ServiceCaller(self, DetectRelations, "detect_relations", "model_server", self._watch)
        self._failures = self.create_publisher(FailureMessage, "failure", qos.LATCHED)
        self.create_subscription(PlanMessage, "plan", only_within(self._plans.add), qos.LATCHED,
                                 callback_group=self.together)  # fmt: skip
        self._notes = OperatorNotes(self, self.worker, lambda: Path(self.parameters.config.folder).absolute())
        self.serve(CheckOutcome, "check_outcome", self._check, self.parameters.config.deadline_s)

    def load(self) -> None:
        """Load the simulator that replays."""
        config = self.parameters.config
        self._simulator = make_simulator(config.simulator, config.simulator_settings.get(config.simulator))

    def _check(self, request: CheckOutcome.Request, response: CheckOutcome.Response) -> None:
        opinion_until_s = self.monotonic.monotonic_s() + OPINION_SHARE * self.parameters.config.deadline_s
        plan = self._plans.plan(request.plan_id, int(request.step))
        execution = Execution(request.execution_error_code == 0, int(request.execution_error_code),
                              request.execution_error_msg, duration_from_msg(request.duration))  # fmt: skip
        before, after = self._kept.scene(request.before), self._kept.scene(request.after)
        outcome = outcome_of(before, after, plan, request.step, execution)
        comparison = compare(outcome, self.parameters.config.compare)
        threshold = self.parameters.config.threshold
        response.score, response.threshold = comparison.score, threshold
        response.observed = relations_to_msg(outcome.observed_after)
        response.contradicted = comparison.contradicts(threshold)
        call = f"{outcome.call.skill}({outcome.call.object})"
        self.get_logger().info(f"{call}: score {comparison.score:.2f} of {threshold}")
        if response.contradicted:
            response.failure = self._failure(outcome, plan, comparison, threshold, opinion_until_s)

    def _failure(
        self, outcome: Outcome, plan: Plan, comparison: Comparison, threshold: float, opinion_until_s: float
    ) -> FailureMessage:  # fmt: skip
        """Find the cause, write the folder, tell everybody."""
        verdict = classify(outcome, comparison, lambda: self._replay(outcome.before, outcome.call),
                           lambda: self._second_opinion(outcome.before, opinion_until_s),
                           outcome.observed_before, self.parameters.config.classify)  # fmt: skip
        name = f"failure-{uuid.uuid4().hex[:10]}"
        failure = Failure(name, outcome, plan.goal, plan, verdict.cause, comparison.score, threshold,
                          comparison.contradictions, verdict.explanation)  # fmt: skip
        folder = Path(self.parameters.config.folder).absolute() / name
        write_case(failure, folder)
        for gone in make_room(folder, self.parameters.config.quota):
            self.get_logger().warning(f"{folder.parent} is full: {gone} was removed")
        message = failure_to_msg(failure, str(folder), self.get_clock().now().nanoseconds)
        self._failures.publish(message)
        self._pages.first(failure, folder)
        self.get_logger().warning(f"{name}: {verdict.cause.value}: {verdict.explanation}")
        return message

    def _replay(self, before: Scene, call: SkillCall) -> Transition | None:
        """Return what the same call does in the rebuilt scene; None when it cannot be rebuilt or blows up."""
        from f2p.sim.replay import replayed

        try:
            return replayed(self._simulator, before, call)
        except F2pError as error:
            self.get_logger().warning(f"the scene cannot be replayed: {error}")
            return None

    def _second_opinion(self, scene: Scene, until_s: float) -> Relations:
        """Ask what the network sees; waits for a model server that is restarting. Raises F2pError without an answer."""
        wait_s = until_s - self.monotonic.monotonic_s()
        answer = self._detect.call(DetectRelations.Request(scene=scene_to_msg(scene), from_model=True), wait_s)
        return relations_from_msg(answer.relations)


def main() -> None:
    """Run the monitor until it is asked to end."""
    run(MonitorNode)


if __name__ == "__main__":
    main()
