"""Whatever is in a request, every node ends it with an answer or with a code that says what was wrong, not 999."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f2p.clock import SystemClock
from f2p.errors import UNFORESEEN
from f2p.loop.errors import DeadlineError
from f2p.loop.operator import Nobody
from f2p.monitor.quota import QuotaConfig
from f2p.plan.analytic import AnalyticPredictor
from f2p.robot.errors import MotionRefusedError
from f2p.ros.errors import CheckedEnoughError, CheckRequestError, UnknownPlanError, wire_code
from f2p.ros.messages import convert
from f2p.ros.messages.bounds import within
from f2p.ros.messages.plans import MOST_CHECKS, KnownPlans
from f2p.ros.messages.scenes import KeptScenes
from f2p.ros.nodes import executor, finetune, model_server, monitor, orchestrator, perception, planner
from f2p.ros.remote.camera import Looker, LookingConfig
from f2p.ros.session.extremes import mutated
from f2p.scene.goals import parse_goal
from f2p.settings import overridden
from f2p.sim.protocol import make_simulator
from f2p.types import Plan, SkillCall, SkillStep
from f2p.weights.checks import sha256_of
from f2p.weights.golden import golden_scene
from f2p.weights.store import WeightsStore
from f2p_msgs import action, msg, srv

CALL = SkillCall("pick_place", "box", np.array([0.0, -1.25, 0.0, 0.0]))
GOAL = parse_goal("above(box, table_b)")
SKELETON = convert.skeleton_to_msg((SkillStep("pick_place", "box"),))


class Lifeless:
    """A body that takes no motion and tells no state."""

    @contextlib.contextmanager
    def leased(self, *_: object, **__: object) -> Iterator[None]:
        yield

    def state(self) -> None:
        raise MotionRefusedError("this body has no state")

    def move(self, *_: object) -> None:
        raise MotionRefusedError("this body does not move")

    gripper = move

    def stop(self) -> None:
        pass


class Nowhere:
    """A stack none of whose processes answers."""

    def bound(self, *_: object) -> Nowhere:
        return self

    def perceive(self, *_: object) -> None:
        raise DeadlineError("nobody looks")


def node(kind: type, config: Any, **state: Any) -> Any:
    """Return a node's state without a node."""

    class Fake:
        def __getattr__(self, name: str) -> Any:
            return getattr(kind, name).__get__(self)

        def get_logger(self) -> SimpleNamespace:
            return SimpleNamespace(info=lambda _: None, warning=lambda _: None)

        def get_clock(self) -> SimpleNamespace:
            return SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=0))

    out = Fake()
    publisher = SimpleNamespace(publish=lambda _: None)
    out.__dict__.update(parameters=SimpleNamespace(config=config), monotonic=SystemClock(), _kept=KeptScenes(),
                        _plans=publisher, _scenes=publisher, _failures=publisher, **state)  # fmt: skip
    return out


