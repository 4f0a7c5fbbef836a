"""A drawer: an open box that slides out of a fixed case towards the robot, with a bar in front of it to pull at.

The bar is what the gripper can hook: two closed fingers of Stretch fit between it and the front, from above, and it is
never farther below the upper edge than the fingers are long.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from f2p.shape.protocol import SLIDES, Cavity, Grip, Slab, Top, box_slabs, case_slabs, shapes

DRAWER = "drawer"

BAR = 0.010
"""Thickness of the bar [m]."""

STAND_OFF = 0.040
"""Free space between bar and front [m] (ours: closed fingers take 24 mm in the twin, 30 mm on the robot)."""

DEEPEST_BAR = 0.08
"""Farthest that the bar is below the upper edge [m] (ours: the palm of a gripper from above stays over the case)."""

BAR_SHARE = 0.6
"""Length of the bar as a share of the front's width."""


def _front(size: np.ndarray) -> float:
    """Return how far bar and its free space reach out in front of the case [m]; less for a small drawer."""
    return float(min(BAR + STAND_OFF, 0.25 * np.asarray(size)[0]))


def _case(size: np.ndarray) -> tuple[np.ndarray, float]:
    """Return half extents of the case (3,), and where its middle is along x [m]."""
    front = _front(size)
    return 0.5 * np.asarray(size) - np.array([0.5 * front, 0.0, 0.0]), 0.5 * front


def _inner(size: np.ndarray, wall: float) -> tuple[np.ndarray, float]:
    """Return half outer extents of the box that slides (3,), flush with the case, and its middle along x [m]."""
    half, middle = _case(size)
    return half - np.array([0.5 * wall, 1.5 * wall, 1.5 * wall]), middle - 0.5 * wall


def _moved(slabs: tuple[Slab, ...], along: float) -> tuple[Slab, ...]:
    return tuple(replace(slab, center=slab.center + np.array([along, 0.0, 0.0])) for slab in slabs)


def _bar(size: np.ndarray, wall: float) -> tuple[Slab, ...]:
    """Return the bar and the two posts it stands on."""
    front, x = _front(size), -0.5 * float(np.asarray(size)[0])
    half, _ = _inner(size, wall)
    thick = 0.5 * BAR / (BAR + STAND_OFF) * front
    z, reach = max(0.0, float(half[2]) - DEEPEST_BAR), BAR_SHARE * float(half[1])
    bar = Slab(np.array([x + thick, 0.0, z]), np.array([thick, reach, thick]), sliding=True, hooked=True)
    posts = [
        Slab(np.array([x + thick + 0.5 * front, side * (reach - thick), z]),
             np.array([0.5 * front - thick, thick, thick]), sliding=True)
        for side in (-1.0, 1.0)
    ]  # fmt: skip
    return bar, *posts


@shapes.register(DRAWER)
class DrawerShape:
    """A case of five boards and a box of five with a bar, that slides in it. Its pose is that of the shut whole."""

    moves: ClassVar[str] = SLIDES
    contains: ClassVar[bool] = True
    solid: ClassVar[bool] = False
    support: ClassVar[bool] = False

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """Return the case and, sliding, the box and its bar."""
        (case, behind), (box, middle) = _case(size), _inner(size, wall)
        slides = box_slabs(box, wall, sliding=True)
        return (*_moved(case_slabs(case, wall), behind), *_moved(slides, middle), *_bar(size, wall))

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """Return the upper face of the case, and the floor of the box while it is shut."""
        (case, behind), (box, middle) = _case(size), _inner(size, wall)
        upper = Top(np.array([behind, 0.0, case[2]]), case[:2])
        floor = Top(np.array([middle, 0.0, -box[2] + wall]), box[:2] - wall, walled=True, covered=True)
        return upper, floor

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """Within the box, while it is shut: as much of it as lies around the middle of the whole."""
        half, middle = _inner(size, wall)
        return Cavity(half[:2] - wall - np.array([middle, 0.0]), float(-half[2] + wall), float(half[2]))

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Nowhere: a drawer is pulled, not lifted."""
        return ()
