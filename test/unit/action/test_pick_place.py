"""Proposals of pick-and-place: targets from all of the workspace, parameters from where the object stands."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.action.protocol import actions
from f2p.action.workspace import Workspace
from f2p.shape.protocol import board
from f2p.types import Box, Scene, Segment

SCENE = Scene(
    (
        Segment("table", "table", Box([0.6, 0.0, 0.35], [0.3, 0.8, 0.7], 0.3), np.zeros((1, 3))),
        Segment("box", "open_box", Box([0.5, 0.2, 0.75], [0.2, 0.2, 0.1]), np.zeros((1, 3))),
        Segment("drawer", "drawer", Box([0.9, 0.9, 0.2], [0.3, 0.3, 0.2]), np.zeros((1, 3))),
    )
)
PICK_PLACE = actions.get("pick_place")


def test_targets_cover_the_workspace_wherever_the_object_stands() -> None:
    space = Workspace()
    drawn = PICK_PLACE.draw(SCENE, "box", 5000, np.random.default_rng(0), space)
    ends = SCENE.segments[1].box.center + PICK_PLACE.expected(SCENE, "box", drawn)[:, 1]
    low, high = (space.x_low, space.y_low), (space.x_high, space.y_high)
    assert np.allclose(ends[:, :2].min(0), low, atol=0.01) and np.allclose(ends[:, :2].max(0), high, atol=0.01)
    assert not drawn[:, 3].any()


def test_a_target_ends_on_what_is_seen_there_and_where_it_was_if_that_is_nothing() -> None:
    """What was put on a cabinet taller than the table was believed to end within it: models take dz at its word."""
    case, came_out, table, nothing = [0.95, 0.9], [0.72, 0.9], [0.6, 0.0], [0.3, 1.1]
    drawn = PICK_PLACE.draw(SCENE, "box", 20_000, np.random.default_rng(0))
    ends = SCENE.segments[1].box.center + drawn[:, :3]
    drawer = SCENE.segments[2]
    floor = drawer.box.center[2] + drawer.shape.tops(drawer.box.size, board(drawer.box.size))[1].center[2]
    for at, level in ((case, 0.3), (came_out, floor), (table, 0.7), (nothing, 0.7)):
        nearest = np.argmin(np.linalg.norm(ends[:, :2] - at, axis=1))
        assert ends[nearest, 2] == pytest.approx(level + 0.05, abs=0.001), at


def test_what_lies_in_a_box_is_not_what_the_box_is_put_on() -> None:
    filled = Segment("content", "cuboid", Box([0.5, 0.2, 0.74], [0.05, 0.05, 0.06]), np.zeros((1, 3)))
    scene = Scene((*SCENE.segments[:2], filled))
    drawn = PICK_PLACE.draw(scene, "box", 20_000, np.random.default_rng(0))
    near = np.argmin(np.linalg.norm(drawn[:, :2] - [0.01, 0.0], axis=1))
    assert np.linalg.norm(drawn[near, :2]) < 0.025 and drawn[near, 2] == pytest.approx(0.0, abs=1e-6)


def test_targets_over_objects_lie_over_one_of_them() -> None:
    drawn = PICK_PLACE.draw(SCENE, "box", 500, np.random.default_rng(0), Workspace(over_objects=1.0))
    ends = SCENE.segments[1].box.center[:2] + drawn[:, :2]
    near = [np.linalg.norm(ends - one.box.center[:2], axis=1) <= np.linalg.norm(one.box.size[:2]) / 2 + 0.1
            for one in SCENE.segments]  # fmt: skip
    assert np.all(np.any(near, axis=0))


@pytest.mark.parametrize(("name", "may"), [("table", False), ("box", True), ("drawer", False)])
def test_what_slides_or_stands_fast_is_not_picked(name: str, may: bool) -> None:
    assert PICK_PLACE.applies(SCENE.segments[SCENE.index(name)]) is may


def test_only_the_object_is_meant_to_move() -> None:
    moved = PICK_PLACE.expected(SCENE, "box", np.array([[0.1, -0.2, 0.05, 1.0]]))
    assert np.array_equal(moved[0], [[0, 0, 0], [0.1, -0.2, 0.05], [0, 0, 0]])
