"""Pushes that are proposed, and the strokes they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.action.meeting import meeting
from f2p.action.protocol import actions
from f2p.action.push import FARTHEST, RIM, support_of
from f2p.action.strokes import Surroundings, strokes
from f2p.geometry import into_box
from f2p.types import Box, Scene, Segment


def segment(name: str, prior: str, center: tuple[float, ...], size: tuple[float, ...], yaw: float = 0.0) -> Segment:
    return Segment(name, prior, Box(np.array(center), np.array(size), yaw), np.zeros((0, 3)))


TABLE = segment("table", "table", (0.65, 0.0, 0.475), (0.4, 0.8, 0.05), 0.1)
CUP = segment("cup", "cuboid", (0.6, 0.1, 0.53), (0.06, 0.06, 0.06))
SCENE = Scene((TABLE, CUP, segment("tower", "cuboid", (0.7, -0.2, 0.6), (0.05, 0.05, 0.2)),
               segment("lid", "cuboid", (0.6, 0.1, 0.57), (0.04, 0.04, 0.02)),
               segment("drawer", "drawer", (0.7, -0.3, 0.52), (0.1, 0.1, 0.04))))  # fmt: skip
PUSH = actions.get("push")


def test_what_is_free_and_low_enough_for_the_gripper_over_it_can_be_pushed() -> None:
    assert [one.name for one in SCENE.segments if PUSH.applies(one)] == ["cup", "lid"]


def test_it_stands_on_what_is_right_below_it() -> None:
    under = {name: support_of(SCENE, name) for name in ("cup", "lid", "table")}
    assert {name: one and one.name for name, one in under.items()} == {"cup": "table", "lid": "cup", "table": None}


def test_proposals_go_in_all_directions_and_end_on_what_the_object_stands_on() -> None:
    drawn = PUSH.draw(SCENE, "cup", 2000, np.random.default_rng(0))
    ends = SCENE.segments[1].box.center + PUSH.expected(SCENE, "cup", drawn)[:, 1]
    inside = np.abs(into_box(ends[:, :2], TABLE.box.center[:2], TABLE.box.yaw))
    assert np.all(inside <= 0.5 * TABLE.box.size[:2] - RIM + 1e-9)
    assert np.abs(drawn).max() <= FARTHEST and np.all(np.histogram(np.arctan2(*drawn.T), 8)[0] > 100)


def around(*segments: Segment) -> Surroundings:
    poses, sizes = (np.stack([getattr(one.box, what) for one in segments]) for what in ("pose", "size"))
    return Surroundings(poses, sizes, np.array([not one.shape.support for one in segments]))


@pytest.mark.parametrize("push", [(0.1, 0.0), (0.0, -0.07), (-0.2, 0.0)])
def test_a_stroke_against_a_face_ends_with_the_face_where_it_shall_be(push: tuple[float, float]) -> None:
    (stroke,) = strokes(around(TABLE, CUP), 1, np.array(push))
    behind = CUP.box.center[:2] + push - (0.03 + 0.012) * stroke.direction
    assert stroke.end == pytest.approx(behind) and stroke.direction @ push == pytest.approx(np.linalg.norm(push))
    assert stroke.bottom == pytest.approx(0.506) and stroke.room == np.inf


def test_two_strokes_have_one_opening_and_the_second_ends_at_the_place() -> None:
    turned = segment("cup", "cuboid", (0.6, 0.1, 0.53), (0.10, 0.09, 0.06), 0.4)
    first, second = strokes(around(TABLE, turned), 1, np.array([0.15, -0.05]))
    assert first.opening == second.opening > 0.013, "a wider body, wider pads"
    assert abs(second.end - turned.box.center[:2] - [0.15, -0.05])[1] == pytest.approx(0.045 + 0.012, abs=0.004)


def test_pads_come_down_where_there_is_room_or_tell_how_much_is_missing() -> None:
    near = segment("near", "cuboid", (0.53, 0.1, 0.53), (0.03, 0.2, 0.06))
    (stroke,) = strokes(around(TABLE, CUP, near), 1, np.array([0.1, 0.0]))
    assert stroke.room < 0.0
    low = segment("near", "cuboid", (0.53, 0.1, 0.502), (0.03, 0.2, 0.004))
    (stroke,) = strokes(around(TABLE, CUP, low), 1, np.array([0.1, 0.0]))
    assert stroke.room == np.inf, "what is lower than the pads is not in the way"


def test_a_square_that_lies_askew_turns_against_the_pads_and_drifts_away_from_its_edge() -> None:
    turn = 0.3
    met = meeting(np.array([0.03, 0.03]), np.array([np.cos(turn), np.sin(turn)]), 0.013, 0.15)
    assert met.turned == pytest.approx(turn) and met.depth + -met.advance + 0.15 == pytest.approx(0.03)
    mirrored = meeting(np.array([0.03, 0.03]), np.array([np.cos(turn), -np.sin(turn)]), 0.013, 0.15)
    assert mirrored.drift == pytest.approx(-met.drift)
    assert 0.3 * 0.03 * np.sin(turn) < abs(met.drift) < 0.03 * np.sin(turn), "less where it slides along the pads"
    brief = meeting(np.array([0.03, 0.03]), np.array([np.cos(turn), np.sin(turn)]), 0.013, 0.005)
    assert 0.0 < brief.turned < turn, "a short push does not square it"
