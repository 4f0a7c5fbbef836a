"""Mends detections with what is known to be there: detections and an inventory go in, recognisable detections come out.

Two objects of one height side by side look like one longer object, and one behind a wall may show as two pieces; no
geometry of one look can tell, but knowing which sizes exist can (ours).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from f2p.geometry import rotate_z
from f2p.scene.objects.priors import PriorConfig, fit_box
from f2p.scene.objects.tracking import Detection, KnownObject, TrackingConfig, match, size_difference
from f2p.shape.protocol import holds_nothing

_LEAST_PART = 8
"""Fewest points of a part."""
_STRANGER = 0.01
"""A piece nobody knows costs as much as this difference of size [m] (ours)."""
_DOUBTFUL = 0.022
"""A detection this unlike the known object it was taken for may be two [m] (ours: seven times the noise of a size)."""
_JOINED = 0.025
"""Joined pieces are no more unlike a known object than this [m] (ours)."""


def _parts_of(detection: Detection, part: np.ndarray, config: PriorConfig) -> tuple[Detection, Detection]:
    """Return a detection cut in two, each part with its own box on the same support."""
    pieces = detection.points[part], detection.points[~part]
    boxes = [fit_box(piece, detection.support, config, standing=True) for piece in pieces]
    one, other = (replace(detection, points=piece, box=box) for piece, box in zip(pieces, boxes, strict=True))
    return one, other


def _best_cut(
    detection: Detection, missing: Sequence[KnownObject], priors: PriorConfig, tracking: TrackingConfig
) -> tuple[float, tuple[Detection, Detection]] | None:
    """Find the straight cut whose parts are most like two of the missing objects, and how unlike they still are [m]."""
    best: tuple[float, tuple[Detection, Detection]] | None = None
    xy = detection.points[:, :2] - detection.box.center[:2]
    for turn in (0.0, np.pi / 2.0, np.pi / 4.0, -np.pi / 4.0):
        along = rotate_z(xy, -(detection.box.yaw + turn))[:, 0]
        for position in np.linspace(along.min() + 0.015, along.max() - 0.015, 12):
            part = along < position
            if min(part.sum(), (~part).sum()) < _LEAST_PART:
                continue
            parts = _parts_of(detection, part, priors)
            costs = np.array(
                [
                    [size_difference(item.box.size, known.size, tracking.hidden_weight) for known in missing]
                    for item in parts
                ]
            )
            rows, columns = linear_sum_assignment(costs)
            if len(rows) == 2 and (best is None or costs[rows, columns].sum() < best[0]):
                best = (float(costs[rows, columns].sum()), parts)
    return best


def _mended(one: Detection, other: Detection, config: PriorConfig) -> Detection:
    """Return two pieces as one object."""
    points = np.concatenate([one.points, other.points])
    support = min(one.support, other.support)
    return replace(one, points=points, support=support, box=fit_box(points, support, config, standing=True))


def _likeness(detection: Detection, known: Sequence[KnownObject], tracking: TrackingConfig) -> float:
    """Return the difference of size to the most similar solid object of the inventory [m]."""
    solids = [item for item in known if holds_nothing(item.prior)]
    return min(size_difference(detection.box.size, item.size, tracking.hidden_weight) for item in solids)


def join_by_inventory(
    detections: Sequence[Detection],
    known: Sequence[KnownObject],
    priors: PriorConfig,
    tracking: TrackingConfig,
) -> list[Detection]:
    """Join neighbouring solid pieces where nobody knows one of them and both together are a known object.

    Args:
        detections: As found by geometry; the order of those that stay is kept, so containers keep their index.
        known: Everything that may be there.
        priors: Box fitting of what is joined.
        tracking: When a part is a known object.
    """
    out = list(detections)
    while any(holds_nothing(item.prior) for item in known):
        matched = match(out, known, tracking)
        best: tuple[float, int, int, Detection] | None = None
        for i in (i for i, item in enumerate(out) if i not in matched and holds_nothing(item.prior)):
            for j, item in enumerate(out):
                if i == j or not holds_nothing(item.prior) or item.container != out[i].container:
                    continue
                if np.linalg.norm(item.box.center[:2] - out[i].box.center[:2]) > 0.08:
                    continue
                joined = _mended(item, out[i], priors)
                after = _likeness(joined, known, tracking)
                if after < min(_likeness(item, known, tracking) + _STRANGER, _JOINED) and (
                    best is None or after < best[0]
                ):
                    best = (after, i, j, joined)
        if best is None:
            break
        _, gone, kept, joined = best
        out[kept] = joined
        del out[gone]
    return out


def cut_by_inventory(
    detections: Sequence[Detection], known: Sequence[KnownObject], priors: PriorConfig, tracking: TrackingConfig
) -> list[Detection]:
    """Cut solid detections nobody knows wherever the parts are objects that are missing.

    Args:
        detections: As found by geometry; the order of those that stay is kept.
        known: Everything that may be there.
        priors: Box fitting of the parts.
        tracking: When a part is a known object.
    """
    out = list(detections)
    for _ in range(len(known)):
        matched = match(out, known, tracking)
        doubtful = {
            i
            for i, item in matched.items()
            if size_difference(out[i].box.size, item.size, tracking.hidden_weight) > _DOUBTFUL
        }
        names = {item.name for i, item in matched.items() if i not in doubtful}
        missing = [item for item in known if item.name not in names and holds_nothing(item.prior)]
        strange = [i for i, item in enumerate(out) if (i not in matched or i in doubtful) and holds_nothing(item.prior)]
        if len(missing) < 2:
            break
        cuts = {i: _best_cut(out[i], missing, priors, tracking) for i in strange}
        good = {i: cut for i, cut in cuts.items() if cut is not None and cut[0] < 2.0 * _DOUBTFUL}
        if not good:
            break
        index = min(good, key=lambda i: good[i][0])
        out[index], extra = good[index][1]
        out.append(extra)
    return out
