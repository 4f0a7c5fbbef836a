"""A skill that no file of ours names: registered here, it is drawn, simulated, packed, trained, planned, inferred."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from f2p.action.errors import BadParameterError
from f2p.action.protocol import actions, checked_call, width_of
from f2p.action.workspace import Workspace
from f2p.learner.protocol import LearnContext, learners
from f2p.model.architectures.protocol import architectures
from f2p.model.batch import TransitionBatch, pack
from f2p.model.factory import create
from f2p.model.metrics import evaluate
from f2p.model.predictor import TorchPredictor
from f2p.model.recipe import FinetuneConfig, StageConfig
from f2p.model.train import finetune
from f2p.monitor.values import Arrays, value_from, words_of
from f2p.plan.planner import Planner, PlannerConfig
from f2p.plan.shooting import ShootingConfig
from f2p.plan.tree import plan_tree
from f2p.posterior.config import PosteriorConfig, SvgdConfig
from f2p.posterior.infer import infer
from f2p.ros.messages.convert import plan_from_msg, plan_to_msg
from f2p.sim.data.workspace import tables
from f2p.sim.motion.protocol import motions
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.protocol import SimulationBatch, Simulator, make_simulator
from f2p.sim.world import Body, World, reconstruct
from f2p.skill.protocol import skills
from f2p.tasks.chance import random_call
from f2p.tasks.protocol import TaskInstance
from f2p.types import Cause, Execution, Failure, Goal, GoalRelation, Outcome, SkillCall, SkillStep

from ..toy_push import PUSH, push_path


@pytest.fixture(autouse=True)
def toy(push: str) -> str:
    """The skill, in every test."""
    torch.set_num_threads(1)
    return push


def world() -> World:
    """Two tables, a block and a brick."""
    furniture = tables()
    bodies = (
        *furniture.bodies,
        Body("block", "cuboid", [0.06, 0.06, 0.06]),
        Body("brick", "cuboid", [0.05, 0.05, 0.08]),
    )
    return World(bodies, np.array([*furniture.poses, [0.70, 0.50, 0.53, 0.0], [0.65, -0.50, 0.54, 0.0]]))


CALLS = (
    SkillCall(PUSH, "block", np.array([0.15, 0.5])),
    SkillCall("pick_place", "block", np.array([0.0, -0.2, 0.0, 0.0])),
    SkillCall(PUSH, "brick", np.array([-0.1, 0.6])),
    SkillCall("pick_place", "brick", np.array([0.0, 0.9, 0.0, 0.0])),
)


@cache
def simulated_once() -> SimulationBatch:
    start = world()
    return MujocoSimulator().simulate(start.bodies, np.stack([start.poses] * 4), CALLS, seed=0)


@pytest.fixture
def simulated() -> SimulationBatch:
    """One call in each of four scenes, of both skills by turns; nobody changes it."""
    return simulated_once()


@pytest.fixture
def batch() -> TransitionBatch:
    """Packed."""
    return pack(simulated_once().kept, np.random.default_rng(0))


def test_both_skills_are_simulated_in_one_batch(simulated: SimulationBatch) -> None:
    assert len(simulated.kept) == 4
    for transition, by in zip(simulated.kept, (0.15, -0.2, -0.1, 0.9), strict=True):
        index = transition.before.index(transition.call.object)
        assert transition.displacements[index] == pytest.approx([0.0, by, 0.0], abs=0.015)
        others = np.delete(transition.displacements, index, axis=0)
        assert np.abs(others).max() < 0.005


def test_it_moves_its_object_by_contact_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool without a shape meets nothing, and in another process the same boxes do the same."""
    start, call = world(), CALLS[0]

    def moved(simulator: Simulator) -> float:
        (done,) = simulator.simulate(start.bodies, start.poses[None], [call], seed=0).kept
        return float(done.displacements[start.index("block"), 1])

    here = moved(MujocoSimulator())
    assert here == pytest.approx(0.15, abs=0.015)
    assert moved(make_simulator("mujoco_worker")) == pytest.approx(here, abs=0.002)
    shapeless = lambda *given, **named: replace(push_path(*given, **named), tools=())  # noqa: E731
    monkeypatch.setitem(motions._items, PUSH, shapeless)
    assert abs(moved(MujocoSimulator())) < 0.001


