"""What every registered learner must do: gather usable transitions, the same for a seed, and leave the model alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from f2p.learner.fail2progress import Fail2Progress, Fail2ProgressConfig, literal_data
from f2p.learner.protocol import LearnContext, LearnedData, Learner, learners
from f2p.learner.random_data import RandomDataConfig
from f2p.model.architectures.points2plans import Points2Plans
from f2p.model.batch import pack
from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.model.train import literal_finetuning
from f2p.monitor.compare import compare
from f2p.posterior.infer import PosteriorConfig
from f2p.posterior.svgd import SvgdConfig
from f2p.scene.goals import parse_goal
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import reconstruct
from f2p.types import Cause, Execution, Failure, Outcome, SkillCall
from f2p.weights.golden import golden_scene

torch.set_num_threads(1)

SHORT = SvgdConfig(iterations=4)
CONFIGS = {
    "fail2progress": Fail2ProgressConfig(
        targeted=4, counter_examples=2, elsewhere=2, posterior=PosteriorConfig(state_search=SHORT, action_search=SHORT)
    ),
    "literal": dataclasses.replace(
        literal_data(),
        targeted=4,
        posterior=PosteriorConfig(mode="literal", state_search=SvgdConfig(iterations=60), action_search=SHORT),
    ),
    "random": RandomDataConfig(transitions=5),
    "small": RandomDataConfig(transitions=5),
}
"""Small sizes; a learner without an entry is made as it registers itself."""


def made(name: str) -> Learner:
    return learners.make(name, CONFIGS.get(name))


@pytest.fixture(scope="module")
def model() -> Points2Plans:
    """The shipped one: the literal inference finds scenes at rest only where the model has learned what rests."""
    return shipped()[0]


@pytest.fixture(scope="module")
def failure(model: Points2Plans) -> Failure:
    """A filled box is carried; the model was trained on single things only, so it is wrong."""
    world, call = reconstruct(golden_scene()), SkillCall("pick_place", "box", np.array([0.0, -1.25, 0.0, 0.0]))
    (one,) = MujocoSimulator().simulate(world.bodies, world.poses[None], (call,), seed=0).kept
    prediction = TorchPredictor(model, "shipped").predict(one.before, (call,))[0]
    outcome = Outcome(
        one.before, call, one.after, prediction, one.relations_before, one.relations_after, Execution(True), "shipped"
    )
    found, goal = compare(outcome), parse_goal("above(thing_1, table_b)")
    return Failure("box-1", outcome, goal, None, Cause.MODEL, found.score, 2.0, found.contradictions)


@pytest.fixture(params=[name for name in learners if not name.startswith("test_")], scope="module")
def responded(
    request: pytest.FixtureRequest, failure: Failure, model: Points2Plans
) -> tuple[LearnedData, LearnedData, list]:
    """What a learner gathers, twice with the same seed, and the stages it reported."""
    before, stages = {name: value.clone() for name, value in model.state_dict().items()}, []
    answers = [
        made(request.param).respond(
            failure, LearnContext(model, MujocoSimulator(), 3, lambda stage, *_: stages.append(stage))
        )
        for _ in range(2)
    ]
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items()), "the model was changed"
    assert not model.training
    return *answers, stages


def test_it_says_what_it_does(responded: tuple[LearnedData, LearnedData, list]) -> None:
    data, _, stages = responded
    assert stages and all(seconds >= 0.0 for seconds in data.timings.values())
    assert all(isinstance(count, int) and count >= 0 for count in data.counts.values())


def test_its_transitions_are_about_the_failures_things_and_can_be_trained_on(
    responded: tuple[LearnedData, LearnedData, list], failure: Failure
) -> None:
    data, names = responded[0], failure.outcome.before.names
    for one in data.transitions:
        assert one.before.names == one.after.names == one.relations_before.names == one.relations_after.names == names
        assert one.tag and one.call.object in names and one.call.skill == failure.outcome.call.skill
        assert np.all(np.isfinite(one.displacements)) and one.displacements.shape == (len(names), 3)
    if data.transitions:
        assert len(pack(data.transitions, np.random.default_rng(0))) == len(data.transitions)


def test_the_same_seed_gathers_the_same(responded: tuple[LearnedData, LearnedData, list]) -> None:
    one, two, _ = responded
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
    assert (config.targeted, config.aftermath, config.counter_examples, config.elsewhere) == (20, 0, 0, 0)
    assert config.posterior.mode == "literal"
    data = made("literal").respond(failure, LearnContext(model, MujocoSimulator(), 3))
    assert {one.tag for one in data.transitions} == {"particle", "failure"}
    assert data.recipe == literal_finetuning()


def test_targeted_data_is_targeted(failure: Failure, model: Points2Plans) -> None:
    """Particles grasp what failed; counter-examples are the same scenes with another thing grasped, and may be none."""
    data = Fail2Progress(CONFIGS["fail2progress"]).respond(failure, LearnContext(model, MujocoSimulator(), 1))
    grasped = {
        tag: {one.call.object for one in data.transitions if one.tag == tag} for tag in ("particle", "counter_example")
    }
    assert grasped["particle"] == {"box"} and "box" not in grasped["counter_example"]
    assert data.particles is not None and len(data.particles.calls) == data.counts["particle"] == 4
    assert {"svi_states", "svi_actions", "settle", "simulate"} == set(data.timings)
    none = dataclasses.replace(CONFIGS["fail2progress"], counter_examples=0, elsewhere=0)
    plain = Fail2Progress(none).respond(failure, LearnContext(model, MujocoSimulator(), 1))
    assert {one.tag for one in plain.transitions} == {"particle", "failure"}
