"""A scene with a packed box, as perception would give it."""

import numpy as np
import pytest

from f2p.types import Box, Scene, Segment

NO_POINTS = np.zeros((0, 3), np.float32)


def segment(name, prior, center, size, yaw=0.0):
    return Segment(name, prior, Box(np.array(center), np.array(size), yaw), NO_POINTS)


@pytest.fixture
def make():
    return segment


@pytest.fixture
def scene():
    return Scene((
        segment("table_a", "table", (0.7, 0.55, 0.475), (0.5, 0.9, 0.05)),
        segment("table_b", "table", (0.7, -0.55, 0.475), (0.5, 0.9, 0.05)),
        segment("box", "open_box", (0.7, 0.55, 0.56), (0.25, 0.2, 0.12), 0.3),
        segment("object_1", "cuboid", (0.70, 0.55, 0.535), (0.04, 0.05, 0.05), 0.4),
        segment("landmark", "cuboid", (0.7, -0.3, 0.55), (0.06, 0.06, 0.10)),
    ))  # fmt: skip
