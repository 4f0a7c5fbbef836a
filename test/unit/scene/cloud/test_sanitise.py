"""Clouds nobody should look at are refused with the facts."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.scene.cloud.sanitise import SanitiseConfig, usable, voxels
from f2p.scene.errors import CloudShapeError, CloudTooLargeError, CloudTooSmallError


def test_keeps_only_finite_points_within_bounds() -> None:
    """NaN, infinity, the sensor's own place and the far wall are dropped."""
    good = np.tile([1.0, 0.0, 0.5], (100, 1))
    bad = [[np.nan, 0, 1], [np.inf, 0, 1], [0, 0, 0], [100, 0, 0], [1e200, 1e200, 0]]
    mask = usable(np.concatenate([good, bad]))
    assert mask.sum() == 100
    assert not mask[100:].any()


@pytest.mark.parametrize(
    "cloud", [np.zeros((0, 3)), np.full((5000, 3), np.nan), np.array([[1.0, 0.0, 1.0]]), np.zeros((500, 3))]
)
def test_too_small(cloud: np.ndarray) -> None:
    """Empty, all NaN, one point, all at the origin."""
    with pytest.raises(CloudTooSmallError, match=rf"of {len(cloud)}; at least 100"):
        usable(cloud)


def test_too_large_is_found_before_anything_is_computed() -> None:
    """A view of 20 million points costs no memory and no time."""
    huge = np.broadcast_to(np.zeros((1, 3), dtype=np.float32), (20_000_000, 3))
    with pytest.raises(CloudTooLargeError, match="20000000 points"):
        usable(huge)


@pytest.mark.parametrize("shape", [(10,), (10, 2), (10, 4), (2, 10, 3)])
def test_wrong_shape(shape: tuple[int, ...]) -> None:
    """The shape found is in the message."""
    with pytest.raises(CloudShapeError, match="expected"):
        usable(np.zeros(shape))


def test_limits_are_settings() -> None:
    """A caller may allow less."""
    with pytest.raises(CloudTooLargeError):
        usable(np.ones((200, 3)), SanitiseConfig(maximum_points=199))


def test_voxels_average_and_map_back() -> None:
    """Two points of one cell become their mean; each point knows its cell."""
    cells, cell_of = voxels(np.array([[0.001, 0, 0], [0.003, 0, 0], [0.1, 0, 0]]), 0.01)
    assert len(cells) == 2
    assert np.allclose(cells[cell_of[0]], [0.002, 0, 0])
    assert cell_of[0] == cell_of[1] != cell_of[2]