def test_its_rows_train_its_own_network_and_no_other(batch: TransitionBatch) -> None:
    assert batch.skills == ("pick_place", PUSH) and batch.parameters.shape == (4, 4)
    own = batch.take(np.flatnonzero(batch.skill == 1))
    config = FinetuneConfig(stage=StageConfig(steps=3, batch=2, warmup=0), replayed=0)
    for name in architectures.names:
        model = create(architecture=name)
        tuned, losses = finetune(model, own, None, config, seed=0)
        before, after = model.state_dict(), tuned.state_dict()
        changed = {key.split(".")[1] for key in before if not torch.equal(before[key], after[key])}
        assert PUSH in changed and "pick_place" not in changed and np.all(np.isfinite(losses)), name
        assert evaluate(tuned, batch).transitions == 4


@cache
def tuned_once() -> dict[str, torch.Tensor]:
    batch = pack(simulated_once().kept, np.random.default_rng(0))
    config = FinetuneConfig(stage=StageConfig(steps=4, batch=4, warmup=0), replayed=0, freeze=())
    return finetune(create(), batch, None, config, seed=0)[0].state_dict()


@pytest.fixture
def predictor() -> TorchPredictor:
    """A model that has seen both skills a few times; each test has one of its own."""
    model = create()
    model.load_state_dict(tuned_once())
    return TorchPredictor(model.eval(), "toy")


def test_it_is_predicted_planned_and_told(predictor: TorchPredictor) -> None:
    scene = MujocoSimulator().observe(world(), 0)
    steps = (SkillStep(PUSH, "block"), SkillStep("pick_place", "brick"))
    goal = Goal((GoalRelation("left", "block", "brick"),))
    planner = Planner(lambda: predictor, PlannerConfig(belief=0.0, shooting=ShootingConfig(candidates=20)))
    plan = planner.plan(scene, goal, 0, steps)
    assert [len(call.parameter) for call in plan.calls] == [2, 4] and len(plan.predictions) == 2
    assert 0.4 <= plan.calls[0].parameter[1] <= 0.8 and "duration" in plan_tree(plan)
    back = plan_from_msg(plan_to_msg(plan, 1))
    assert [call.skill for call in back.calls] == [PUSH, "pick_place"]
    with pytest.raises(BadParameterError, match="toy_push takes the 2 parameters dy, duration"):
        checked_call(SkillCall(PUSH, "block", np.zeros(4)))


def failure_of(simulated: SimulationBatch, predictor: TorchPredictor) -> Failure:
    """The first push, as if it had been mispredicted."""
    done = simulated.kept[0]
    (prediction,) = predictor.predict(done.before, (done.call,))
    outcome = Outcome(
        done.before, done.call, done.after, prediction, done.relations_before, done.relations_after, Execution(True),
        "toy",
    )  # fmt: skip
    return Failure("toy-1", outcome, Goal((GoalRelation("left", "block", "brick"),)), None, Cause.MODEL, 9.0, 7.0, ())


def test_a_failure_of_it_is_kept_inferred_around_and_learned_from(
    simulated: SimulationBatch, predictor: TorchPredictor
) -> None:
    failure = failure_of(simulated, predictor)
    arrays: dict[str, np.ndarray] = {}
    kept = Arrays(arrays)
    assert value_from(Failure, words_of(failure, kept), kept).outcome.call.skill == PUSH
    search = SvgdConfig(iterations=3)
    config = PosteriorConfig(particles=4, state_search=search, action_search=search)
    particles, _ = infer(failure, predictor._model, config=config)
    low, high = [-0.2, 0.4], [0.2, 0.8]
    assert all(np.all((call.parameter >= low) & (call.parameter <= high)) for call in particles.calls)
    assert {call.skill for call in particles.calls} == {PUSH}
    context = LearnContext(predictor._model, MujocoSimulator(), seed=0, transitions=3)
    data = learners.get("random")().respond(failure, context)
    assert data.transitions and {item.call.skill for item in data.transitions} == {PUSH}


def test_chance_draws_its_parameters(simulated: SimulationBatch) -> None:
    here = reconstruct(simulated.kept[0].before)
    goal = Goal((GoalRelation("left", "block", "brick"),))
    instance = TaskInstance("toy", here, goal, (SkillStep(PUSH, "block"),), budget=1)
    call = random_call(here, instance, 0, np.random.default_rng(0), Workspace())
    assert call.skill == PUSH and call.parameter.shape == (width_of(PUSH),)


def test_every_skill_of_ours_can_be_simulated_executed_and_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds one forgets none of its files."""
    monkeypatch.delitem(actions._items, PUSH)
    monkeypatch.delitem(motions._items, PUSH)
    assert actions.names == motions.names == skills.names
    for name in architectures.names:
        assert create(architecture=name).config.skills == actions.names
