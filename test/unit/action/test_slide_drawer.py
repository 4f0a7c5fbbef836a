"""Proposals of opening and closing: what a drawer can do from where it is, and what an earlier step made possible."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.action.protocol import actions, meant_opening
from f2p.action.slide_drawer import SHUT
from f2p.types import Box, Scene, Segment, SkillCall

NO_POINTS = np.zeros((1, 3))
SLIDE = actions.get("slide_drawer")


def scene(opening: float = 0.0, x: float = 1.0) -> Scene:
    return Scene(
        (
            Segment("box", "open_box", Box([0.5, 0.2, 0.75], [0.2, 0.2, 0.1]), NO_POINTS),
            Segment("drawer", "drawer", Box([x, 0.3, 0.5], [0.36, 0.4, 0.15]), NO_POINTS, opening),
            Segment("shelf", "shelf", Box([0.9, 0.9, 0.2], [0.3, 0.3, 0.4]), NO_POINTS),
            Segment("matchbox", "drawer", Box([0.6, 0.0, 0.5], [0.06, 0.04, 0.02]), NO_POINTS),
        )
    )


def test_only_what_slides_and_can_be_hooked_is_acted_on() -> None:
    applies = [one.name for one in scene().segments if SLIDE.applies(one)]
    assert applies == ["drawer"], "the bar of a matchbox has no room for fingers"


@pytest.mark.parametrize("opening", [0.0, 0.1])
def test_proposals_go_from_shutting_it_to_all_of_its_travel(opening: float) -> None:
    drawn = SLIDE.draw(scene(opening), "drawer", 4000, np.random.default_rng(0))
    assert drawn.shape == (4000, 1)
    assert drawn.min() == pytest.approx(-opening - SHUT, abs=0.002)
    assert drawn.max() == pytest.approx(0.2718 - opening, abs=0.002)


def test_no_bar_is_proposed_to_come_to_where_the_hand_passes() -> None:
    drawn = SLIDE.draw(scene(x=0.80), "drawer", 1000, np.random.default_rng(0))
    bar = 0.80 - 0.5 * 0.36 + 0.03 - drawn.max()
    assert bar == pytest.approx(0.49, abs=0.005)


def test_it_is_meant_to_be_open_from_shut_to_the_end_of_its_travel() -> None:
    call = SkillCall("slide_drawer", "drawer", np.array([0.1]))
    assert meant_opening(call, scene(0.05)) == pytest.approx(0.15)
    opened = SLIDE.opened(scene(), "drawer", np.array([[-0.2], [0.4]]), np.array([0.1, 0.1]))
    assert opened == pytest.approx([0.0, 0.2718], abs=1e-6)
    assert meant_opening(SkillCall("pick_place", "drawer", np.zeros(4)), scene(0.05)) == 0.05


def test_a_case_is_not_meant_to_move() -> None:
    assert not SLIDE.expected(scene(), "drawer", np.array([[0.2], [-0.1]])).any()
