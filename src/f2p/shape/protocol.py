"""What a shape prior is: what it consists of, where objects go on and in it, how it is grasped, what of it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Protocol

import numpy as np

from f2p.registry import Registry

WALL = 0.008
"""Thickness of walls, floors and boards [m] (ours: a carton or a stiff bag)."""

FREE, SLIDES, FIXED = "free", "slides", "fixed"
"""What of a body moves: all of it, a part that slides out along -x of its box, or nothing."""

ABOVE, FRONT = "from_above", "from_front"
"""From where fingers come: pointing down, or level and along the arm."""


@dataclass(frozen=True, eq=False)
class Slab:
    """One solid cuboid of a shape, in the frame of its box's centre."""

    center: np.ndarray
    """Shape (3,) [m]."""
    half: np.ndarray
    """Half extents. Shape (3,) [m]."""
    sliding: bool = False
    """Whether it belongs to the part that slides."""
    hooked: bool = False
    """Whether it is a bar along y that a finger from above may be put behind, to pull."""


@dataclass(frozen=True, eq=False)
class Top:
    """A level rectangle on which objects can stand, in the frame of the box's centre."""

    center: np.ndarray
    """Its middle; where a whole body is free, centred in x and y over its box. Shape (3,) [m]."""
    half: np.ndarray
    """Half extents along the axes of the box. Shape (2,) [m]."""
    walled: bool = False
    """Whether there are walls around it, as around the floor of a box."""
    covered: bool = False
    """Whether something of the same shape is above it, so that nothing gets there from above."""


@dataclass(frozen=True, eq=False)
class Cavity:
    """The space within the walls, centred in x and y over the box."""

    half: np.ndarray
    """Half extents along the axes of the box. Shape (2,) [m]."""
    floor: float
    """Its lower end, from the box's centre [m]."""
    rim: float
    """Its upper end, from the box's centre [m]."""


@dataclass(frozen=True, eq=False)
class Grip:
    """A place at which two fingers may close, in the frame of the box's centre."""

    point: np.ndarray
    """Between the fingers. Shape (3,) [m]."""
    axis: int
    """Along which axis of the box they close: 0 is x, 1 is y."""
    width: float
    """What they close on [m]."""
    span: float
    """Length along the other horizontal axis over which that is so, `point` in its middle [m]."""
    rim: bool = False
    """Whether it is a wall, so that one finger goes into the cavity."""
    approach: str = ABOVE
    """From where the fingers come: ABOVE, or FRONT, then either way along the horizontal axis they do not close on."""
    rise: float = 0.0
    """Height over which level fingers may close, `point` in its middle [m]; 0 from above."""


