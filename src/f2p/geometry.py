"""Upright oriented boxes: corners, extents, gaps and containment, vectorised over any leading axes.

A box is (center [..., 3], size [..., 3], yaw [...]) in the task frame; metres and radians.
"""

from __future__ import annotations

import numpy as np

Boxes = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Centers, sizes and yaws."""

_SIGNS = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


def rotate_z(vectors: np.ndarray, yaws: np.ndarray | float) -> np.ndarray:
    """Turn horizontal or spatial vectors about +z.

    Args:
        vectors: Shape (..., 2) or (..., 3) [m].
        yaws: Angles [rad], broadcast against the leading axes of `vectors`.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    cosine, sine = np.cos(yaws), np.sin(yaws)
    x = cosine * vectors[..., 0] - sine * vectors[..., 1]
    y = sine * vectors[..., 0] + cosine * vectors[..., 1]
    rest = (np.broadcast_to(vectors[..., axis], x.shape) for axis in range(2, vectors.shape[-1]))
    return np.stack([x, y, *rest], axis=-1)


def turn_about_z(yaws: np.ndarray | float) -> np.ndarray:
    """Return the matrices of rotations about +z: their columns are the turned axes. Shape (..., 3, 3)."""
    return np.swapaxes(rotate_z(np.eye(3), np.asarray(yaws, dtype=np.float64)[..., None]), -1, -2)


def wrapped(angles: np.ndarray | float, period: float = 2.0 * np.pi) -> np.ndarray:
    """Return angles brought into [-period/2, period/2) [rad]."""
    return np.mod(np.asarray(angles) + period / 2.0, period) - period / 2.0


def half_extents(sizes: np.ndarray, yaws: np.ndarray | float) -> np.ndarray:
    """Return half extents of yawed boxes along the axes of the task frame [m]. Shape (..., 3)."""
    sizes = np.asarray(sizes, dtype=np.float64)
    cosine, sine = np.abs(np.cos(yaws)), np.abs(np.sin(yaws))
    x = cosine * sizes[..., 0] + sine * sizes[..., 1]
    y = sine * sizes[..., 0] + cosine * sizes[..., 1]
    return 0.5 * np.stack([x, y, np.broadcast_to(sizes[..., 2], x.shape)], axis=-1)


def footprint_corners(centers: np.ndarray, sizes: np.ndarray, yaws: np.ndarray) -> np.ndarray:
    """Return the four horizontal corners of each box, anticlockwise [m]. Shape (..., 4, 2)."""
    offsets = 0.5 * np.asarray(sizes)[..., None, :2] * _SIGNS
    return np.asarray(centers)[..., None, :2] + rotate_z(offsets, np.asarray(yaws)[..., None])


def box_corners(center: np.ndarray, size: np.ndarray, yaw: float) -> np.ndarray:
    """Return the corners of an upright box: bottom before top, -x before +x, -y before +y [m]. Shape (8, 3)."""
    signs = np.array([[x, y, z] for z in (-1, 1) for x in (-1, 1) for y in (-1, 1)])
    return rotate_z(0.5 * signs * size, yaw) + center


def into_box(points: np.ndarray, centers: np.ndarray, yaws: np.ndarray | float) -> np.ndarray:
    """Return points in the box's own axes, origin at its centre [m]; horizontal or spatial like `points`."""
    dimensions = np.asarray(points).shape[-1]
    return rotate_z(np.asarray(points) - np.asarray(centers)[..., :dimensions], -np.asarray(yaws))


def inside_box(points: np.ndarray, center: np.ndarray, size: np.ndarray, yaw: float, margin: float = 0.0) -> np.ndarray:
    """Return which points (n, 3) lie in one box grown by `margin` [m]. Shape (n,), bool."""
    return np.all(np.abs(into_box(points, center, yaw)) <= 0.5 * np.asarray(size) + margin, axis=-1)


