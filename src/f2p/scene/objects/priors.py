"""Fits a shape prior (A.12) to a partial view: points of one object go in, an upright oriented box comes out.

The paper takes the dimensions from the segment's bounding box and the prior from semantics; here the prior follows from
shape alone (ours: no names are known at first), and the side that no camera sees, the bottom, from what it stands on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.geometry import rotate_z
from f2p.settings import Settings, number
from f2p.types import Box


@dataclass(frozen=True)
class PriorConfig(Settings):
    """How boxes are fitted and priors are told apart."""

    trim: float = number(
        0.01, "share of the points beyond each side of a fitted box", low=0.0, high=0.2, source="ours: depth noise"
    )
    snap: float = number(
        0.03, "a bottom seen this near its support stands on it", unit="m", low=0.0, high=0.2,
        source="ours: the foot of an object is often hidden",
    )  # fmt: skip
    least_size: float = number(0.004, "no box is thinner than this", unit="m", low=0.001, high=0.1)


_ENOUGH = 1500
"""Points a rectangle is fitted to, at least where there are that many (ours: more change less than the noise)."""


def _extents(points_xy: np.ndarray, yaws: np.ndarray, trim: float) -> tuple[np.ndarray, np.ndarray]:
    """Return trimmed low and high bounds along the axes of each candidate yaw. Two of shape (yaws, 2)."""
    x, y = points_xy.T
    cosine, sine = np.cos(yaws)[:, None], np.sin(yaws)[:, None]
    local = np.stack([cosine * x + sine * y, cosine * y - sine * x])
    count = len(points_xy)
    cut = min(int(trim * count), (count - 1) // 2)
    local.partition([cut, count - 1 - cut], axis=-1)  # along memory: twice as fast as across it
    return local[..., cut].T, local[..., count - 1 - cut].T


def fit_footprint(points_xy: np.ndarray, trim: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the rectangle of least area around points, up to a trimmed share on each side.

    Args:
        points_xy: Horizontal positions [m]. Shape (n, 2), n >= 1.
        trim: Share left out at each side.

    Returns:
        Centre (2,) [m], extents (2,) [m], and yaw in [-pi/4, pi/4) [rad].
    """
    yaw = 0.0
    points_xy = points_xy[:: max(1, len(points_xy) // _ENOUGH)]
    for step, count in ((np.pi / 36.0, 18), (np.pi / 360.0, 11)):
        yaws = yaw + (np.arange(count) - count // 2) * step
        low, high = _extents(points_xy, yaws, trim)
        best = int(np.argmin(np.prod(high - low + 1e-3, axis=1)))
        yaw, bounds = float(yaws[best]), (low[best], high[best])
    center, size = rotate_z(0.5 * (bounds[0] + bounds[1]), yaw), bounds[1] - bounds[0]
    quarter = int(np.floor(yaw / (np.pi / 2.0) + 0.5))
    if quarter % 2:
        size = size[::-1]
    return center, size, yaw - quarter * np.pi / 2.0


def top_of(points: np.ndarray) -> float:
    """Return the height of the upper face of points (n, 3), unbiased by depth noise where the face is seen [m]."""
    heights = points[:, 2]
    high = float(np.percentile(heights, 97.0))
    return float(np.median(heights[heights > high - 0.008]))


def fit_box(
    points: np.ndarray, support: float | None, config: PriorConfig = PriorConfig(), *, standing: bool = False
) -> Box:
    """Return an upright oriented box around one partial view.

    Args:
        points: Shape (n, 3), gravity along -z [m].
        support: Height of what it may stand on [m]; None if unknown.
        config: Trimming and snapping.
        standing: It stands on the support, however far above it what is seen ends.
    """
    points = np.asarray(points, dtype=np.float64)
    center, size, yaw = fit_footprint(points[:, :2], config.trim)
    top, bottom = top_of(points), float(np.percentile(points[:, 2], 100.0 * config.trim))
    if support is not None and (standing or bottom - support < config.snap):
        bottom = support
    top = max(top, bottom + config.least_size)
    size = np.maximum(np.array([size[0], size[1], top - bottom]), config.least_size)
    return Box(np.array([center[0], center[1], 0.5 * (top + bottom)]), size, yaw)
