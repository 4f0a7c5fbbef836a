"""The gripper's path: over everything, down to what is met, and gently."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.geometry import rotate_z, separation, within
from f2p.sim.labelled import SimulationConfig
from f2p.sim.motion.pick_place import pick_place_path
from f2p.sim.motion.protocol import ToolMotionConfig, ToolPath
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.physics.scene_builder import BuiltScene, PhysicsConfig, build
from f2p.sim.world import Body
from f2p.types import SkillCall

BODIES = (
    Body("table", "table", [0.5, 0.9, 0.05]),
    Body("box", "open_box", [0.30, 0.24, 0.12]),
    Body("object", "cuboid", [0.05, 0.05, 0.05]),
    Body("tower", "cuboid", [0.06, 0.06, 0.20]),
)
POSES = np.array([[0.7, 0, 0.475, 0], [0.7, 0.2, 0.56, 0.3], [0.7, 0.2, 0.535, 0], [0.7, -0.2, 0.6, 0]])
SIZES = np.stack([body.size for body in BODIES])


@pytest.fixture(scope="module")
def scene() -> BuiltScene:
    return build(BODIES, PhysicsConfig())


def path(scene: BuiltScene, grasped: int, parameter: tuple[float, ...]) -> ToolPath:
    shut, asked = np.zeros((1, len(BODIES))), np.array([parameter])
    return pick_place_path(
        scene, POSES[None], SIZES[None], np.array([grasped]), asked, openings=shut, config=ToolMotionConfig()
    )


def released(path: ToolPath) -> np.ndarray:
    return path.positions[0, path.holding[0]][-1]


def test_the_object_is_let_go_at_grasp_plus_parameter(scene: BuiltScene) -> None:
    carried = path(scene, 3, (0.05, -0.1, 0.02, 0.5))
    assert released(carried) == pytest.approx(POSES[3, :3] + [0.05, -0.1, 0.02], abs=1e-6)
    turned = carried.quaternions[0, -1]
    assert 2 * np.arctan2(turned[3], turned[0]) == pytest.approx(0.5)


def test_lowering_ends_above_what_is_met(scene: BuiltScene) -> None:
    on_tower = released(path(scene, 2, (0.0, -0.4, 0.0, 0.0)))
    assert on_tower[2] == pytest.approx(0.7 + 0.025 + 0.003)
    in_air = released(path(scene, 2, (0.0, -0.4, 0.5, 0.0)))
    assert in_air[2] == pytest.approx(0.535 + 0.5)
    into_box = released(path(scene, 3, (0.0, 0.4, -1.0, 0.0)))
    assert into_box[2] == pytest.approx(0.535 + 0.025 + 0.1 + 0.003), "on the object in the box, not through it"


def test_a_container_may_be_put_down_where_its_contents_were(scene: BuiltScene) -> None:
    assert released(path(scene, 1, (0.01, 0.0, 0.0, 0.0)))[2] == pytest.approx(0.56 + 0.003, abs=1e-6)


def test_it_travels_over_the_tallest_object_in_the_way(scene: BuiltScene) -> None:
    carried = path(scene, 2, (0.0, -0.7, 0.0, 0.0)).positions[0]
    over = np.abs(carried[:, 1] - POSES[3, 1]) < 0.1
    assert np.all(carried[over, 2] - 0.025 > 0.7)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.floats(-1.0, 1.0)] * 3, st.floats(-3.0, 3.0)))
def test_no_step_jumps_or_accelerates_more_than_stated(parameter: tuple[float, ...]) -> None:
    scene = build(BODIES, PhysicsConfig())
    positions = path(scene, 2, parameter).positions[0]
    step = scene.model.opt.timestep
    speed = np.diff(positions, axis=0) / step
    change = np.diff(speed, axis=0) / step
    config = ToolMotionConfig()
    assert np.linalg.norm(change[:, :2], axis=-1).max() <= config.travel_acceleration * 1.02
    assert np.abs(change[:, 2]).max() <= config.vertical_acceleration * 2.05


def test_what_lies_in_a_container_is_within_it_and_not_the_other_way_round() -> None:
    inside = within(POSES[None], SIZES[None], np.array([1]))[0]
    assert inside.tolist() == [False, False, True, False]
    assert not within(POSES[None], SIZES[None], np.array([2])).any()


def test_an_object_in_the_middle_of_a_box_is_lifted_over_its_walls(scene: BuiltScene) -> None:
    carried = path(scene, 2, (0.0, -0.7, 0.0, 0.0)).positions[0]
    left = carried[:, 1] < POSES[2, 1] - 0.02
    assert carried[np.argmax(left), 2] - 0.025 > 0.62


@pytest.mark.parametrize(("distance", "expected"), [(0.09, True), (0.13, False)])
def test_footprints_overlap_by_separating_axes(distance: float, expected: bool) -> None:
    size = np.array([[0.1, 0.1, 0.1]])
    first = np.zeros((1, 3)), size, np.zeros(1)
    second = np.array([[distance, 0, 0]]), size, np.array([np.pi / 4])
    assert bool(separation(first, second)[0] <= 0.0) is expected
    assert separation(second, first) == pytest.approx(separation(first, second))


SHELF = (*BODIES[:1], Body("shelf", "shelf", [0.2, 0.6, 0.4]), Body("block", "cuboid", [0.04, 0.05, 0.1]))
SHELF_POSES = np.array([[0.7, 0, 0.475, 0], [0.85, 0.1, 0.7, 0.05], [0.6, -0.3, 0.55, 0.3]])
ON_MIDDLE = np.array([0.83, 0.15, 0.704 + 0.05, 0.1])


def on_the_way(scene: BuiltScene, start: np.ndarray, goal: np.ndarray) -> ToolPath:
    poses = SHELF_POSES.copy()
    poses[2] = start
    sizes = np.stack([body.size for body in SHELF])
    asked, shut = (goal - start)[None], np.zeros((1, 3))
    return pick_place_path(
        scene, poses[None], sizes[None], np.array([2]), asked, openings=shut, config=ToolMotionConfig()
    )


@pytest.mark.parametrize("way", ["onto", "off", "within"])
def test_under_a_board_it_comes_and_goes_by_the_front(way: str) -> None:
    """Onto a middle board the path led down through the shelf's top."""
    scene = build(SHELF, PhysicsConfig())
    other = ON_MIDDLE - [0.0, 0.2, 0.2 - 0.004, 0.0]
    ends = {"onto": (SHELF_POSES[2], ON_MIDDLE), "off": (ON_MIDDLE, SHELF_POSES[2]), "within": (ON_MIDDLE, other)}[way]
    carried = on_the_way(scene, *ends)
    positions = carried.positions[0, carried.holding[0]]
    assert positions[-1] == pytest.approx(ends[1][:3] + [0, 0, 0.003], abs=1e-6)
    yaws = 2 * np.arctan2(carried.quaternions[0, :, 3], carried.quaternions[0, :, 0])[carried.holding[0]] + ends[0][3]
    assert yaws[-1] == pytest.approx(ends[1][3])
    for slab in scene.slabs[1]:
        at = SHELF_POSES[1, :3] + rotate_z(slab.center, SHELF_POSES[1, 3])
        block = positions, np.broadcast_to(SHELF[2].size, positions.shape), yaws
        apart = separation(block, (at, 2 * slab.half, SHELF_POSES[1, 3]))
        height = np.abs(positions[:, 2] - at[2]) - 0.05 - slab.half[2]
        assert np.maximum(apart, height).min() > -1e-3, "through a board"


