"""The twin's hand from the front: onto and off the board of a shelf, and nothing else moves."""

import numpy as np
import pytest

from f2p.sim.physics.scene_builder import PhysicsConfig
from f2p.sim.world import Body, World
from f2p.skill.pick_place import PickPlace
from f2p.skill.pick_place_plan import PickPlaceSkillConfig
from f2p.twin.direct import TwinRobot
from f2p.twin.driver import StretchDriver
from f2p.twin.grasp import STANDS_IN, distance_to_grasp
from f2p.twin.twin import Twin, TwinConfig
from f2p.types import SkillCall

MIDDLE = 0.5 + 0.2 + 0.004
"""Height of the middle board [m]."""


def shelf_world():
    bodies = (
        Body("table_a", "table", [0.5, 0.9, 0.05]),
        Body("table_b", "table", [0.5, 0.9, 0.05]),
        Body("shelf", "shelf", [0.2, 0.6, 0.4]),
        Body("block", "cuboid", [0.04, 0.05, 0.1]),
        Body("cup", "open_box", [0.055, 0.055, 0.09], 0.004),
    )
    poses = [
        [0.7, 0.55, 0.475, 0.0], [0.7, -0.55, 0.475, 0.0], [0.85, -0.55, 0.7, 0.0],
        [0.82, 0.4, 0.551, 0.25], [0.80, -0.42, MIDDLE + 0.046, 0.0],
    ]  # fmt: skip
    return World(bodies, np.array(poses))


@pytest.mark.parametrize(
    ("name", "to"), [("block", (0.81, -0.6, MIDDLE + 0.05, 0.1)), ("cup", (0.82, 0.6, 0.545, 0.3))]
)
def test_onto_and_off_the_middle_board(scene_of, name, to):
    twin = Twin(shelf_world())
    before = twin.truth()
    index = before.names.index(name)
    asked = SkillCall("pick_place", name, np.array(to) - before.poses[index])
    done = PickPlace().execute(asked, scene_of(twin), TwinRobot(StretchDriver(twin)))
    assert done.ok, done.error_msg
    assert done.error_msg == STANDS_IN, "a weld is no grasp: whoever reads a result of the twin must be told"
    after = twin.truth()
    assert np.abs(after.poses[index] - to)[:3].max() < 0.02 and after.held == ""
    others = [row for row in range(len(before.names)) if row != index]
    assert np.abs(after.poses[others] - before.poses[others])[:, :3].max() < 0.002


@pytest.mark.parametrize("approach", ["from_front", "from_above"])
def test_a_body_too_heavy_is_put_back_where_it_was(scene_of, approach):
    world = shelf_world()
    world = World((*world.bodies[:2], world.bodies[3]), world.poses[[0, 1, 3]])
    twin = Twin(world, TwinConfig(physics=PhysicsConfig(density=5000.0)))  # 1 kg: 10 N
    before = twin.truth()
    asked = SkillCall("pick_place", "block", np.array([0.0, 0.3, 0.0, 0.0]))
    config = PickPlaceSkillConfig(approach=approach, heaviest=6.0)
    done = PickPlace(config).execute(asked, scene_of(twin), TwinRobot(StretchDriver(twin)))
    assert done.error_code == 426 and "'block' is too heavy: it pulls with 10 %" in done.error_msg
    assert np.abs(twin.truth().poses[2] - before.poses[2])[:3].max() < 0.01 and twin.held == ""


def test_level_fingers_hold_by_the_sides_and_downward_ones_by_the_top():
    cube = Body("cube", "cuboid", [0.05, 0.05, 0.10])
    pose, low = np.array([0.7, 0.1, 0.55, 0.0]), np.array([0.69, 0.1, 0.53])
    assert distance_to_grasp(cube, pose, cube.size, low, "from_front") == pytest.approx((0.0, 0.0), abs=1e-9)
    assert distance_to_grasp(cube, pose, cube.size, low)[1] == pytest.approx(-0.07)
