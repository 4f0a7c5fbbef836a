"""Grasps: cubes across the side that fits, boxes by a wall, fingers where there is clearance."""

import math

import numpy as np
import pytest

from f2p.geometry import into_box
from f2p.shape.protocol import WALL
from f2p.skill.errors import UngraspableError
from f2p.skill.grasps import GraspPointConfig, grasps
from f2p.types import Scene

CONFIG = GraspPointConfig()


def test_cube_is_taken_in_the_middle_of_its_top(scene):
    best = grasps(scene, "landmark", CONFIG)[0].pose
    assert (best.x, best.y, best.z) == pytest.approx((0.7, -0.3, 0.6))


def test_cuboid_is_taken_across_its_narrow_side(make):
    slab = make("slab", "cuboid", (0.7, 0.0, 0.53), (0.03, 0.2, 0.06), 0.5)
    found = grasps(Scene((slab,)), "slab", CONFIG)
    assert len({grasp.pose.heading for grasp in found}) == 1
    assert found[0].off_center == 0.0 and (found[0].pose.x, found[0].pose.y) == pytest.approx((0.7, 0.0))
    assert math.remainder(found[0].pose.heading - 0.5, math.pi) == pytest.approx(0.0)
    assert found[0].opening > 0.03


def test_too_wide_says_how_wide(make):
    block = make("block", "cuboid", (0.7, 0.0, 0.55), (0.12, 0.10, 0.1))
    with pytest.raises(UngraspableError, match=r"'block': it is 0\.100 m wide, the gripper takes 0\.068 m"):
        grasps(Scene((block,)), "block", CONFIG)


def test_furniture_is_not_moved(scene):
    with pytest.raises(UngraspableError, match="it is a table"):
        grasps(scene, "table_a", CONFIG)


def test_box_is_taken_by_a_wall_with_fingers_across_it(scene):
    box = scene.segments[scene.index("box")].box
    for grasp in grasps(scene, "box", CONFIG):
        offset = np.array([grasp.pose.x, grasp.pose.y]) - box.center[:2]
        cosine, sine = math.cos(-box.yaw), math.sin(-box.yaw)
        local = np.array([cosine * offset[0] - sine * offset[1], sine * offset[0] + cosine * offset[1]])
        wall = np.argmin(np.abs(np.abs(local) - (0.5 * box.size[:2] - 0.5 * WALL)))
        across = math.remainder(box.yaw + wall * math.pi / 2 - grasp.pose.heading, math.pi)
        assert abs(across) < 1e-9
        assert grasp.pose.z == pytest.approx(0.62)


def test_box_prefers_the_wall_near_the_robot(scene):
    poses = [grasp.pose for grasp in grasps(scene, "box", CONFIG) if grasp.clearance >= CONFIG.wanted_clearance]
    assert poses[0].x == min(pose.x for pose in poses) < 0.7


def test_an_object_at_the_near_wall_moves_the_grasp_elsewhere(scene, make):
    free = grasps(scene, "box", CONFIG)[0].pose
    box = scene.segments[scene.index("box")].box
    toward = (box.center[:2] - [free.x, free.y]) / np.linalg.norm(box.center[:2] - [free.x, free.y])
    at = np.array([free.x, free.y]) + 0.03 * toward
    blocker = make("object_2", "cuboid", (*at, 0.56), (0.05, 0.05, 0.1), box.yaw)
    crowded = Scene((*scene.segments, blocker))
    best = grasps(crowded, "box", CONFIG)[0]
    assert best.clearance > 0.0
    assert np.linalg.norm(np.array([best.pose.x, best.pose.y]) - [free.x, free.y]) > 0.02


def test_an_object_in_a_corner_of_its_box_is_taken_where_both_fingers_fit(make):
    """As it was met: taken across its middle, one finger came down on the wall."""
    box = make("box", "open_box", (0.643, -0.205, 0.540), (0.234, 0.235, 0.074), -1.833)
    movable = make("object_3", "cuboid", (0.596, -0.123, 0.533), (0.052, 0.030, 0.044), 2.103)
    best, *_, worst = grasps(Scene((box, movable)), "object_3", CONFIG)
    assert worst.clearance < 0.0 < 0.008 < best.clearance
    finger = 0.5 * best.opening + CONFIG.finger
    tips = np.array([best.pose.x, best.pose.y]) + finger * np.array([[1.0], [-1.0]]) * [
        math.cos(best.pose.heading), math.sin(best.pose.heading)
    ]  # fmt: skip
    inner = 0.5 * box.box.size[:2] - WALL
    assert np.all(np.abs(into_box(tips, box.box.center, box.box.yaw)) < inner)


def test_low_objects_keep_the_pads_off_the_table(make):
    tile = make("tile", "cuboid", (0.7, 0.0, 0.505), (0.04, 0.04, 0.01))
    best = grasps(Scene((tile,)), "tile", CONFIG)[0]
    assert best.pose.z - CONFIG.reach_below >= 0.5 + CONFIG.floor_gap - 1e-9
