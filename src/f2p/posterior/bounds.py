"""The surfaces that bound inference: where objects may stand and where actions may put them (method.md 6.8, 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.geometry import into_box, rotate_z
from f2p.posterior.errors import BoundsError, NoSurfaceError
from f2p.shape.protocol import FREE, open_tops
from f2p.types import Scene, Segment, frozen


@dataclass(frozen=True, eq=False)
class Surface:
    """A horizontal rectangle in the task frame."""

    name: str
    center: np.ndarray
    """x, y [m]. Shape (2,)."""
    half: np.ndarray
    """Half extents along its own axes [m]. Shape (2,)."""
    yaw: float
    """Rotation about +z [rad]."""
    height: float
    """z of the top [m]."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", frozen(self.center))
        object.__setattr__(self, "half", frozen(self.half))
        values = np.array([*self.center, *self.half, self.yaw, self.height])
        if not np.all(np.isfinite(values)) or np.any(self.half <= 0.0):
            raise BoundsError(f"surface {self.name}", float(-self.half.min()), float(self.half.min()))

    def local(self, points_xy: np.ndarray) -> np.ndarray:
        """Return points (..., 2) along the surface's own axes, from its centre [m]."""
        return into_box(points_xy, self.center, self.yaw)

    def contains(self, points_xy: np.ndarray) -> np.ndarray:
        """Return which points (..., 2) lie over the surface."""
        return np.all(np.abs(self.local(points_xy)) <= self.half, axis=-1)


@dataclass(frozen=True, eq=False)
class Bounds:
    """Surfaces on which actions may place objects."""

    surfaces: tuple[Surface, ...]

    def __post_init__(self) -> None:
        if not self.surfaces:
            raise NoSurfaceError(())


def top_of(segment: Segment) -> Surface:
    """Return the top face of a segment's box."""
    box = segment.box
    return Surface(segment.name, box.center[:2], 0.5 * box.size[:2], box.yaw, float(box.center[2] + 0.5 * box.size[2]))


def tops_of(segment: Segment) -> tuple[Surface, ...]:
    """Return where objects can be put onto a segment from above, with no wall around."""
    box = segment.box
    return tuple(
        Surface(
            segment.name,
            box.center[:2] + rotate_z(top.center[:2], box.yaw),
            top.half,
            box.yaw,
            float(box.center[2] + top.center[2]),
        )
        for top in open_tops(segment.prior, box.size)
    )


def bounds_of(scene: Scene) -> Bounds:
    """Return the open tops of all furniture seen. Raises NoSurfaceError when there is none."""
    tops = [top for segment in scene.segments if segment.shape.moves != FREE for top in tops_of(segment)]
    if not tops:
        raise NoSurfaceError(scene.names)
    return Bounds(tuple(tops))
