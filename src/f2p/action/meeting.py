"""How the two pads of the gripper meet a rectangle that lies askew, and what pushing makes of it (quasi-static)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

PAD = (0.012, 0.024, 0.045)
"""Extents of a pad: along the line from pad to pad, along the stroke, upwards [m] (as the twin's fingertips)."""

OPENINGS = (0.013, 0.036, 0.060, 0.080)
"""Distances between the pads that are used [m]: closed, and wider for wider bodies."""

STEP = 0.001
"""Of the pads, in following what they push [m]."""

FRICTION = 0.35
"""Between pads and what they push (ours: rather too little; what slides sooner turns sooner)."""

MEAN_DISTANCE = 0.54
"""Of a square's points from its middle, as a share of half its diagonal."""

EDGE_FIRST = 0.6
"""An object turned by more comes with an edge first, which may stay between the pads [rad] (ours)."""

ON_PAD = 0.003
"""What a pad touches is at least this far from its edge [m] (ours)."""


@dataclass(frozen=True)
class Meeting:
    """How pads that stand square to a stroke meet a rectangle, and what becomes of it on the way."""

    depth: float
    """How far behind its middle they meet it [m]."""
    advance: float
    """How far they go from there [m]."""
    turned: float = 0.0
    """By how much it turns [rad]."""
    drift: float = 0.0
    """How far its middle goes to the left of the stroke [m]."""
    aside: float = 0.0
    """How far to the left of its middle the pads' middle is [m]."""


def meeting(half: np.ndarray, own: np.ndarray, opening: float, by: float) -> Meeting:
    """Say how pads meet a rectangle whose middle is to go `by`; `own` is the unit vector of the stroke in its axes.

    An edge that comes between open pads stays there, if the middle is near: turning would bring it farther forward
    (the edge moves on the circle over both pads). Else what touches first sticks, and the rectangle turns about it
    until a face lies against both; the pads stand aside to where its middle will be, as far as they still touch.
    """
    axis = int(np.argmax(np.abs(own)))
    across = np.array([-own[1], own[0]])
    corner = float(-half * np.where(own >= 0.0, 1.0, -1.0) @ across)
    stays = abs(own[axis]) < np.cos(EDGE_FIRST) and abs(corner) < 0.4 * opening
    if stays and math.hypot(*half) < 2.0 * opening:
        return Meeting(_behind(half, own, opening, 0.0)[0], by)
    normal = np.sign(own[axis]) * np.eye(2)[axis]
    askew = float(np.arctan2(normal[0] * own[1] - normal[1] * own[0], normal @ own))
    aside, reach = 0.0, 0.5 * opening + PAD[0] - ON_PAD
    if abs(corner) < reach:
        aside = float(np.clip(corner - np.sign(corner) * half[1 - axis], corner - reach, corner + reach))
    depth, beside = _behind(half, own, opening, aside)
    at_corner = abs(beside - corner) < ON_PAD
    turned, drift, advance = _turning(half, (-depth, beside), askew, by, at_corner)
    if turned == askew:
        advance = depth - float(half[axis]) + by
    return Meeting(depth, advance, turned, drift, aside)


def _turning(
    half: np.ndarray, contact: tuple[float, float], askew: float, by: float, at_corner: bool
) -> tuple[float, float, float]:
    """Follow a rectangle on a plane that is pushed along x at one point, until it is square or has gone `by`.

    Quasi-static pushing with an ellipsoidal limit surface (Lynch, Maekawa and Tanie, IROS 1992): the point sticks while
    the force lies within the friction cone, else it slides.

    Args:
        half: Half extents [m]. Shape (2,).
        contact: The point that is pushed, from the middle [m].
        askew: By how much it turns until it is square [rad].
        by: How far its middle is to go along x [m].
        at_corner: Whether a corner of it lies against the flat of a pad; otherwise the edge of a pad against its face.

    Returns:
        By how much it turned [rad], how far its middle went along y, and how far the pads went along x [m].
    """
    radius, cone = (MEAN_DISTANCE * math.hypot(*half)) ** 2, math.atan(FRICTION)
    x, y = contact
    along = aside = turned = advance = 0.0
    while abs(turned) < abs(askew) and along < by:
        normal = 0.0 if at_corner else turned - askew
        stuck = math.atan2(x * y, radius + x * x)
        force = min(max(stuck, normal - cone), normal + cone)
        forward, left = math.cos(force), math.sin(force)
        spin = (x * left - y * forward) / radius
        away = (forward - spin * y) * math.cos(normal) + (left + spin * x) * math.sin(normal)
        rate = STEP * math.cos(normal) / away
        if spin * askew <= 0.0 or rate <= 0.0:
            break
        along, aside = along + rate * forward, aside + rate * left
        turned, advance = turned + rate * spin, advance + STEP
        if at_corner:
            x, y = x - rate * spin * y, y + rate * spin * x
        else:
            x, y = x + STEP - rate * forward, y - rate * left
    turned = askew if abs(turned) >= abs(askew) else turned
    return turned, aside, advance + max(0.0, by - along)


def _behind(half: np.ndarray, own: np.ndarray, opening: float, aside: float) -> tuple[float, float]:
    """Return how far behind the middle of a rectangle the pads meet it, and how far to the left of the stroke [m]."""
    beside = 0.5 * opening + np.linspace(0.0, PAD[0], 5)
    beside = np.concatenate([beside, -beside]) + aside
    with np.errstate(divide="ignore"):
        ways = (half + np.where(own >= 0.0, 1.0, -1.0) * beside[:, None] * np.array([-own[1], own[0]])) / np.abs(own)
    depths = ways.min(axis=-1)
    first = int(np.argmax(depths))
    return float(depths[first]), float(beside[first])
