"""Where what no look shows is taken to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.scene.objects.hidden import HiddenConfig, recalled
from f2p.scene.objects.rays import Rays
from f2p.scene.objects.tracking import KnownObject
from f2p.types import Box, Segment


def test_what_lay_in_a_drawer_that_was_shut_went_with_it() -> None:
    """Both places are out of sight then; taken to be where it was, it taught that contents stay."""
    open_ = Segment("drawer", "drawer", Box([1.0, 0.0, 0.5], [0.36, 0.4, 0.15]), np.zeros((1, 3)), 0.12)
    shut, lay = replace(open_, opening=0.02), Box([0.84, 0.0, 0.46], [0.04, 0.04, 0.04])
    nothing = Rays(np.zeros((0, 3)), np.array([0.0, 0.0, 1.3]), 0.012, 0.02)
    known = KnownObject("cup", "cuboid", lay.size, lay)
    (found,) = recalled([known], [shut], {"drawer": open_}, nothing, HiddenConfig())
    assert found.box.center == pytest.approx(lay.center + [0.10, 0.0, 0.0])
