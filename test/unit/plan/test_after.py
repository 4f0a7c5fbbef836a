"""What a search expects of a scene after the first calls of a plan."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.plan.after import After
from f2p.plan.analytic import AnalyticPredictor
from f2p.types import Box, Scene, Segment, SkillCall


def slide(far: float) -> SkillCall:
    return SkillCall("slide_drawer", "drawer", np.array([far]))


def test_what_was_opened_is_open_for_whoever_plans_the_next_step() -> None:
    """A search that opened a drawer looked for places in the shut one, and found none."""
    drawer = Segment("drawer", "drawer", Box(np.array([0.8, 0.0, 0.4]), np.array([0.35, 0.4, 0.15])), np.zeros((4, 3)))
    scene = Scene((drawer,))
    assert After(AnalyticPredictor(), scene, (slide(0.15),)).scene.segments[0].opening == pytest.approx(0.15)
    assert After(AnalyticPredictor(), scene, (slide(0.15), slide(-0.3))).scene.segments[0].opening == 0.0
    assert scene.segments[0].opening == 0.0, "what was seen stays as it was seen"
