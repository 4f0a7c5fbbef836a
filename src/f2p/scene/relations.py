"""THE specification of relations: boxes in the task frame go in, truth values of appendix A.9 come out.

Frame (decision B1; the paper leaves it open): left is +y, right -y, front -x (nearer the robot), behind +x,
above +z and below -z. Entry [i, j] reads name(i, j): left[i, j] is "i is left of j".

Directional relations (decision B2, after Points2Plans): the centre of A lies beyond B's edge, all of A lies on that
side of B's centre, and A lies in a cone around the axis. The first two conditions are each other's converse. The cone
opens from B's edge or, mirrored, from A's; one of the two suffices, so that left(A, B) <=> right(B, A) holds (B3) and
nothing changes when the scene is mirrored. It starts from the whole face, not from a point, so that a wide table has a
side as wide as itself.

Left, right, front and behind open by 80 degrees (pi / 2.25 in Points2Plans' code). Above and below open by 30 (ours):
80 degrees would put whatever is 6 cm tall on one table "above" the neighbouring table 30 cm away. Within 30 degrees,
what rests on a table or in a box on it is above that table and no other, since whatever rests has its centre over its
support.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import (
    footprint_corners,
    footprint_edge_distance,
    footprint_excess,
    half_extents,
    into_box,
    pairwise_gaps,
)
from f2p.scene.errors import BoxError
from f2p.settings import Settings, number
from f2p.types import BINARY_RELATIONS, CONTAINERS, MOVABLE, Prior, Relations, Scene


@dataclass(frozen=True)
class RelationConfig(Settings):
    """Thresholds of the relations; the defaults are the decisions every part of f2p shares."""

    side_half_angle: float = number(
        np.pi / 2.25, "half angle of left, right, front, behind", unit="rad", low=0.1, high=1.57,
        source="Points2Plans code (B2)",
    )  # fmt: skip
    vertical_half_angle: float = number(
        np.pi / 6.0, "half angle of above and below", unit="rad", low=0.0, high=1.5,
        source="ours: the neighbouring table is not below",
    )  # fmt: skip
    contact_gap: float = number(
        0.003, "largest gap that counts as contact without a simulator", unit="m", low=0.0, high=0.05, source="B6"
    )
    boundary_distance: float = number(
        0.1, "centre this near an edge is on the boundary", unit="m", low=0.0, high=1.0, source="A.9"
    )
    boundary_least_size: float = number(
        0.2, "smallest horizontal size of a surface with a boundary", unit="m", low=0.0, high=5.0, source="A.9"
    )
    inside_strict: bool = False
    """Whether inside demands containment in z as well (A.9 to the letter) rather than the tolerances below (B4)."""
    inside_above: float = number(
        0.14, "how far a thing inside may stand out at the top", unit="m", low=0.0, high=1.0, source="Points2Plans code"
    )
    inside_below: float = number(
        0.03, "how far a thing inside may stand out below", unit="m", low=0.0, high=1.0, source="Points2Plans code"
    )
    inside_depth: float = number(
        0.01, "a thing inside dips at least this far below the rim", unit="m", low=0.0, high=0.5,
        source="ours: what stands on B is not in it",
    )  # fmt: skip
    drawer_open: float = number(
        0.02,
        "a drawer pulled out this far is open",
        unit="m",
        low=0.0,
        high=0.5,
        source="ours: beyond driver tolerance",
    )


DEFAULT = RelationConfig()


def _directional(centers: np.ndarray, halves: np.ndarray, axis: int, half_angle: float) -> np.ndarray:
    """A beyond B along +axis, horizontal axes only. Shape (..., n, n), bool."""
    along = centers[..., :, None, axis] - centers[..., None, :, axis]
    half_a, half_b = halves[..., :, None, axis], halves[..., None, :, axis]
    beyond = (along > half_b) & (along > half_a)
    lateral = np.abs(np.delete(centers[..., :, None, :] - centers[..., None, :, :], axis, axis=-1))
    side_a, side_b = (np.delete(half, axis, axis=-1) for half in (halves[..., :, None, :], halves[..., None, :, :]))
    from_b = np.linalg.norm(np.maximum(lateral - side_b, 0.0), axis=-1) <= np.tan(half_angle) * (along - half_b)
    from_a = np.linalg.norm(np.maximum(lateral - side_a, 0.0), axis=-1) <= np.tan(half_angle) * (along - half_a)
    return beyond & (from_b | from_a)


def _above(centers: np.ndarray, sizes: np.ndarray, yaws: np.ndarray, half_angle: float) -> np.ndarray:
    """A over B: as `_directional`, with the yawed footprint as the face the cone opens from. Shape (..., n, n)."""
    height = centers[..., :, None, 2] - centers[..., None, :, 2]
    half_a, half_b = 0.5 * sizes[..., :, None, 2], 0.5 * sizes[..., None, :, 2]
    excess = footprint_excess(
        centers[..., :, None, :2], centers[..., None, :, :], sizes[..., None, :, :], yaws[..., None, :]
    )
    from_b = excess <= np.tan(half_angle) * (height - half_b)
    from_a = np.swapaxes(excess, -1, -2) <= np.tan(half_angle) * (height - half_a)
    return (height > half_a) & (height > half_b) & (from_b | from_a)


def _boundary(
    above: np.ndarray, centers: np.ndarray, sizes: np.ndarray, yaws: np.ndarray, config: RelationConfig
) -> np.ndarray:
    """A above B and horizontally near an edge segment of B's top (B5). Shape (..., n, n), bool."""
    distance = footprint_edge_distance(
        centers[..., :, None, :2], centers[..., None, :, :], sizes[..., None, :, :], yaws[..., None, :]
    )
    large = np.all(sizes[..., :2] > config.boundary_least_size, axis=-1)
    return above & (distance < config.boundary_distance) & large[..., None, :]


