"""How the two pads of the gripper meet a rectangle that lies askew, and what pushing makes of it (quasi-static)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PAD = (0.012, 0.024, 0.045)
"""Extents of a pad: along the line from pad to pad, along the stroke, upwards [m] (as the twin's fingertips)."""

OPENINGS = (0.013, 0.036, 0.060, 0.080)
"""Distances between the pads that are used [m]: closed, and wider for wider bodies."""

STEP = 0.001
"""Of the pads, in following what they push [m]."""

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

    An edge that comes between open pads stays there. Else what touches first sticks, and the rectangle turns about it
    until a face lies against both; the pads stand aside to where its middle will be, as far as they still touch.
    """
    axis = int(np.argmax(np.abs(own)))
    across = np.array([-own[1], own[0]])
    corner = float(-half * np.where(own >= 0.0, 1.0, -1.0) @ across)
    if opening > OPENINGS[0] and abs(own[axis]) < np.cos(EDGE_FIRST) and abs(corner) < 0.4 * opening:
        return Meeting(_behind(half, own, opening, 0.0)[0], by)
    normal = np.sign(own[axis]) * np.eye(2)[axis]
    askew = float(np.arctan2(normal[0] * own[1] - normal[1] * own[0], normal @ own))
    aside, reach = 0.0, 0.5 * opening + PAD[0] - ON_PAD
    if abs(corner) < reach:
        aside = float(np.clip(corner - np.sign(corner) * half[1 - axis], corner - reach, corner + reach))
    depth, beside = _behind(half, own, opening, aside)
    turned, drift, advance = _turning(half, np.array([-depth, beside]), askew, by)
    if turned == askew:
        advance = depth - float(half[axis]) + by
    return Meeting(depth, advance, turned, drift, aside)


def _turning(half: np.ndarray, contact: np.ndarray, askew: float, by: float) -> tuple[float, float, float]:
    """Follow a rectangle on a plane that is pushed along x at a sticking point, until it is square or has gone `by`.

    Quasi-static pushing with an ellipsoidal limit surface (Lynch, Maekawa and Tanie, IROS 1992).

    Args:
        half: Half extents [m]. Shape (2,).
        contact: The point that is pushed, from the middle [m]. Shape (2,).
        askew: By how much it turns until it is square [rad].
        by: How far its middle is to go along x [m].

    Returns:
        By how much it turned [rad], how far its middle went along y, and how far the point went along x [m].
    """
    radius = (MEAN_DISTANCE * float(np.hypot(*half))) ** 2
    x, y = float(contact[0]), float(contact[1])
    along = aside = turned = advance = 0.0
    while abs(turned) < abs(askew) and along < by:
        whole = radius + x * x + y * y
        forward, left = STEP * (radius + x * x) / whole, STEP * x * y / whole
        turn = (x * left - y * forward) / radius
        if turn * askew <= 0.0:
            break
        along, aside, turned, advance = along + forward, aside + left, turned + turn, advance + STEP
        x, y = x + STEP - forward, y - left
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
