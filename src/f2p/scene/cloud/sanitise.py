"""Makes a cloud fit to look at: any array goes in, finite points within bounds or an error with the facts come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.scene.errors import CloudShapeError, CloudTooLargeError, CloudTooSmallError
from f2p.settings import Settings, number


@dataclass(frozen=True)
class SanitiseConfig(Settings):
    """What a usable cloud is."""

    maximum_points: int = number(
        5_000_000, "largest cloud that is looked at", low=1, high=1e9, source="ours: sixteen VGA depth images"
    )
    least_points: int = number(100, "fewest usable points", low=1, high=1e6, source="ours: one object far away")
    nearest: float = number(0.1, "points nearer to the origin of their frame are dropped", unit="m", low=0.0, high=1.0)
    farthest: float = number(
        6.0, "points farther from the origin of their frame are dropped", unit="m", low=0.5, high=100.0,
        source="ours: beyond it a D435i or Kinect sees centimetres of noise",
    )  # fmt: skip


def usable(points: np.ndarray, config: SanitiseConfig = SanitiseConfig(), where: str = "cloud") -> np.ndarray:
    """Return which points of a cloud can be looked at.

    Args:
        points: Raw cloud in any frame whose origin is the robot or the sensor [m]. Shape (points, 3).
        config: Limits.
        where: What the error calls the cloud.

    Returns:
        Mask, shape (points,), bool.

    Raises:
        CloudShapeError: Not (points, 3).
        CloudTooLargeError: Too many points; found before anything is computed.
        CloudTooSmallError: Too few finite points within bounds.
    """
    if getattr(points, "ndim", 0) != 2 or points.shape[1] != 3:
        raise CloudShapeError(getattr(points, "shape", ()), where)
    if len(points) > config.maximum_points:
        raise CloudTooLargeError(len(points), int(config.maximum_points), where)
    with np.errstate(invalid="ignore", over="ignore"):
        squared = np.einsum("ij,ij->i", points, points, dtype=np.float64)
        mask = np.isfinite(squared) & (squared >= config.nearest**2) & (squared <= config.farthest**2)
    if mask.sum() < config.least_points:
        raise CloudTooSmallError(int(mask.sum()), len(points), int(config.least_points), where)
    return mask


def within_bounds(points: np.ndarray, low: Sequence[float], high: Sequence[float]) -> np.ndarray:
    """Return which points (n, 3) lie in a box along the axes of their frame. Shape (n,), bool."""
    inside = np.ones(len(points), dtype=bool)
    for column, least, most in zip(points.T, low, high, strict=True):  # three times as fast as over rows of three
        inside &= (column >= least) & (column <= most)
    return inside


def voxels(points: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Merge points into cells of a grid.

    Args:
        points: Finite points [m]. Shape (points, 3).
        size: Edge of a cell [m].

    Returns:
        The mean point of each occupied cell (cells, 3), and the cell of every point (points,) int.
    """
    _, inverse, counts = np.unique(cell_numbers(points, size), return_inverse=True, return_counts=True)
    return averaged(points, inverse, counts), inverse


def cell_numbers(points: np.ndarray, size: float) -> np.ndarray:
    """Return which cell of a grid of edge `size` [m] points (n, 3) lie in, counted by x, y, z. Shape (n,), int."""
    keys = np.zeros(len(points), dtype=np.int64)
    for column in np.asarray(points).T:  # column by column: three times as fast as over rows of three
        cells = np.floor(column / size).astype(np.int64)
        cells -= cells.min(initial=0)
        keys = keys * (cells.max(initial=0) + 1) + cells
    return keys


def thinned(points: np.ndarray, most: int) -> np.ndarray:
    """Return every so-many-th row, so that at most `most` are left."""
    return points[:: max(1, -(-len(points) // most))]


def averaged(values: np.ndarray, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the mean of the rows of `values` (n, k) in each group. Shape (groups, k)."""
    sums = [np.bincount(groups, weights=column, minlength=len(counts)) for column in np.asarray(values).T]
    return np.stack(sums, axis=-1) / np.maximum(counts, 1)[:, None]