def handled(job: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Run an action's job as `F2pNode.act` does."""

    def run(request: Any) -> Any:
        goal_id = SimpleNamespace(uuid=[7] * 16)
        return job(SimpleNamespace(request=request, goal_id=goal_id, is_cancel_requested=False,
                                   publish_feedback=lambda _: None))  # fmt: skip

    return run


def answered(job: Callable[[Any, Any], None], kind: Any) -> Callable[[Any], Any]:
    """Run a service's job as `F2pNode.serve` does."""
    return lambda request: job(request, kind.Response())


def endpoints(folder: Path) -> dict[str, tuple[Any, Callable[[Any], Any]]]:
    """A good request for every endpoint, and what runs it."""
    scene = convert.scene_to_msg(golden_scene())
    told = convert.plan_to_msg(
        Plan("p", GOAL, (CALL,), 0.9, AnalyticPredictor().predict(golden_scene(), (CALL,)), "w", believed=True), 0
    )
    store = WeightsStore(folder / "weights", lambda manifest: manifest.tensors)
    service = SimpleNamespace(
        asked=lambda _: None, publish=store.publish, rollback=lambda _: store.resolve("previous"), refuse=store.refuse
    )
    server = node(model_server.ModelServerNode, model_server.ModelServerConfig(), _store=store, _service=service,
                  _pin=lambda _: AnalyticPredictor("w"), _tell_state=lambda **_: None)  # fmt: skip
    config = overridden(planner.PlannerNodeConfig(), {"planner.shooting.candidates": 16})
    plans = node(planner.PlannerNode, config, _serving="w", _predict=None, _detect=None)
    checks = node(monitor.MonitorNode, monitor.MonitorNodeConfig(folder=str(folder / "cases"),
                  quota=QuotaConfig(most=3)), _simulator=make_simulator(), _replay=lambda *_: None,
                  _pages=SimpleNamespace(first=lambda *_: None),
                  _second_opinion=lambda scene, _: AnalyticPredictor("w").detect(scene))  # fmt: skip
    checks._plans = SimpleNamespace(plan=lambda name, step: KnownPlansOf(told).plan(name, step))
    looker = Looker.__new__(Looker)
    looker._robot, looker._config = Lifeless(), LookingConfig()
    eyes = node(perception.PerceptionNode, perception.PerceptionConfig(), _looker=looker, _inventory="{}",
                _memory=SimpleNamespace(look=lambda see, _tell: see(0.0, None)))  # fmt: skip
    hands = node(executor.ExecutorNode, executor.ExecutorConfig(), _robot=Lifeless())
    loop = node(orchestrator.OrchestratorNode, orchestrator.OrchestratorConfig(), _stack=Nowhere(),
                _note=lambda _: None, _operator=SimpleNamespace(bound=lambda *_: Nobody()))  # fmt: skip
    learner = node(finetune.FinetuneNode, finetune.FinetuneNodeConfig(), _store=store, _simulator=make_simulator())
    return {
        "predict": (
            srv.Predict.Request(scene=scene, skeleton=SKELETON, candidates=2, parameters=[0.0] * 8,
                                goal=convert.goal_to_msg(GOAL), detailed=1), answered(server._predict, srv.Predict),
        ),
        "detect": (srv.DetectRelations.Request(scene=scene), answered(server._detect, srv.DetectRelations)),
        "publish": (
            srv.PublishWeights.Request(weights_id=sha256_of(b"")), answered(server._publish, srv.PublishWeights)
        ),
        "refuse": (
            srv.RefuseWeights.Request(weights_id="waiting", reason="why"), answered(server._refuse, srv.RefuseWeights)
        ),
        "rollback": (srv.RollbackWeights.Request(reason="why"), answered(server._rollback, srv.RollbackWeights)),
        "plan": (
            action.PlanGoal.Goal(scene=scene, goal=convert.goal_to_msg(GOAL), skeleton=SKELETON, horizon=1,
                                 refused=[convert.call_to_msg(CALL)]),
            handled(plans._plan),
        ),
        "check": (srv.CheckOutcome.Request(before=scene, after=scene, plan_id="p"),
                  answered(checks._check, srv.CheckOutcome)),
        "perceive": (
            action.PerceiveScene.Goal(looks=[msg.HeadPose(pan=-1.57, tilt=-0.8)], sought=["box"]),
            handled(eyes._perceive),
        ),
        "execute": (
            action.ExecuteSkill.Goal(call=convert.call_to_msg(CALL), scene=scene, plan_id="p"), handled(hands._execute)
        ),
        "achieve": (action.AchieveGoal.Goal(goal=convert.goal_to_msg(GOAL), proposal=SKELETON), handled(loop._achieve)),
        "learn": (action.FineTune.Goal(folder=str(folder / "nothing"), learner="random"), handled(learner._learn)),
    }  # fmt: skip


class KnownPlansOf(KnownPlans):
    """Knows one plan, and has not counted yet."""

    def __init__(self, plan: msg.Plan) -> None:
        super().__init__()
        self.add(plan)


ENDPOINTS = (
    "predict", "detect", "publish", "refuse", "rollback", "plan", "check", "perceive", "execute", "achieve", "learn",
)  # fmt: skip


class Endpoints(dict[str, tuple[Any, Callable[[Any], Any]]]):
    """The endpoints, without their clouds where a failing test shows its arguments."""

    def __repr__(self) -> str:
        return f"Endpoints of {', '.join(self)}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    patch = pytest.MonkeyPatch()
    patch.setattr(planner, "RosPredictor", lambda weights_id, *_: AnalyticPredictor(weights_id))
    yield Endpoints(endpoints(tmp_path_factory.mktemp("endpoints")))
    patch.undo()


@pytest.mark.parametrize("name", ENDPOINTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), fields=st.integers(1, 3))
def test_no_request_ends_in_a_fault_nobody_foresaw(made: Endpoints, name: str, seed: int, fields: int) -> None:
    request, run = made[name]
    try:
        run(within(mutated(request, np.random.default_rng(seed), fields)))
    except Exception as error:
        assert wire_code(error) != UNFORESEEN, repr(error)


def test_every_endpoint_is_there(made: Endpoints) -> None:
    assert tuple(made) == ENDPOINTS


def test_a_check_of_a_plan_that_nobody_published_writes_nothing() -> None:
    """Twenty forged checks wrote 27 MB of failures in three seconds."""
    plans = KnownPlans()
    predicted = AnalyticPredictor().predict(golden_scene(), (CALL,))
    plan = convert.plan_to_msg(Plan("p", GOAL, (CALL,), 0.9, predicted, "w", believed=True), 0)
    with pytest.raises(UnknownPlanError, match="no plan 'p' is known"):
        plans.plan("p", 0)
    plans.add(plan)
    with pytest.raises(CheckRequestError, match="there is no step 1"):
        plans.plan("p", 1)
    assert {plans.plan("p", 0).id for _ in range(MOST_CHECKS)} == {"p"}
    with pytest.raises(CheckedEnoughError, match=f"checked {MOST_CHECKS} times already"):
        plans.plan("p", 0)
    for number in range(20):
        plans.add(msg.Plan(id=str(number)))
    with pytest.raises(UnknownPlanError):
        plans.plan("p", 0)
