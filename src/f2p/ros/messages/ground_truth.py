"""What the simulator says is so, and the test segmenter `ground_truth`: its boxes and names, points from the camera."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from f2p.geometry import box_corners, inside_box
from f2p.ros.messages.convert import duration_to_msg, relations_from_msg, relations_to_msg, scene_from_msg, scene_to_msg
from f2p.types import BINARY_RELATIONS, Scene
from f2p_msgs import msg

if TYPE_CHECKING:
    from f2p.twin.twin import Truth

MARGIN = 0.006
"""A point this near a true box belongs to it [m] (ours: four standard deviations of depth noise at 1.2 m)."""

MOST_POINTS = 2048
"""Clouds of segments are thinned to this, as the geometric segmenter does."""


def truth_to_msg(truth: Truth, stamp_ns: int, time_s: float) -> msg.GroundTruth:
    """Return what is so at simulated time `time_s` [s]."""
    scene = scene_to_msg(replace(truth.scene, stamp_ns=stamp_ns))
    return msg.GroundTruth(header=scene.header, sim_time=duration_to_msg(time_s), held=truth.held,
                           bodies=scene.segments, relations=relations_to_msg(truth.relations))  # fmt: skip


def scene_of(truth: msg.GroundTruth) -> Scene:
    """Return the true boxes, without points. Raises BadSceneError."""
    return scene_from_msg(msg.SegmentedScene(header=truth.header, segments=truth.bodies))


def facts_of(truth: msg.GroundTruth) -> frozenset[tuple[str, str, str]]:
    """Return (relation, subject, object) of everything that holds. Raises MessageError or VocabularyError."""
    found = relations_from_msg(truth.relations)
    return frozenset(
        (BINARY_RELATIONS[kind], found.names[subject], found.names[object_])
        for subject, object_, kind in np.argwhere(found.binary > 0.5)
    )


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
        box = segment.whole
        own = free & inside_box(points_task, box.center, box.size, box.yaw, MARGIN)
        free &= ~own
        seen = points_task[own]
        unseen = box_corners(box.center, box.size, box.yaw)
        clouds[segment.name] = seen[:: max(1, -(-len(seen) // MOST_POINTS))] if len(seen) else unseen
    return Scene(tuple(replace(item, points=clouds[item.name]) for item in truth.segments), stamp_ns)