def _inside(centers: np.ndarray, sizes: np.ndarray, yaws: np.ndarray, config: RelationConfig) -> np.ndarray:
    """A's box within B's oriented box (A.9, B4). Shape (..., n, n), bool."""
    corners = footprint_corners(centers, sizes, yaws)[..., :, None, :, :]
    local = into_box(corners, centers[..., None, :, None, :], yaws[..., None, :, None])
    within = np.all(np.abs(local) < 0.5 * sizes[..., None, :, None, :2], axis=(-1, -2))
    bottom, top = (centers[..., 2] + sign * 0.5 * sizes[..., 2] for sign in (-1.0, 1.0))
    bottom_a, bottom_b = bottom[..., :, None], bottom[..., None, :]
    top_a, top_b = top[..., :, None], top[..., None, :]
    if config.inside_strict:
        return within & (bottom_a >= bottom_b) & (top_a <= top_b)
    upright = (bottom_a >= bottom_b - config.inside_below) & (top_a <= top_b + config.inside_above)
    return within & upright & (bottom_a < top_b - config.inside_depth)


def binary_relations(
    centers: np.ndarray,
    sizes: np.ndarray,
    yaws: np.ndarray,
    contact: np.ndarray | None = None,
    config: RelationConfig = DEFAULT,
    containers: np.ndarray | None = None,
) -> np.ndarray:
    """All binary relations of appendix A.9 between n boxes, for any leading axes.

    Args:
        centers: Box centres in the task frame [m]. Shape (..., n, 3).
        sizes: Full extents along each box's own axes [m]. Shape (..., n, 3) or broadcast to it.
        yaws: Rotation about +z [rad]. Shape (..., n) or broadcast to it.
        contact: Contacts as a simulator reports them, (..., n, n) bool; None means a gap under `contact_gap`.
        config: The thresholds.
        containers: Which boxes are hollow, (n,) bool; None lets every box contain.

    Returns:
        Truth values in the order of `BINARY_RELATIONS`. Shape (..., n, n, 9), bool; the diagonal is False.
    """
    centers = np.asarray(centers, dtype=np.float64)
    sizes, yaws = np.broadcast_to(sizes, centers.shape), np.broadcast_to(yaws, centers.shape[:-1])
    halves = half_extents(sizes, yaws)
    left = _directional(centers, halves, axis=1, half_angle=config.side_half_angle)
    behind = _directional(centers, halves, axis=0, half_angle=config.side_half_angle)
    above = _above(centers, sizes, yaws, config.vertical_half_angle)
    if contact is None:
        contact = pairwise_gaps(centers, sizes, yaws) < config.contact_gap
    inside = _inside(centers, sizes, yaws, config)
    if containers is not None:
        inside = inside & np.asarray(containers, dtype=bool)[..., None, :]
    values = {
        "left": left,
        "right": np.swapaxes(left, -1, -2),
        "front": np.swapaxes(behind, -1, -2),
        "behind": behind,
        "above": above,
        "below": np.swapaxes(above, -1, -2),
        "contact": np.broadcast_to(np.asarray(contact, dtype=bool), above.shape),
        "boundary": _boundary(above, centers, sizes, yaws, config),
        "inside": inside,
    }
    stacked = np.stack([values[name] for name in BINARY_RELATIONS], axis=-1)
    return stacked & ~np.eye(centers.shape[-2], dtype=bool)[..., None]


def unary_relations(priors: Sequence[Prior], openings: Sequence[float], config: RelationConfig = DEFAULT) -> np.ndarray:
    """Movable, is-drawer and drawer-open (A.9) in the order of `UNARY_RELATIONS`. Shape (n, 3), bool."""
    movable = [prior in MOVABLE for prior in priors]
    drawer = [prior is Prior.DRAWER for prior in priors]
    opened = [is_drawer and opening > config.drawer_open for is_drawer, opening in zip(drawer, openings, strict=True)]
    return np.array([movable, drawer, opened], dtype=bool).T.reshape(len(priors), 3)


def relations_of(scene: Scene, contact: np.ndarray | None = None, config: RelationConfig = DEFAULT) -> Relations:
    """The relations of a scene by geometry: of ground truth, or of what perception saw (B8).

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
    binary = binary_relations(
        np.array([segment.box.center for segment in segments]).reshape(-1, 3),
        np.array([segment.box.size for segment in segments]).reshape(-1, 3),
        np.array([segment.box.yaw for segment in segments]),
        contact=contact,
        config=config,
        containers=np.array([segment.prior in CONTAINERS for segment in segments], dtype=bool),
    )
    unary = unary_relations([segment.prior for segment in segments], [segment.opening for segment in segments], config)
    return Relations(scene.names, unary, binary)
