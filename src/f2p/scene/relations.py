"""Relations of a scene, of ground truth or of what perception saw; what each one means is in the package `relation`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from f2p.relation.spec import Bodies, Boxes, RelationConfig
from f2p.relation.table import binary_specs, binary_value, unary_values
from f2p.scene.errors import BoxError
from f2p.shape.protocol import FIXED, SLIDES, hollow, shape_of
from f2p.types import Relations, Scene

DEFAULT = RelationConfig()


def binary_relations(
    centers: np.ndarray,
    sizes: np.ndarray,
    yaws: np.ndarray,
    contact: np.ndarray | None = None,
    config: RelationConfig = DEFAULT,
    containers: np.ndarray | None = None,
    openings: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Compute all binary relations between n boxes, for any leading axes.

    Args:
        centers: Box centres in the task frame [m]. Shape (..., n, 3).
        sizes: Full extents along each box's own axes [m]. Shape (..., n, 3) or broadcast to it.
        yaws: Rotation about +z [rad]. Shape (..., n) or broadcast to it.
        contact: Contacts as a simulator reports them, (..., n, n) bool; None means a gap under `contact_gap`.
        config: The thresholds.
        containers: Which boxes are hollow, (n,) bool; None lets every box contain.
        openings: How far what slides is out of each [m]. Shape (..., n) or broadcast to it.

    Returns:
        Truth values in the order of `BINARY_RELATIONS`. Shape (..., n, n, kinds), bool; the diagonal is False.
    """
    centers = np.asarray(centers, dtype=np.float64)
    sizes, yaws = np.broadcast_to(sizes, centers.shape), np.broadcast_to(yaws, centers.shape[:-1])
    count = centers.shape[-2]
    hollow = np.ones(count, dtype=bool) if containers is None else np.asarray(containers, dtype=bool)
    out = np.broadcast_to(np.asarray(openings, dtype=np.float64), centers.shape[:-1])
    boxes = Boxes(centers, sizes, yaws, out, hollow, contact, config)
    stacked = np.stack([binary_value(spec, boxes) for spec in binary_specs()], axis=-1)
    return stacked & ~np.eye(count, dtype=bool)[..., None]


def unary_relations(
    priors: Sequence[str], openings: Sequence[float], sizes: np.ndarray, config: RelationConfig = DEFAULT
) -> np.ndarray:
    """Compute all unary relations of n bodies in the order of `UNARY_RELATIONS`. Shape (n, kinds), bool.

    Args:
        priors: Their shape priors.
        openings: How far drawers are open [m].
        sizes: Full extents along each box's own axes [m]. Shape (n, 3).
        config: The thresholds.
    """
    movable = np.array([shape_of(prior).moves != FIXED for prior in priors], dtype=bool)
    slides = np.array([shape_of(prior).moves == SLIDES for prior in priors], dtype=bool)
    return unary_values(Bodies(np.asarray(sizes), movable, slides, np.asarray(openings, dtype=np.float64), config))


def relations_of(scene: Scene, contact: np.ndarray | None = None, config: RelationConfig = DEFAULT) -> Relations:
    """Compute the relations of a scene by geometry: of ground truth, or of what perception saw (B8).

    Args:
        scene: Boxes in the task frame.
        contact: Simulator contacts (n, n) bool, or None.
        config: The thresholds.

    Raises:
        BoxError: A box is not finite or has no extent.
    """
    for segment in scene.segments:
        if not (np.all(np.isfinite(segment.box.pose)) and np.all(np.isfinite(segment.box.size))):
            raise BoxError(
                segment.name, f"not finite: pose {segment.box.pose.tolist()}, size {segment.box.size.tolist()}"
            )
        if np.any(segment.box.size <= 0.0):
            raise BoxError(segment.name, f"no extent: size {segment.box.size.tolist()} m")
    segments = scene.segments
    sizes = np.array([segment.box.size for segment in segments]).reshape(-1, 3)
    priors, openings = [segment.prior for segment in segments], [segment.opening for segment in segments]
    binary = binary_relations(
        np.array([segment.box.center for segment in segments]).reshape(-1, 3),
        sizes,
        np.array([segment.box.yaw for segment in segments]),
        contact=contact,
        config=config,
        containers=hollow(priors),
        openings=np.array(openings),
    )
    return Relations(scene.names, unary_relations(priors, openings, sizes, config), binary)
