"""Untargeted data: same size, everywhere, any object; boxes stay filled for `random` and are empty for `small`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from f2p.action.workspace import Workspace
from f2p.learner.domain_randomization import DomainRandomization
from f2p.learner.errors import NothingToMoveError, TooFewTransitionsError
from f2p.learner.large import Large
from f2p.learner.protocol import LearnContext
from f2p.learner.random_data import RandomData
from f2p.learner.scenes import groups_together, scattered
from f2p.learner.small import Small
from f2p.learner.untargeted import UntargetedConfig
from f2p.scene.relations import binary_relations, relations_of
from f2p.sim.world import reconstruct
from f2p.types import BINARY_RELATIONS, Failure, Scene
from f2p.weights.golden import golden_scene


def inside_the_box(bodies: tuple[Any, ...], poses: np.ndarray) -> float:
    """Mean number of objects in the box."""
    sizes = np.array([body.size for body in bodies])
    hollow = np.array([body.name == "box" for body in bodies])
    relations = binary_relations(poses[..., :3], sizes, poses[..., 3], containers=hollow)
    return float(relations[..., BINARY_RELATIONS.index("inside")].sum((1, 2)).mean())


def test_random_keeps_boxes_filled_and_small_does_not(failure: Failure, simulator: Any) -> None:
    for learner, filled in ((RandomData(), True), (Small(), False)):
        data = learner.respond(failure, LearnContext(None, simulator, seed=3))
        bodies, poses, calls, _, tag = simulator.asked[-1]
        assert len(data.transitions) == len(calls) == 60 and tag == learner.name and data.particles is None
        count = inside_the_box(bodies, poses)
        assert count == 2.0 if filled else count < 0.5
        assert len({call.object for call in calls}) >= 3, "any object is grasped"


def test_scenes_cover_both_tables_and_collide_nowhere(failure: Failure) -> None:
    world, rng = reconstruct(golden_scene()), np.random.default_rng(0)
    groups = [[index] for index in range(2, 6)]
    poses = np.stack([scattered(world.bodies, world.poses, groups, rng, failure) for _ in range(100)])
    assert 0.35 < float(np.mean(poses[:, 2:, 1] > 0)) < 0.65 and poses[:, 2, 1].std() > 0.4
    for one in range(2, 6):
        for other in range(one + 1, 6):
            gap = np.abs(poses[:, one, :2] - poses[:, other, :2])
            assert np.all((gap > (world.bodies[one].size[:2] + world.bodies[other].size[:2]) / 2).any(axis=1))
    bottoms = poses[:, 2:, 2] - np.array([body.size[2] for body in world.bodies[2:]]) / 2
    assert np.allclose(bottoms, 0.5)


def test_placements_come_from_the_whole_workspace(failure: Failure, simulator: Any) -> None:
    RandomData(UntargetedConfig(transitions=90)).respond(failure, LearnContext(None, simulator, seed=1))
    bodies, poses, calls, _, _ = simulator.asked[-1]
    names, workspace = [body.name for body in bodies], Workspace()
    targets = np.array(
        [pose[names.index(call.object), :2] + call.parameter[:2] for pose, call in zip(poses, calls, strict=True)]
    )
    assert np.all(targets >= (workspace.x_low, workspace.y_low)) and np.all(
        targets <= (workspace.x_high, workspace.y_high)
    )
    assert targets[:, 1].min() < -0.9 and targets[:, 1].max() > 0.9


def test_the_seed_decides(failure: Failure, simulator: Any) -> None:
    for seed in (5, 5, 6):
        RandomData().respond(failure, LearnContext(None, simulator, seed=seed))
    one, two, other = (asked[1] for asked in simulator.asked)
    assert np.array_equal(one, two) and not np.array_equal(one, other)


def test_too_little_left_by_physics_is_an_error(failure: Failure, simulator: Any) -> None:
    simulator.blown_up = 31
    with pytest.raises(TooFewTransitionsError, match=r"SIM_UNSTABLE: only 29 of 60 .*blown_up 31"):
        RandomData().respond(failure, LearnContext(None, simulator, seed=0))


def test_a_scene_without_a_table_cannot_be_rearranged(failure: Failure) -> None:
    scene = golden_scene()
    world = reconstruct(Scene(scene.segments[2:]))
    with pytest.raises(NothingToMoveError, match="'box-1' has no table"):
        scattered(world.bodies, world.poses, [[0]], np.random.default_rng(0), failure)


def test_groups_are_containers_with_their_contents() -> None:
    scene = golden_scene()
    assert groups_together(reconstruct(scene).bodies, relations_of(scene)) == [[2, 3, 4], [5]]


def test_large_has_a_size_and_keeps_to_a_budget(failure: Failure, simulator: Any) -> None:
    assert Large().config.transitions == 2000
    data = Large().respond(failure, LearnContext(None, simulator, seed=0, transitions=230))
    assert len(data.transitions) == data.counts["kept"] == data.counts["runs"] == 230
    assert [len(asked[2]) for asked in simulator.asked] == [100, 100, 30], "in parts, so that it can be canceled"
    first, second = (asked[1][:30] for asked in simulator.asked[1:])
    assert not np.array_equal(first, second)


def test_randomised_scenes_differ_in_sizes_and_places_and_keep_the_box_packed(failure: Failure, simulator: Any) -> None:
    DomainRandomization().respond(failure, LearnContext(None, simulator, seed=0, transitions=12))
    world = reconstruct(failure.outcome.before)
    factors = []
    for bodies, poses, (call,), _, _ in simulator.asked:
        assert call.object == failure.outcome.call.object and inside_the_box(bodies, poses) == 2.0
        ratio = np.array([one.size / other.size for one, other in zip(bodies, world.bodies, strict=True)])
        assert np.allclose(ratio[:2], 1.0), "furniture stays"
        assert np.allclose(ratio[2:5], ratio[2, 0]), "what is packed grows with its box"
        factors.append(float(ratio[2, 0]))
    assert len(set(factors)) == 12 and min(factors) >= 0.8 and max(factors) <= 1.2
    assert len({tuple(asked[1][0, 2]) for asked in simulator.asked}) == 12


def test_friction_varies_where_the_simulator_lets_it(failure: Failure, simulator: Any) -> None:
    chosen: list[float] = []

    class Slippery(type(simulator)):
        def with_friction(self, friction: float) -> Any:
            chosen.append(friction)
            return self

    DomainRandomization().respond(failure, LearnContext(None, Slippery(), seed=0, transitions=8))
    assert len(set(chosen)) == 8 and 0.4 <= min(chosen) < max(chosen) <= 1.2
