"""The test segmenter `ground_truth`: boxes and names from the simulator, points from the camera."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from f2p.geometry import box_corners, inside_box
from f2p.registry import UnknownNameError
from f2p.ros.errors import MessageError
from f2p.types import Box, Scene, Segment

MARGIN = 0.006
"""A point this near a true box belongs to it [m] (ours: four standard deviations of depth noise at 1.2 m)."""

MOST_POINTS = 2048
"""Clouds of segments are thinned to this, as the geometric segmenter does."""


def scene_from_json(text: str) -> Scene:
    """Read the true boxes of `/stretch_sim/ground_truth`, without points. Raises MessageError for bad text."""
    try:
        bodies = json.loads(text)["bodies"]
        segments = tuple(
            Segment(item["name"], item["prior"], _box(item["pose"], item["size"]), np.zeros((0, 3))) for item in bodies
        )
    except (ValueError, KeyError, TypeError, IndexError, UnknownNameError) as error:
        raise MessageError(f"the ground truth cannot be read: {error!r}") from error
    return Scene(segments)


def _box(pose: Sequence[float], size: Sequence[float]) -> Box:
    """Return a box at (x, y, z, yaw)."""
    return Box(np.array(pose[:3]), np.array(size), float(pose[3]))


def labelled(points_task: np.ndarray, truth: Scene, stamp_ns: int) -> Scene:
    """Return the true boxes with the points that were really seen of them.

    Args:
        points_task: Merged cloud [m]. Shape (n, 3).
        truth: Boxes, names and priors.
        stamp_ns: When the cloud was seen [ns].

    Returns:
        All true segments in their order; one that was not seen keeps the corners of its box as its cloud.
    """
    free = np.ones(len(points_task), dtype=bool)
    clouds: dict[str, np.ndarray] = {}
    for segment in sorted(truth.segments, key=lambda item: float(np.prod(item.box.size))):
        box = segment.box
        own = free & inside_box(points_task, box.center, box.size, box.yaw, MARGIN)
        free &= ~own
        seen = points_task[own]
        unseen = box_corners(box.center, box.size, box.yaw)
        clouds[segment.name] = seen[:: max(1, -(-len(seen) // MOST_POINTS))] if len(seen) else unseen
    return Scene(tuple(replace(item, points=clouds[item.name]) for item in truth.segments), stamp_ns)
