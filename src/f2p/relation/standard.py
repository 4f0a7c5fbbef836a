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

import numpy as np

from f2p.geometry import footprint_corners, footprint_edge_distance, footprint_excess, into_box, pairwise_gaps
from f2p.relation.spec import BinarySpec, Bodies, Boxes, UnarySpec
from f2p.relation.table import binary_spec, binary_value, register


def _beyond(boxes: Boxes, axis: int) -> np.ndarray:
    """Tell whether A is beyond B along +axis, horizontal axes only. Shape (..., n, n), bool."""
    centers, halves, slope = boxes.centers, boxes.halves, np.tan(boxes.config.side_half_angle)
    along = centers[..., :, None, axis] - centers[..., None, :, axis]
    half_a, half_b = halves[..., :, None, axis], halves[..., None, :, axis]
    beyond = (along > half_b) & (along > half_a)
    lateral = np.abs(np.delete(centers[..., :, None, :] - centers[..., None, :, :], axis, axis=-1))
    side_a, side_b = (np.delete(half, axis, axis=-1) for half in (halves[..., :, None, :], halves[..., None, :, :]))
    from_b = np.linalg.norm(np.maximum(lateral - side_b, 0.0), axis=-1) <= slope * (along - half_b)
    from_a = np.linalg.norm(np.maximum(lateral - side_a, 0.0), axis=-1) <= slope * (along - half_a)
    return np.asarray(beyond & (from_b | from_a))


def _left(boxes: Boxes) -> np.ndarray:
    """Tell whether A is beyond B along +y. Shape (..., n, n), bool."""
    return _beyond(boxes, axis=1)


def _behind(boxes: Boxes) -> np.ndarray:
    """Tell whether A is beyond B along +x. Shape (..., n, n), bool."""
    return _beyond(boxes, axis=0)


def _above(boxes: Boxes) -> np.ndarray:
    """Tell whether A is over B: as `_beyond`, with a cone that opens from the yawed footprint. Shape (..., n, n)."""
    centers, sizes, slope = boxes.centers, boxes.sizes, np.tan(boxes.config.vertical_half_angle)
    height = centers[..., :, None, 2] - centers[..., None, :, 2]
    half_a, half_b = 0.5 * sizes[..., :, None, 2], 0.5 * sizes[..., None, :, 2]
    excess = footprint_excess(
        centers[..., :, None, :2], centers[..., None, :, :], sizes[..., None, :, :], boxes.yaws[..., None, :]
    )
    from_b = excess <= slope * (height - half_b)
    from_a = np.swapaxes(excess, -1, -2) <= slope * (height - half_a)
    return np.asarray((height > half_a) & (height > half_b) & (from_b | from_a))


def _contact(boxes: Boxes) -> np.ndarray:
    """Tell whether A touches B: by a simulator's report, else by the gap (B6). Shape (..., n, n), bool."""
    if boxes.contact is None:
        return np.asarray(pairwise_gaps(boxes.centers, boxes.sizes, boxes.yaws) < boxes.config.contact_gap)
    return np.broadcast_to(np.asarray(boxes.contact, dtype=bool), (*boxes.yaws.shape, boxes.yaws.shape[-1]))


def _boundary(boxes: Boxes) -> np.ndarray:
    """Tell whether A is above B and horizontally near an edge segment of B's top (B5). Shape (..., n, n), bool."""
    centers, sizes, config = boxes.centers, boxes.sizes, boxes.config
    distance = footprint_edge_distance(
        centers[..., :, None, :2], centers[..., None, :, :], sizes[..., None, :, :], boxes.yaws[..., None, :]
    )
    large = np.all(sizes[..., :2] > config.boundary_least_size, axis=-1)
    return binary_value(binary_spec("above"), boxes) & (distance < config.boundary_distance) & large[..., None, :]


def _inside(boxes: Boxes) -> np.ndarray:
    """A's box within B's oriented box (A.9, B4), with what has slid out of it. Shape (..., n, n), bool."""
    centers, sizes, yaws, config = boxes.centers, boxes.sizes, boxes.yaws, boxes.config
    corners = footprint_corners(centers, sizes, yaws)[..., :, None, :, :]
    local = into_box(corners, centers[..., None, :, None, :], yaws[..., None, :, None])
    half, out = 0.5 * sizes[..., None, :, None, :2], boxes.openings[..., None, :, None]
    within = np.all(np.abs(local[..., 1]) < half[..., 1], axis=-1)
    within &= np.all((local[..., 0] < half[..., 0]) & (local[..., 0] > -half[..., 0] - out), axis=-1)
    bottom, top = (centers[..., 2] + sign * 0.5 * sizes[..., 2] for sign in (-1.0, 1.0))
    bottom_a, bottom_b = bottom[..., :, None], bottom[..., None, :]
    top_a, top_b = top[..., :, None], top[..., None, :]
    if config.inside_strict:
        return np.asarray(within & (bottom_a >= bottom_b) & (top_a <= top_b))
    upright = (bottom_a >= bottom_b - config.inside_below) & (top_a <= top_b + config.inside_above)
    return np.asarray(within & upright & (bottom_a < top_b - config.inside_depth))


def _movable(bodies: Bodies) -> np.ndarray:
    """Tell whether a skill may act on it (A.9). Shape (n,), bool."""
    return bodies.movable


def _is_drawer(bodies: Bodies) -> np.ndarray:
    """Tell whether a part of it slides out. Shape (n,), bool."""
    return bodies.slides


def _drawer_open(bodies: Bodies) -> np.ndarray:
    """Tell whether that part is out. Shape (n,), bool."""
    return np.asarray(bodies.slides & (bodies.openings > bodies.config.drawer_open))


for _spec in (
    UnarySpec("movable", _movable, weight=0.0),
    UnarySpec("is_drawer", _is_drawer, weight=0.0),
    UnarySpec("drawer_open", _drawer_open, only_of="is_drawer"),
    BinarySpec("left", _left, converse="right", mirrored="right", excludes=("right",)),
    BinarySpec("right", converse="left", mirrored="left", excludes=("left",)),
    BinarySpec("front", converse="behind", excludes=("behind",)),
    BinarySpec("behind", _behind, converse="front", excludes=("front",)),
    # placed: directional relations would pin the particles (method.md 8: 5 cm instead of 21 cm of spread)
    BinarySpec("above", _above, converse="below", excludes=("below",), placed=True, supports=True),
    BinarySpec("below", converse="above", excludes=("above",), placed=True),
    # ours: 3 mm are not seen reliably in a partial view
    BinarySpec("contact", _contact, converse="contact", sharp=False, placed=True),
    # ours: a 10 cm rim is a threshold
    BinarySpec("boundary", _boundary, sharp=False),
    BinarySpec("inside", _inside, placed=True, contains=True),
):
    register(_spec)