class Shape(Protocol):
    """One shape prior.

    Contract: a shape has no state. All answers are about a box of extents `size` (3,) [m] with walls `wall` thick [m],
    in the frame of the box's centre, and nothing reaches out of that box as long as nothing has slid. What is free or
    slides is what a skill may act on (A.9).
    """

    moves: ClassVar[str]
    """FREE, SLIDES or FIXED."""
    contains: ClassVar[bool]
    """Whether something can be inside of it; then it has a cavity."""
    solid: ClassVar[bool]
    """Whether it fills its box, so that it is the same prior whichever side it lies on."""
    support: ClassVar[bool]
    """Whether it is what a whole scene stands on: seen as a plane, known beforehand, never between the fingers."""

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """Return its solid cuboids, at least one."""

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """Return where objects can stand on it or in it, perhaps nowhere."""

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """Return the space in which its contents are; None unless it contains."""

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Return where a gripper may take it, from above and from the front; nowhere if it is not to be lifted."""


shapes: Registry[type[Shape]] = Registry("shape prior", "f2p.shape")
"""All shape priors by name, the name that scenes, messages and failure folders carry."""


@cache
def shape_of(prior: str) -> Shape:
    """Return the shape called `prior`. Raises UnknownNameError with the choices."""
    return shapes.get(prior)()


def board(size: np.ndarray, wall: float = WALL) -> float:
    """Return wall thickness that leaves a cavity even in a small box [m]."""
    return float(min(wall, 0.2 * np.min(size)))


def hollow(priors: Sequence[str]) -> np.ndarray:
    """Return which of some shapes can hold something. Shape (n,), bool."""
    return np.array([shape_of(prior).contains for prior in priors], dtype=bool)


def holds_nothing(prior: str) -> bool:
    """Tell whether a shape is free and cannot hold anything, as a cuboid is."""
    shape = shape_of(prior)
    return shape.moves == FREE and not shape.contains


def open_tops(prior: str, size: np.ndarray, wall: float | None = None) -> tuple[Top, ...]:
    """Return the tops of a shape that one gets at from above, walls nowhere around."""
    tops = shape_of(prior).tops(size, board(size) if wall is None else wall)
    return tuple(top for top in tops if not (top.walled or top.covered))


def front_grips(size: np.ndarray) -> tuple[Grip, ...]:
    """Return the grips across the whole of a box whose sides are upright, by level fingers."""
    return tuple(
        Grip(np.zeros(3), axis, float(size[axis]), float(size[1 - axis]), approach=FRONT, rise=float(size[2]))
        for axis in (0, 1)
    )


def is_covered(prior: str, size: np.ndarray, points: np.ndarray, wall: float | None = None) -> np.ndarray:
    """Tell of points whether something of the shape itself is above them, so that nothing gets there from above.

    Args:
        prior: Name of the shape.
        size: Extents of its box [m]. Shape (3,).
        points: In the frame of the box's centre [m]. Shape (..., 3).
        wall: Thickness of its walls [m]; as seen from afar where None.

    Returns:
        Shape (...), bool.
    """
    shape, points, walls = shape_of(prior), np.asarray(points), board(size) if wall is None else wall
    floors = [float(top.center[2]) for top in shape.tops(size, walls) if top.covered]
    if not floors:
        return np.zeros(points.shape[:-1], dtype=bool)
    still = [slab for slab in shape.slabs(size, walls) if not slab.sliding]
    low, high = (np.stack([slab.center + sign * slab.half for slab in still]) for sign in (-1.0, 1.0))
    inside = np.all((points[..., :2] >= low.min(0)[:2]) & (points[..., :2] <= high.max(0)[:2]), axis=-1)
    return np.asarray(inside & (points[..., 2] < high.max(0)[2]) & (points[..., 2] >= min(floors)))


def block_top(size: np.ndarray) -> Top:
    """Return the whole upper face of a box."""
    return Top(np.array([0.0, 0.0, 0.5 * size[2]]), 0.5 * np.asarray(size)[:2])


def box_slabs(half: np.ndarray, wall: float, *, sliding: bool = False) -> tuple[Slab, ...]:
    """Return bottom and four walls of half extents `half`."""
    x, y, z = half
    w = wall / 2
    parts = [((0.0, 0.0, -z + w), (x, y, w))]
    for sign in (-1.0, 1.0):
        parts.append(((sign * (x - w), 0.0, w), (w, y, z - w)))
        parts.append(((0.0, sign * (y - w), w), (x - wall, w, z - w)))
    return tuple(Slab(np.array(at), np.array(extent), sliding) for at, extent in parts)


def case_slabs(half: np.ndarray, wall: float) -> tuple[Slab, ...]:
    """Return a case that is open towards -x: back, two sides, bottom and top."""
    x, y, z = half
    w = wall / 2
    parts = [((x - w, 0.0, 0.0), (w, y - wall, z - wall))]
    for sign in (-1.0, 1.0):
        parts.append(((0.0, sign * (y - w), 0.0), (x, w, z)))
        parts.append(((0.0, 0.0, sign * (z - w)), (x, y - wall, w)))
    return tuple(Slab(np.array(at), np.array(extent)) for at, extent in parts)