def footprint_excess(
    points_xy: np.ndarray, centers: np.ndarray, sizes: np.ndarray, yaws: np.ndarray | float
) -> np.ndarray:
    """Return the horizontal distance from points (..., 2) to yawed rectangles; 0 within [m]. Shape (...)."""
    beyond = np.abs(into_box(points_xy, centers, yaws)) - 0.5 * np.asarray(sizes)[..., :2]
    return np.linalg.norm(np.maximum(beyond, 0.0), axis=-1)


def footprint_edge_distance(
    points_xy: np.ndarray, centers: np.ndarray, sizes: np.ndarray, yaws: np.ndarray
) -> np.ndarray:
    """Horizontal distance from points (..., 2) to the nearest edge segment of yawed rectangles [m]. Shape (...)."""
    beyond = np.abs(into_box(points_xy, centers, yaws)) - 0.5 * np.asarray(sizes)[..., :2]
    outside = np.linalg.norm(np.maximum(beyond, 0.0), axis=-1)
    return np.where(np.all(beyond <= 0.0, axis=-1), -np.max(beyond, axis=-1), outside)


def pairwise_gaps(centers: np.ndarray, sizes: np.ndarray, yaws: np.ndarray) -> np.ndarray:
    """Exact distance between every two upright boxes, 0 where they overlap [m]. Shape (..., n, n)."""
    corners = footprint_corners(centers, sizes, yaws)
    # the distance of two disjoint rectangles is reached at a corner of one of them
    to_other = footprint_excess(
        corners[..., :, None, :, :],
        centers[..., None, :, None, :],
        sizes[..., None, :, None, :],
        yaws[..., None, :, None],
    ).min(axis=-1)
    horizontal = np.minimum(to_other, np.swapaxes(to_other, -1, -2))
    first = centers[..., :, None, :], sizes[..., :, None, :], yaws[..., :, None]
    second = centers[..., None, :, :], sizes[..., None, :, :], yaws[..., None, :]
    horizontal = np.where(separation(first, second) <= 0.0, 0.0, horizontal)
    heights, halves = centers[..., 2], 0.5 * sizes[..., 2]
    vertical = np.abs(heights[..., :, None] - heights[..., None, :]) - halves[..., :, None] - halves[..., None, :]
    return np.hypot(horizontal, np.maximum(vertical, 0.0))


def separation(first: Boxes, second: Boxes) -> np.ndarray:
    """Return how far footprints are apart along the best of their four axes, broadcast [m]; negative if they overlap.

    It is the distance of two faces, and less than that of two corners.
    """
    (centers, sizes, yaws), (others, other_sizes, other_yaws) = first, second
    turns = np.asarray(other_yaws) - yaws
    on_first = np.abs(into_box(others[..., :2], centers, yaws)) - 0.5 * sizes[..., :2]
    on_second = np.abs(into_box(centers[..., :2], others, other_yaws)) - 0.5 * other_sizes[..., :2]
    on_first = on_first - half_extents(other_sizes, turns)[..., :2]
    on_second = on_second - half_extents(sizes, turns)[..., :2]
    return np.asarray(np.maximum(on_first, on_second).max(axis=-1))


def within(poses: np.ndarray, sizes: np.ndarray, container: np.ndarray) -> np.ndarray:
    """Return which bodies lie in the outer box of each run's `container`, or stand on it. Shape (runs, bodies), bool.

    Their centre is over its footprint and their bottom above its bottom (so a box is not within what lies in it).
    """
    rows = np.arange(len(poses))
    own = into_box(poses[:, :, :3], poses[rows, container, None, :3], poses[rows, container, None, 3])
    half = 0.5 * sizes[rows, container][:, None]
    inside = np.all(np.abs(own[..., :2]) < half[..., :2], axis=-1)
    inside &= own[..., 2] - 0.5 * sizes[..., 2] > -half[..., 2]
    inside[rows, container] = False
    return np.asarray(inside)
