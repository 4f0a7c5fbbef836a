"""What a look is compared with: relations of a body that is missed are wrong, and of two that changed places."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.bench.perception import compared
from f2p.types import Box, Scene, Segment


def body(name: str, y: float) -> Segment:
    prior, z = ("table", 0.4) if name == "table_a" else ("cuboid", 0.47)
    size = np.array([0.8, 0.8, 0.1]) if prior == "table" else np.array([0.04, 0.04, 0.04])
    return Segment(name, prior, Box(np.array([0.7, y, z]), size), np.zeros((0, 3)))


TRUTH = Scene((body("table_a", 0.0), body("one", 0.2), body("two", -0.2)))


def test_a_look_that_sees_everything_is_equal() -> None:
    assert compared(Scene(TRUTH.segments[::-1]), TRUTH) == 1.0


def test_what_is_missed_is_wrong() -> None:
    """A third of the unary relations, and all of the four ordered pairs of six."""
    share = compared(Scene(TRUTH.segments[:2]), TRUTH)
    assert 0.2 < share < 0.5


def test_what_changed_places_is_wrong() -> None:
    swapped = Scene((body("table_a", 0.0), body("one", -0.2), body("two", 0.2)))
    assert 0.8 < compared(swapped, TRUTH) < 1.0


def test_nothing_seen_is_nothing_right() -> None:
    assert compared(Scene(()), TRUTH) == pytest.approx(0.0)
