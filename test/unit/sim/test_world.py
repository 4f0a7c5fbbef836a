"""Bodies, worlds and the upright boxes around tipped bodies."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.sim.errors import BodyError
from f2p.sim.physics.rotations import rotation_matrices
from f2p.sim.world import Body, World, continued, reconstruct, upright_boxes
from f2p.types import Box, Scene, Segment


def quaternion(axis: int, angle: float) -> np.ndarray:
    out = np.zeros(4)
    out[0], out[1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
    return out


@pytest.mark.parametrize("yaw", [-2.5, 0.0, 0.4, 3.0])
def test_an_upright_body_keeps_yaw_and_size(yaw: float) -> None:
    size = np.array([0.1, 0.2, 0.3])
    poses, extents = upright_boxes(np.ones(3), rotation_matrices(quaternion(2, yaw)), size)
    assert poses == pytest.approx([1, 1, 1, yaw])
    assert extents == pytest.approx(size)


@pytest.mark.parametrize(("axis", "expected"), [(0, (0.1, 0.3, 0.2)), (1, (0.3, 0.2, 0.1))])
def test_a_body_tipped_onto_a_side_exchanges_its_extents(axis: int, expected: tuple[float, ...]) -> None:
    rotation = rotation_matrices(quaternion(axis, np.pi / 2))
    _, extents = upright_boxes(np.zeros(3), rotation, np.array([0.1, 0.2, 0.3]))
    assert extents == pytest.approx(expected)


def test_the_box_of_a_leaning_body_holds_its_corners() -> None:
    rng = np.random.default_rng(0)
    rotation = rotation_matrices(rng.normal(size=4))
    size = np.array([0.1, 0.2, 0.3])
    pose, extents = upright_boxes(np.zeros(3), rotation, size)
    corners = (np.array(np.meshgrid(*[[-0.5, 0.5]] * 3)).reshape(3, -1).T * size) @ rotation.T
    cosine, sine = np.cos(pose[3]), np.sin(pose[3])
    local = corners @ np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    assert np.abs(local).max(0) == pytest.approx(0.5 * extents)


def test_a_scene_is_rebuilt_from_boxes_priors_and_openings_alone() -> None:
    cloud = np.full((5, 3), 99.0)
    scene = Scene(
        (
            Segment("cup", "open_box", Box([1, 0, 0.5], [0.1, 0.2, 0.3], 0.7), cloud),
            Segment("drawer", "drawer", Box([1, 1, 0.5], [0.3, 0.3, 0.3]), cloud, opening=0.1),
        )
    )
    world = reconstruct(scene)
    assert world.names == ("cup", "drawer")
    assert world.poses[0] == pytest.approx([1, 0, 0.5, 0.7])
    assert world.openings == pytest.approx([0.0, 0.1])
    assert [box.size.tolist() for box in world.boxes] == [[0.1, 0.2, 0.3], [0.3, 0.3, 0.3]]


def test_a_tipped_cuboid_goes_on_with_its_new_extents() -> None:
    world = World((Body("tower", "cuboid", [0.05, 0.05, 0.2]),), np.array([[1, 0, 0.1, 0]]))
    lying = Scene((Segment("tower", "cuboid", Box([1.1, 0, 0.025], [0.2, 0.05, 0.05]), np.zeros((1, 3))),))
    after = continued(world, lying)
    assert after.bodies[0].size == pytest.approx([0.2, 0.05, 0.05])
    assert after.poses[0] == pytest.approx([1.1, 0, 0.025, 0])


def test_a_drawer_that_is_open_goes_on_open() -> None:
    """It closed between two steps: the opening was part of the shape."""
    box = Box([1, 0, 0.1], [0.3, 0.3, 0.2])
    world = World((Body("drawer", "drawer", [0.3, 0.3, 0.2]),), box.pose[None])
    assert world.openings.tolist() == [0.0]
    seen = Scene((Segment("drawer", "drawer", box, np.zeros((1, 3)), opening=0.12),))
    assert continued(world, seen).openings == pytest.approx([0.12])
    slack = Scene((Segment("drawer", "drawer", box, np.zeros((1, 3)), opening=-1e-4),))
    assert continued(world, slack).openings.tolist() == [0.0], "a stop gives a little"


@pytest.mark.parametrize("openings", [[0.1, 0.1], [-0.1], [np.nan]])
def test_openings_that_do_not_fit_are_refused(openings: list[float]) -> None:
    with pytest.raises(BodyError, match="one opening of at least 0 m for each body"):
        World((Body("drawer", "drawer", [0.3, 0.3, 0.2]),), np.zeros((1, 4)), openings)


@pytest.mark.parametrize("size", [[0.1, 0.1], [0.1, np.nan, 0.1], [0.1, 0.0, 0.1]])
def test_an_impossible_size_is_refused_by_name(size: list[float]) -> None:
    with pytest.raises(BodyError, match="cup"):
        Body("cup", "cuboid", size)


def test_an_unknown_body_is_refused_with_the_choices() -> None:
    world = World((Body("cup", "cuboid", [0.1] * 3),), np.zeros((1, 4)))
    with pytest.raises(BodyError, match="there are: cup"):
        world.index("mug")
    with pytest.raises(BodyError, match=r"\(2, 4\)"):
        World(world.bodies, np.zeros((2, 4)))
