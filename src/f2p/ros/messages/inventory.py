"""The parameter that names known objects: JSON text goes in, objects with a prior and a size come out."""

from __future__ import annotations

import json

import numpy as np

from f2p.ros.errors import BadViewRequestError
from f2p.scene.objects.tracking import KnownObject
from f2p.shape.protocol import shapes


def inventory_of(text: str) -> tuple[KnownObject, ...]:
    """Return known objects of an inventory parameter. Raises BadViewRequestError when it cannot be read."""
    try:
        return tuple(_known(name, *entry) for name, entry in json.loads(text).items())
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadViewRequestError(f"inventory {text[:80]!r} cannot be read: {error}") from error


def _known(name: str, prior: str, size: list[float]) -> KnownObject:
    """Return one entry of an inventory. Raises ValueError or TypeError when it is none."""
    extents = np.array(size, dtype=np.float64).reshape(3)
    if not name or not np.all(np.isfinite(extents) & (extents > 0.0)):
        raise ValueError(f"{name!r} needs a name and three sizes that are finite and positive, not {size}")
    if prior not in shapes.names:
        raise ValueError(f"{name!r} has the unknown shape prior {prior!r}; choose one of: {', '.join(shapes.names)}")
    return KnownObject(name, prior, extents)
