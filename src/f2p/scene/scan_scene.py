"""A segmented scan becomes a scene: labelled camera-frame points go in, boxes on a table in a level frame come out.

Nothing but the support tells where down is. The frame is that of `relations.py` as far as one scan can give it: +z is
the support's normal, +x is where the sensor looks, projected on the support, and the origin is on the support under the
sensor.
"""

from __future__ import annotations

import numpy as np

from f2p.scene.cloud.planes import Plane
from f2p.scene.cloud.sanitise import thinned
from f2p.scene.objects.priors import PriorConfig, fit_box, prior_of
from f2p.shape.table import TABLE
from f2p.types import Box, Scene, Segment, frozen

TABLE_THICKNESS = 0.05
"""What a table top is taken to measure, since no camera sees its underside [m] (ours: as in the demo's scene)."""


DEFAULT_PRIORS = PriorConfig()


def task_from_camera(plane: Plane, look_camera: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rotation (3, 3) and translation (3,) [m] into the support's frame.

    Args:
        plane: The support in the camera frame.
        look_camera: Viewing direction of the camera. Shape (3,).
    """
    up = plane.normal
    forward = look_camera - (look_camera @ up) * up
    if np.linalg.norm(forward) < 1e-3:
        forward = np.eye(3)[int(np.argmin(np.abs(up)))]
        forward = forward - (forward @ up) * up
    forward = forward / np.linalg.norm(forward)
    rotation = np.stack([forward, np.cross(up, forward), up])
    return frozen(rotation), np.array([0.0, 0.0, plane.offset])


def scene_from_labels(
    points_camera: np.ndarray,
    labels: np.ndarray,
    plane: Plane,
    look_camera: np.ndarray,
    config: PriorConfig = DEFAULT_PRIORS,
    most_points: int = 4096,
) -> Scene:
    """Return boxes, priors and names (`table`, `object_1` ...; largest first) of one segmented scan.

    Args:
        points_camera: Finite points [m]. Shape (n, 3).
        labels: Their segments, negative for none. Shape (n,), int.
        plane: The support in the camera frame.
        look_camera: Viewing direction of the camera. Shape (3,).
        config: Box fitting.
        most_points: Longer clouds are thinned evenly.
    """
    rotation, translation = task_from_camera(plane, look_camera)
    points_task = points_camera @ rotation.T + translation
    on_support = (labels < 0) & (np.abs(points_task[:, 2]) < 0.01)
    surface = points_task[thinned(np.flatnonzero(on_support), most_points)]
    segments = []
    if len(surface):
        box = fit_box(surface, None, config)
        center = np.array([*box.center[:2], -0.5 * TABLE_THICKNESS])
        table = Box(center, np.array([*box.size[:2], TABLE_THICKNESS]), box.yaw)
        segments.append(Segment("table", TABLE, table, surface))
    for number in range(int(labels.max(initial=-1)) + 1):
        cloud = points_task[thinned(np.flatnonzero(labels == number), most_points)]
        if len(cloud):
            box = fit_box(cloud, 0.0, config)
            segments.append(Segment(f"object_{number + 1}", prior_of(cloud, box, config), box, cloud))
    return Scene(tuple(segments))
