"""What every registered learner must do: gather usable transitions, the same for a seed, and leave the model alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from f2p.learner.fail2progress import Fail2Progress
from f2p.learner.protocol import LearnContext, LearnedData, Learner, learners
from f2p.learner.targeted import Targeted
from f2p.model.architectures.points2plans import Points2Plans
from f2p.model.batch import pack
from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.model.recipe import literal_finetuning
from f2p.monitor.compare import compare
from f2p.posterior.config import SvgdConfig
from f2p.scene.goals import parse_goal
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import reconstruct
from f2p.types import Cause, Execution, Failure, Outcome, SkillCall
from f2p.weights.golden import golden_scene

torch.set_num_threads(1)

SHORT = SvgdConfig(iterations=4)
LONGER = SvgdConfig(iterations=60)
"""The literal inference takes this long to find scenes at rest."""
BUDGET = 9
FAMILY = [name for name in learners if not name.startswith("test_")]


def made(name: str) -> Learner:
    """A learner with its own settings, but for a search that is cut short."""
    learner = learners.make(name)
    if not isinstance(learner, Targeted):
        return learner
    search = LONGER if name == "literal" else SHORT
    posterior = dataclasses.replace(learner.config.posterior, state_search=search, action_search=SHORT)
    return learners.make(name, dataclasses.replace(learner.config, posterior=posterior))


class Counting(MujocoSimulator):
    """Counts what it is asked to simulate, whatever the friction."""

    def __init__(self, asked: list[int]) -> None:
        super().__init__()
        self.asked = asked

    def with_friction(self, friction: float) -> Counting:
        return self

    def simulate(self, bodies: Any, poses: Any, calls: Any, seed: int, **options: Any) -> Any:
        self.asked.append(len(calls))
        return super().simulate(bodies, poses, calls, seed, **options)


@pytest.fixture(scope="module")
def model() -> Points2Plans:
    """The shipped one: the literal inference finds scenes at rest only where the model has learned what rests."""
    return shipped()[0]


@pytest.fixture(scope="module")
def failure(model: Points2Plans) -> Failure:
    """A filled box is carried; the model was trained on single objects only, so it is wrong."""
    world, call = reconstruct(golden_scene()), SkillCall("pick_place", "box", np.array([0.0, -1.25, 0.0, 0.0]))
    (one,) = MujocoSimulator().simulate(world.bodies, world.poses[None], (call,), seed=0).kept
    prediction = TorchPredictor(model, "shipped").predict(one.before, (call,))[0]
    outcome = Outcome(
        one.before, call, one.after, prediction, one.relations_before, one.relations_after, Execution(True), "shipped"
    )
    found, goal = compare(outcome), parse_goal("above(object_1, table_b)")
    return Failure("box-1", outcome, goal, None, Cause.MODEL, found.score, 2.0, found.contradictions)


@dataclasses.dataclass
class Answers:
    """What a learner gathers alone and with two workers, the stages it reported and how much was simulated."""

    name: str
    one: LearnedData
    two: LearnedData
    stages: list[str]
    asked: list[int]


@pytest.fixture(params=FAMILY, scope="module")
def responded(request: pytest.FixtureRequest, failure: Failure, model: Points2Plans) -> Answers:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stages: list[str] = []
    asked: list[int] = []
    simulator = Counting(asked)
    one, two = (
        made(request.param).respond(
            failure,
            LearnContext(
                model, simulator, 3, lambda stage, *_: stages.append(stage), transitions=BUDGET, workers=workers
            ),
        )
        for workers in (1, 2)
    )
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items()), "the model was changed"
    assert not model.training
    return Answers(request.param, one, two, stages, asked)


@pytest.mark.parametrize("name", FAMILY)
def test_it_takes_a_config_and_has_one_without(name: str) -> None:
    config = learners.make(name).config
    assert dataclasses.is_dataclass(config) and learners.make(name, config).config is config
    assert learners.make(name).name == name


def test_it_keeps_to_its_budget(responded: Answers) -> None:
    """With a budget for all of them learners are compared on the same footing."""
    data = responded.one
    assert sum(responded.asked) <= 2 * BUDGET and len(data.transitions) <= BUDGET
    assert data.tries >= 1 and (data.transitions or not responded.asked)
    if data.transitions:
        assert len(data.transitions) >= BUDGET - 2, "it uses what it may spend"


def test_it_says_what_it_does(responded: Answers) -> None:
    data = responded.one
    assert responded.stages and all(seconds >= 0.0 for seconds in data.timings.values())
    assert all(isinstance(count, int) and count >= 0 for count in data.counts.values())


def test_its_transitions_are_about_the_failures_objects_and_can_be_trained_on(
    responded: Answers, failure: Failure
) -> None:
    data, names = responded.one, failure.outcome.before.names
    for one in data.transitions:
        assert one.before.names == one.after.names == one.relations_before.names == one.relations_after.names == names
        assert one.tag and one.call.object in names and one.call.skill == failure.outcome.call.skill
        assert np.all(np.isfinite(one.displacements)) and one.displacements.shape == (len(names), 3)
    if data.transitions:
        assert len(pack(data.transitions, np.random.default_rng(0))) == len(data.transitions)


def test_the_same_seed_gathers_the_same(responded: Answers) -> None:
    one, two = responded.one, responded.two
    assert one.counts == two.counts and len(one.transitions) == len(two.transitions)
    for a, b in zip(one.transitions, two.transitions, strict=True):
        assert a.call.object == b.call.object and np.array_equal(a.call.parameter, b.call.parameter)
        assert np.array_equal(a.displacements, b.displacements) and np.array_equal(
            a.relations_after.binary, b.relations_after.binary
        )
        assert all(np.array_equal(x.points, y.points) for x, y in zip(a.after.segments, b.after.segments, strict=True))


def test_literal_data_are_particles_of_the_literal_inference_and_nothing_else(
    failure: Failure, model: Points2Plans
) -> None:
    config = learners.make("literal").config
    assert (config.transitions, config.aftermath, config.counter_examples, config.elsewhere) == (21, 0, 0, 0)
    assert config.posterior.mode == "literal"
    data = made("literal").respond(failure, LearnContext(model, MujocoSimulator(), 3, transitions=5))
    assert {one.tag for one in data.transitions} == {"particle", "failure"}
    assert data.recipe == literal_finetuning()


def test_targeted_data_is_targeted(failure: Failure, model: Points2Plans) -> None:
    """Particles grasp what failed; counter-examples are the same scenes with another object grasped, perhaps none."""
    data = made("fail2progress").respond(failure, LearnContext(model, MujocoSimulator(), 1, transitions=BUDGET))
    grasped = {
        tag: {one.call.object for one in data.transitions if one.tag == tag} for tag in ("particle", "counter_example")
    }
    assert grasped["particle"] == {"box"} and "box" not in grasped["counter_example"]
    assert data.particles is not None and len(data.particles.calls) == data.counts["particle"] == 4
    assert {"svi_states", "svi_actions", "settle", "simulate"} == set(data.timings)
    config = dataclasses.replace(made("fail2progress").config, counter_examples=0.0, elsewhere=0.0)
    plain = Fail2Progress(config).respond(failure, LearnContext(model, MujocoSimulator(), 1, transitions=BUDGET))
    assert {one.tag for one in plain.transitions} == {"particle", "failure"}


def test_one_start_collapses_and_many_do_not(failure: Failure, model: Points2Plans) -> None:
    """The paper's Gradient ends in one mode; each particle by itself ends elsewhere."""
    spreads = {}
    for name in ("gradient", "gradient_multistart"):
        config = dataclasses.replace(made(name).config, aftermath=0.0)
        context = LearnContext(model, MujocoSimulator(), 3, transitions=BUDGET)
        data = learners.make(name, config).respond(failure, context)
        assert data.particles is not None
        box = data.particles.poses[:, data.particles.names.index("box"), :2]
        spreads[name] = float(box.std(0).mean())
    assert spreads["gradient"] < 0.05 < spreads["gradient_multistart"]
