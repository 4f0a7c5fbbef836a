"""The fine-tune's process: a failure's folder in, proven weights out and into service; niced, one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geometry_msgs.msg import PoseArray

from f2p.errors import CanceledError, F2pError
from f2p.events import EVENTS, EVENTS_TEXT, Noted
from f2p.learner.protocol import learners
from f2p.monitor.case import mark_handled, read_case
from f2p.ros.base import qos
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.base.pages import PageWriter
from f2p.ros.errors import GateFailedError, WaitingForApprovalError, wire_code, wire_text
from f2p.ros.messages.learning import gate_to_msg, particles_to_msg, times_to_msg
from f2p.settings import Settings, choice, group, number, setting
from f2p.sim.protocol import DEFAULT_SIMULATOR, SIMULATOR_TEXT, make_simulator, simulators
from f2p.types import Failure
from f2p.weights.cycle_config import CycleConfig
from f2p_msgs.action import FineTune
from f2p_msgs.srv import PublishWeights

if TYPE_CHECKING:
    from f2p.weights.cycle import LearnReport
    from f2p.weights.store import WeightsStore

AUTO, ASK = "auto", "ask"
"""What becomes of weights that pass the gate: they serve, or wait for a person."""


@dataclass(frozen=True)
class FinetuneNodeConfig(Settings):
    """Where the weights are, and how long learning may take."""

    store: str = setting("runs/weights", "folder of the weights store; an empty one starts with the shipped weights")
    learner: str = choice("fail2progress", "how failures are responded to", lambda: learners.names)
    simulator: str = choice(DEFAULT_SIMULATOR, SIMULATOR_TEXT, lambda: simulators.names)
    deadline_s: float = number(900.0, "longest learning", unit="s", low=10.0, high=36000.0, runtime=False)
    publish_s: float = number(90.0, "longest wait for the model server, a restart included", unit="s", low=1.0,
                              high=600.0)  # fmt: skip
    policy: str = choice(AUTO, "whether weights that pass the gate serve, or wait for a person", lambda: (AUTO, ASK))
    events: str = setting(EVENTS, EVENTS_TEXT, runtime=False)
    cycle: CycleConfig = group(CycleConfig)
    learner_settings: Mapping[str, Any] = group(learners.configs, "of each learner")
    simulator_settings: Mapping[str, Any] = group(simulators.configs, "of each simulator", fixed=True)


CONFIG = FinetuneNodeConfig
"""What its parameters are made from."""


class FinetuneNode(F2pNode):
    """Runs `f2p.weights.cycle` on its worker thread."""

    def __init__(self) -> None:
        super().__init__("finetune", CONFIG())
        self._pages = PageWriter(self)

    def connect(self) -> None:
        """Connect the model server's service, and the action."""
        self._watch = Watch(self, ["model_server"])
        self._publisher = ServiceCaller(self, PublishWeights, "publish_weights", "model_server", self._watch)
        self._particles = self.create_publisher(PoseArray, "particles", qos.LATCHED)
        self.act(FineTune, "fine_tune", self._learn, self.parameters.config.deadline_s)

    def load(self) -> None:
        """Make the simulator; torch, with which learning begins, is not imported before there is a failure."""
        config = self.parameters.config
        self._note = self.event_log(config.events)
        self._simulator = make_simulator(config.simulator, config.simulator_settings.get(config.simulator))

    @cached_property
    def _store(self) -> WeightsStore:
        """The store, opened with the first failure: that of the model server, which says earlier if it is none."""
        from f2p.weights.modules import open_store

        return open_store(self.parameters.config.store)

    def _learn(self, handle: Any) -> FineTune.Result:
        from f2p.weights.cycle import learn

        request, config = handle.request, self.parameters.config

        def progress(stage: str, fraction: float, detail: str) -> None:
            if handle.is_cancel_requested:
                raise CanceledError("learning was canceled; nothing was published")
            handle.publish_feedback(FineTune.Feedback(stage=stage, progress=float(fraction), detail=detail))

        failure = read_case(Path(request.folder))
        name = request.learner or config.learner
        learner, cycle = learners.make(name, config.learner_settings.get(name)), config.cycle
        cycle = replace(cycle, publish=cycle.publish and bool(request.publish) and config.policy == AUTO)
        report = learn(failure, learner, self._store, self._simulator, cycle, int(request.seed), progress)
        if report.data.particles is not None:
            stamp_ns = self.get_clock().now().nanoseconds
            self._particles.publish(particles_to_msg(report.data.particles, failure.outcome.call.object, stamp_ns))
        passed = report.gate is not None and report.gate.passed
        result = FineTune.Result(
            weights_id=report.weights_id or "", passed=passed, gate=gate_to_msg(report), times=times_to_msg(report)
        )  # fmt: skip
        mark_handled(Path(request.folder))
        if not passed:
            reasons = "; ".join(report.gate.reasons) if report.gate else "the learner had nothing to teach"
            result.error_code, result.error_msg = GateFailedError.code, f"not published: {reasons}"
        elif report.published:
            self._serve(report.weights_id or "", report.parent, result)
        elif request.publish and config.policy == ASK:
            self._store.keep_waiting(report.weights_id or "")
            told = f"weights {(report.weights_id or '')[:12]} passed the gate and wait: f2p weights promote or refuse"
            result.error_code, result.error_msg = WaitingForApprovalError.code, told
        self._note_learned(failure, report, result)
        self._pages.learned(Path(request.folder), self._store, report)
        return result

    def _note_learned(self, failure: Failure, report: LearnReport, result: FineTune.Result) -> None:
        """Note what came of learning."""
        fate = "serves" if result.published else result.error_msg or "kept, not published"
        facts = {"learner": report.learner, "parent": report.parent, "passed": result.passed,
                 "seconds": report.seconds.get("total")}  # fmt: skip
        plan = "" if failure.plan is None else failure.plan.id
        told = f"{report.learner} from {failure.id}: {(report.weights_id or 'no weights')[:12]} {fate}"
        self._note(Noted("learned", told, plan=plan, weights=report.weights_id or "", failure=failure.id,
                         code=int(result.error_code), facts=facts))  # fmt: skip

    def _serve(self, weights_id: str, parent: str, result: FineTune.Result) -> None:
        """Hand the weights to the model server, asking again after a restart."""
        try:
            wanted = PublishWeights.Request(weights_id=weights_id, parent=parent)
            self._publisher.call(wanted, self.parameters.config.publish_s)
            result.published = True
        except F2pError as error:
            result.error_code, result.error_msg = wire_code(error), f"proven, but not served: {wire_text(error)}"


def main() -> None:
    """Run the fine-tune process until it is asked to end."""
    run(FinetuneNode)


if __name__ == "__main__":
    main()
