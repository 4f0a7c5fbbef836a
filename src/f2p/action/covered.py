"""What lies under a case has to come out first, whoever is to move it by hand: the hand gets at it from above only."""

from __future__ import annotations

import numpy as np

from f2p.geometry import into_box
from f2p.shape.protocol import SLIDES
from f2p.types import GoalRelation, Scene, Segment


def uncovered(scene: Scene, name: str) -> tuple[GoalRelation, ...]:
    """Return what has to be true of the object called `name`: that it is in front of the case in which it slides.

    A shelf's board is no hindrance, since what lies under it is taken from the front.
    """
    place = scene.segments[scene.index(name)].box.center
    return tuple(
        GoalRelation("front", name, other.name)
        for other in scene.segments
        if other.name != name and lies_in_slide(other, place)
    )


def lies_in_slide(segment: Segment, point: np.ndarray) -> bool:
    """Tell whether a point of the task frame (3,) [m] is within what slides out of `segment`, as far as it is out."""
    box, out = segment.box, max(segment.opening, 0.0)
    if segment.shape.moves != SLIDES:
        return False
    local, half = into_box(point, box.center, box.yaw), 0.5 * box.size
    return bool(-half[0] - out <= local[0] <= half[0] and np.all(np.abs(local[1:]) <= half[1:]))
