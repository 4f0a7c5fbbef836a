"""The monitor's failures: a folder is written for each, also when the model server cannot be asked what it saw."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.loop.errors import DeadlineError
from f2p.monitor.case import read_case
from f2p.plan.analytic import AnalyticPredictor
from f2p.ros.messages.convert import plan_to_msg, scene_to_msg
from f2p.ros.messages.plans import KnownPlans
from f2p.ros.messages.scenes import KeptScenes
from f2p.ros.nodes.monitor import MonitorNode, MonitorNodeConfig
from f2p.ros.remote import predictor
from f2p.scene.goals import parse_goal
from f2p.types import Cause, Plan, SkillCall
from f2p.weights.golden import golden_scene
from f2p_msgs.srv import CheckOutcome


class Monitor:
    """The node's state without a node, beside a model server that does not come back."""

    _check, _failure, _second_opinion = MonitorNode._check, MonitorNode._failure, MonitorNode._second_opinion

    def __init__(self, folder: Path) -> None:
        self.parameters = SimpleNamespace(config=MonitorNodeConfig(folder=str(folder)))
        self.monotonic = SimpleNamespace(monotonic_s=lambda: 100.0)
        self.published: list[object] = []
        self.waits: list[float] = []
        self._plans, self._kept, self._pages = KnownPlans(), KeptScenes(), SimpleNamespace(first=lambda *_: None)
        self._failures = SimpleNamespace(publish=self.published.append)
        self._detect = SimpleNamespace(call=self._ask)

    def _ask(self, _request: object, deadline_s: float) -> None:
        self.waits.append(deadline_s)
        raise DeadlineError("detect_relations: model_server did not answer")

    def _replay(self, *_: object) -> None:
        return None

    def get_logger(self) -> SimpleNamespace:
        return SimpleNamespace(info=lambda _: None, warning=lambda _: None)

    def get_clock(self) -> SimpleNamespace:
        return SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=0))

    def check(self, **execution: object) -> CheckOutcome.Response:
        """A carried box that stayed where it was."""
        scene, call = golden_scene(), SkillCall("pick_place", "box", [0.0, -1.25, 0.0, 0.0])
        goal, predicted = parse_goal("above(box, table_b)"), AnalyticPredictor().predict(scene, (call,))
        plan = plan_to_msg(Plan("p", goal, (call,), 0.9, predicted, "analytic", believed=True), 0)
        self._plans.add(plan)
        seen = scene_to_msg(scene)
        response = CheckOutcome.Response()
        self._check(CheckOutcome.Request(before=seen, after=seen, plan_id="p", step=0, **execution), response)
        return response


def test_a_failure_is_kept_although_the_model_server_is_away(tmp_path: Path) -> None:
    monitor = Monitor(tmp_path)
    response = monitor.check()
    assert response.contradicted and response.failure.cause == Cause.UNKNOWN.value
    case = read_case(response.failure.folder)
    assert case.cause is Cause.UNKNOWN and "model_server did not answer" in case.explanation
    assert monitor.published == [response.failure]


def test_a_restart_is_waited_for_within_the_checks_own_deadline(tmp_path: Path) -> None:
    monitor = Monitor(tmp_path)
    monitor.check()
    assert predictor.CALL_S <= monitor.waits[0] < monitor.parameters.config.deadline_s


def test_the_model_is_not_asked_about_a_skill_that_was_not_executed(tmp_path: Path) -> None:
    monitor = Monitor(tmp_path)
    response = monitor.check(execution_error_code=402, execution_error_msg="refused")
    assert response.failure.cause == Cause.EXECUTION.value and not monitor.waits
