"""A lab's own relations: `near` of two objects, `tall` of one. Named in F2P_RELATIONS by the test beside it."""

from __future__ import annotations

import numpy as np

from f2p.relation.spec import BinarySpec, Bodies, Boxes, UnarySpec
from f2p.relation.table import register


def _near(boxes: Boxes) -> np.ndarray:
    """Centres within 20 cm. Shape (..., n, n), bool."""
    between = boxes.centers[..., :, None, :] - boxes.centers[..., None, :, :]
    return np.asarray(np.linalg.norm(between, axis=-1) < 0.2)


def _tall(bodies: Bodies) -> np.ndarray:
    """Higher than wide. Shape (n,), bool."""
    return np.asarray(bodies.sizes[:, 2] > bodies.sizes[:, :2].max(axis=-1))


register(UnarySpec("tall", _tall))
register(BinarySpec("near", _near, converse="near", placed=True))
