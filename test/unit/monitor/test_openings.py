"""By how much a drawer was open otherwise than expected."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.monitor.openings import least_missed
from f2p.types import UNARY_RELATIONS, Box, Segment

OPEN = UNARY_RELATIONS.index("drawer_open")


def drawer(opening: float, prior: str = "drawer") -> Segment:
    return Segment(prior, prior, Box([1.0, 0.0, 0.5], [0.36, 0.4, 0.15], 0.0), np.zeros((1, 3)), opening)


@pytest.mark.parametrize(
    ("before", "after", "least", "most"),
    [
        (0.13, 0.04, 0.10, 0.18),  # two of nine centimetres too few: no alarm
        (0.0, 0.0, 0.35, 0.55),  # it was to be open, and is jammed
        (0.13, 0.13, 2.0, 2.4),  # it was to be shut, and is jammed
    ],
)
def test_a_drawer_that_stopped_beside_the_threshold_is_off_by_little_and_a_jammed_one_is_not(
    before: float, after: float, least: float, most: float
) -> None:
    assert least <= least_missed(drawer(before), drawer(after), OPEN, 0.05) <= most


def test_of_what_does_not_slide_no_opening_tells() -> None:
    assert least_missed(drawer(0.0, "cuboid"), drawer(0.0, "cuboid"), OPEN, 0.05) == np.inf
    assert least_missed(drawer(0.1), drawer(0.1), UNARY_RELATIONS.index("is_drawer"), 0.05) == np.inf