def test_on_top_of_a_shelf_it_comes_from_above() -> None:
    scene = build(SHELF, PhysicsConfig())
    goal = np.array([0.83, 0.15, 0.95, 0.0])
    carried = on_the_way(scene, SHELF_POSES[2], goal)
    assert released(carried) == pytest.approx(goal[:3] + [0, 0, 0.003], abs=1e-6)


@pytest.mark.parametrize(("start", "goal"), [(SHELF_POSES[2], ON_MIDDLE), (ON_MIDDLE, SHELF_POSES[2])])
def test_physics_leaves_it_where_it_was_sent(start: np.ndarray, goal: np.ndarray) -> None:
    poses = SHELF_POSES.copy()
    poses[2] = start
    simulator = MujocoSimulator(SimulationConfig(threads=1))
    call = SkillCall("pick_place", "block", goal - start)
    (transition,) = simulator.simulate(SHELF, poses[None], [call], 0).transitions
    assert transition is not None, "lost on the way"
    assert transition.displacements[2] == pytest.approx((goal - start)[:3], abs=0.01)
    assert transition.relations_after.value("inside", "block", "shelf") == float(goal is ON_MIDDLE)


@pytest.mark.parametrize(("opening", "taken"), [(0.12, False), (0.20, True)])
def test_what_is_under_the_case_of_a_drawer_is_not_to_be_had(opening: float, taken: bool) -> None:
    """The hand stays away where its palm would meet the case, and so does the object."""
    bodies = (
        Body("pedestal", "table", [0.4, 0.5, 0.4]),
        Body("drawer", "drawer", [0.36, 0.4, 0.15]),
        Body("object", "cuboid", [0.04, 0.04, 0.04]),
    )
    front = 1.0 - 0.18 + 0.05
    poses = np.array([[1.0, 0.0, 0.2, 0.0], [1.0, 0.0, 0.475, 0.0], [front + 0.10 - opening, 0.0, 0.45, 0.0]])
    call = SkillCall("pick_place", "object", np.array([0.0, 0.6, 0.3, 0.0]))
    done = MujocoSimulator().simulate(bodies, poses[None], [call], 0, openings=np.array([0.0, opening, 0.0]))
    transition = done.transitions[0]
    assert transition is not None
    assert (np.linalg.norm(transition.displacements[2]) > 0.3) == taken
