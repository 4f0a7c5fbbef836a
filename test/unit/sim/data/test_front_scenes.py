"""Rows of objects to reach into from the front: at rest, apart, and somewhere else to go that a hand gets to."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.geometry import into_box
from f2p.shape.protocol import is_covered
from f2p.sim.data.front_scenes import front_goal, front_world
from f2p.sim.mujoco import MujocoSimulator


def under_a_board(world, point):
    shelf = next(index for index, body in enumerate(world.bodies) if body.prior == "shelf")
    local = into_box(point, world.poses[shelf, :3], world.poses[shelf, 3])
    return bool(is_covered("shelf", world.bodies[shelf].size, local))


@pytest.fixture(scope="module")
def drawn():
    simulator = MujocoSimulator()
    out = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        world = front_world(rng, simulator)
        out.append((world, front_goal(world, "object_1", rng)))
    return out


def test_objects_stand_where_a_level_hand_has_room_before_them(drawn):
    for world, goal in drawn:
        first = [body.name for body in world.bodies].index("object_1")
        others = world.poses[first + 1 :, :3]
        for here in (world.poses[first, :3], goal[:3]):
            assert here[0] > 0.745
            same = np.abs(others[:, 2] - here[2]) < 0.1
            assert np.all(np.abs(others[same, 1] - here[1]) > 0.15), "two in one lane"


def test_both_ends_are_sometimes_under_a_board_and_sometimes_on_a_table(drawn):
    ends = {tuple(under_a_board(world, at) for at in (world.poses[3, :3], goal[:3])) for world, goal in drawn}
    assert len(ends) >= 3
    assert any(goal[2] < 0.6 for _, goal in drawn) and any(goal[2] > 0.8 for _, goal in drawn)


def test_it_is_drawn_again_from_its_seed(drawn):
    again = front_world(np.random.default_rng(3), MujocoSimulator())
    assert np.array_equal(again.poses, drawn[3][0].poses)
