"""The scene a failure left, as a scene to learn in: only where something can be done from there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.learner import targeted
from f2p.learner.fail2progress import Fail2Progress
from f2p.learner.protocol import LearnContext
from f2p.learner.scenes import as_it_was_left, possible, put_elsewhere
from f2p.learner.shares import TargetedConfig
from f2p.model.factory import create
from f2p.monitor.compare import carried_along
from f2p.posterior.config import PosteriorConfig, SvgdConfig
from f2p.posterior.errors import AllRejectedError
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import Body, World, reconstruct
from f2p.types import BINARY_RELATIONS, Failure, Particles, Relations, SkillCall

SHORT = SvgdConfig(iterations=4)


def test_the_scene_after_becomes_the_scene_before(failure: Failure) -> None:
    left = as_it_was_left(failure)
    assert left is not None and left.id == failure.id and left.contradictions == failure.contradictions
    assert left.outcome.before is failure.outcome.after
    assert left.outcome.observed_before is failure.outcome.observed_after


def test_from_the_floor_or_from_nowhere_nothing_is_learned(failure: Failure) -> None:
    outcome = failure.outcome
    assert as_it_was_left(replace(failure, outcome=replace(outcome, unseen=(outcome.call.object,)))) is None
    after = outcome.observed_after
    binary = after.binary.copy()
    binary[after.names.index(outcome.call.object), :, BINARY_RELATIONS.index("above")] = 0.0
    fallen = replace(outcome, observed_after=Relations(after.names, after.unary, binary))
    assert as_it_was_left(replace(failure, outcome=fallen)) is None


def test_where_all_that_moved_along_lies_on_the_floor_it_cannot_happen_again(failure: Failure) -> None:
    outcome, along = failure.outcome, np.flatnonzero(carried_along(failure.outcome, 0.05)).tolist()
    after, above = outcome.observed_after, BINARY_RELATIONS.index("above")
    binary = after.binary.copy()
    for index, left in zip(along, (True, False), strict=True):
        binary[after.names.index(outcome.before.names[index]), :, above] = 0.0
        fallen = replace(outcome, observed_after=Relations(after.names, after.unary, binary.copy()))
        assert (as_it_was_left(replace(failure, outcome=fallen), along) is not None) == left
        assert as_it_was_left(replace(failure, outcome=fallen)) is not None


def test_a_push_for_which_fingers_find_no_room_is_not_simulated() -> None:
    """It would be refused, and teach that nothing moves."""
    sizes = np.array([[0.6, 0.6, 0.4], [0.08, 0.08, 0.08], [0.08, 0.08, 0.08]])
    bodies = [Body("table", "table", sizes[0]), Body("one", "cuboid", sizes[1]), Body("two", "cuboid", sizes[2])]
    poses = np.array([[0.6, 0.0, 0.2, 0.0], [0.6, 0.0, 0.44, 0.0], [0.6, 0.09, 0.44, 0.0]])
    calls = [SkillCall("push", "one", [0.0, by]) for by in (0.1, -0.1)]
    assert possible(bodies, np.array([poses, poses]), calls).tolist() == [True, False], "the other stands behind it"
    placed = SkillCall("pick_place", "one", [0.0, -0.1, 0.0, 0.0])
    assert possible(bodies, poses[None], [placed]).tolist() == [True]


def test_what_was_carried_is_put_out_of_the_way_of_everything(failure: Failure) -> None:
    world, call = reconstruct(failure.outcome.before), failure.outcome.call
    carried = np.flatnonzero(carried_along(failure.outcome, 0.05)).tolist()
    assert [world.bodies[index].name for index in carried] == ["object_1", "object_2"]
    for seed in range(20):
        poses = put_elsewhere(world.bodies, world.poses, carried[:1], call, np.random.default_rng(seed))
        assert poses is not None
        moved = np.flatnonzero(np.any(poses != world.poses, axis=1))
        assert moved.tolist() == carried[:1]
        boxes = [World(world.bodies, now).boxes for now in (poses, world.poses)]
        movable, box = boxes[0][carried[0]], boxes[1][world.index("box")]
        for center in (box.center, box.center + call.parameter[:3]):
            assert np.any(np.abs(movable.center - center)[:2] > 0.5 * (movable.size + box.size)[:2])
        tops = [one.center[2] + 0.5 * one.size[2] for one in boxes[1][:2]]
        assert min(abs(movable.center[2] - 0.5 * movable.size[2] - top) for top in tops) < 1e-6


def test_a_box_that_is_not_full_is_learned_about_too(failure: Failure) -> None:
    """Twenty full boxes teach that a full box carries; one with something taken out was expected to leave the rest."""
    config = TargetedConfig(
        transitions=11,
        counter_examples=0.0,
        elsewhere=0.36,
        posterior=PosteriorConfig(state_search=SHORT, action_search=SHORT),
    )
    data = Fail2Progress(config).respond(failure, LearnContext(create(seed=6), MujocoSimulator(), 3))
    part = [one for one in data.transitions if one.tag == "elsewhere"]
    inside = [one.relations_before.binary[3:5, 2, BINARY_RELATIONS.index("inside")].sum() for one in part]
    assert part and all(count == 1 for count in inside) and all(one.call.object == "box" for one in part)


def test_particles_stand_on_both_tables(failure: Failure) -> None:
    """The box went from one table to the other; it is learned about on both, in the shares asked for."""
    config = TargetedConfig(
        transitions=6,
        aftermath=0.4,
        counter_examples=0.0,
        elsewhere=0.0,
        posterior=PosteriorConfig(state_search=SHORT, action_search=SHORT),
    )
    data = Fail2Progress(config).respond(failure, LearnContext(create(seed=6), MujocoSimulator(), 3))
    assert data.particles is not None
    outcome, index = failure.outcome, data.particles.names.index(failure.outcome.call.object)
    ends = np.array([scene.segments[index].box.center[1] for scene in (outcome.before, outcome.after)])
    nearer = np.argmin(np.abs(data.particles.poses[:, index, 1, None] - ends), axis=1)
    assert 1 <= np.sum(nearer == 1) <= 2 and 1 <= np.sum(nearer == 0) <= 3
    alone = Fail2Progress(replace(config, aftermath=0.0)).respond(
        failure, LearnContext(create(seed=6), MujocoSimulator(), 3)
    )
    assert alone.particles is not None
    assert np.all(np.argmin(np.abs(alone.particles.poses[:, index, 1, None] - ends), axis=1) == 0)


def test_learning_goes_on_where_nothing_rests_in_the_scene_that_was_left(
    failure: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scene after may be a heap; the one before is enough to learn from."""
    rested = targeted.project

    def project(drawn: Particles, view: Failure, *args: object, **kwargs: object) -> Particles:
        if view.outcome.before is failure.outcome.after:
            raise AllRejectedError(len(drawn.calls), 3)
        return rested(drawn, view, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(targeted, "project", project)
    config = TargetedConfig(
        transitions=6,
        counter_examples=0.0,
        elsewhere=0.0,
        posterior=PosteriorConfig(state_search=SHORT, action_search=SHORT),
    )
    data = Fail2Progress(config).respond(failure, LearnContext(create(seed=6), MujocoSimulator(), 3))
    assert [one.tag for one in data.transitions].count("particle") == 3
