"""What a push takes along, as far as boxes can tell."""

from __future__ import annotations

import numpy as np

from f2p.geometry import half_extents
from f2p.types import Scene, SkillCall

FLUSH = 0.01
"""Objects that overlap by no more than this in plan, as perception may say, do not stand in the way yet [m] (ours)."""


def shoved(scene: Scene, call: SkillCall) -> dict[str, np.ndarray]:
    """Return what a push displaces and by how much at most [m]: the object, and all that is shoved by what goes.

    Footprints count as rectangles along the axes of the task frame, so that it is rather too many.
    """
    free = {one.name: one.box for one in scene.segments if one.movable}
    boxes = {name: (np.array(box.center), half_extents(box.size, box.yaw)) for name, box in free.items()}
    gone = {call.object: np.zeros(2)}
    for axis in np.argsort(-np.abs(call.parameter), kind="stable").tolist():
        by = _row({call.object: float(call.parameter[axis])}, boxes, axis)
        for name, far in by.items():
            gone.setdefault(name, np.zeros(2))[axis] += far
            boxes[name][0][axis] += far
    return gone


def _row(by: dict[str, float], boxes: dict[str, tuple[np.ndarray, np.ndarray]], axis: int) -> dict[str, float]:
    """Return how far what is first told to go along an axis, and all that stands before it, goes [m]."""
    ((first, far),) = by.items()
    sign, across = np.sign(far), 1 - axis
    for name in sorted(boxes, key=lambda one: float(sign * boxes[one][0][axis])):
        center, half = boxes[name]
        for pusher, pushed in list(by.items()):
            apart = np.abs(center - boxes[pusher][0]) - half - boxes[pusher][1]
            ahead = sign * (center - boxes[pusher][0])[axis] > 0.0
            beside = apart[across] < -FLUSH and apart[2] < -FLUSH
            if name not in (first, pusher) and ahead and beside and -FLUSH < apart[axis] < abs(pushed):
                by[name] = sign * max(abs(by.get(name, 0.0)), abs(pushed) - max(float(apart[axis]), 0.0))
    return by
