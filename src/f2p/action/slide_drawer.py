"""Open or close a drawer: it is hooked at its bar and slides by so much along its own axis (A.10, A7).

One skill and not two: direction and distance are one signed number, so that one network learns what slides, and what
slides with it, from both. Closing ends where the drawer is shut, so that one may ask for more than it is open; opening
ends where its travel does.
"""

from __future__ import annotations

import math

import numpy as np

from f2p.action.protocol import Parameter, actions
from f2p.action.workspace import Workspace
from f2p.shape.protocol import SLIDES, board
from f2p.shape.sliding import handle, slide_travel
from f2p.types import Scene, Segment

LEAST_ROOM = 0.028
"""Free space behind a bar into which two closed fingers fit [m] (ours: pads of 24 mm and a margin)."""

SHUT = 0.03
"""How much farther than until it is shut a drawer is pushed [m] (ours: more than it is seen wrong by)."""

ARM_ROOM = 0.09
"""How far beyond the nearest placement a bar stays that is drawn out: there the hand passes, with the arm in [m]."""


class SlideDrawerAction:
    """`Action` of A.10's opening and closing of drawers."""

    parameters: tuple[Parameter, ...] = (
        Parameter("distance", "m", -0.5, 0.5, "along its own axis; negative shuts, at most until shut", opens=True),
    )

    def applies(self, segment: Segment) -> bool:
        """Tell whether a part of `segment` slides and has a bar that fingers fit behind."""
        if segment.shape.moves != SLIDES:
            return False
        bar = handle(segment.shape.slabs(segment.box.size, board(segment.box.size)))
        return bar is not None and bar.room >= LEAST_ROOM

    def draw(
        self, scene: Scene, name: str, count: int, rng: np.random.Generator, workspace: Workspace | None = None
    ) -> np.ndarray:
        """Propose distances uniformly, from shutting it to as far as it comes and is reached.

        Args:
            scene: Has the drawer, and how far it is open.
            name: The drawer.
            count: How many to draw.
            rng: Source of randomness.
            workspace: Says how near to the robot its bar may come.

        Returns:
            Shape (count, 1).
        """
        low, high = reached_between(scene.segments[scene.index(name)], workspace or Workspace())
        return rng.uniform(low, high, (count, 1))

    def expected(self, scene: Scene, name: str, parameters: np.ndarray) -> np.ndarray:
        """Displace nothing: the case of a drawer stays where it is. Shape (count, n, 3)."""
        return np.zeros((len(parameters), len(scene.segments), 3))

    def opened(self, scene: Scene, name: str, parameters: np.ndarray, openings: np.ndarray) -> np.ndarray:
        """Say how far the drawer is meant to be open [m], from shut to the end of its travel. Shape (count,)."""
        segment = scene.segments[scene.index(name)]
        travel = slide_travel(segment.shape.slabs(segment.box.size, board(segment.box.size)))
        return np.clip(openings + parameters[:, 0], 0.0, np.maximum(travel, openings))


def slides_between(segment: Segment) -> tuple[float, float]:
    """Return the distances of what slides of a segment from where it is: a little beyond shut, and all of its travel.

    What is asked for beyond comes to the same, and says little of what a distance does.
    """
    travel = slide_travel(segment.shape.slabs(segment.box.size, board(segment.box.size)))
    bounds = SlideDrawerAction.parameters[0]
    return max(-segment.opening - SHUT, bounds.low), min(max(travel - segment.opening, 0.0), bounds.high)


def reached_between(segment: Segment, space: Workspace) -> tuple[float, float]:
    """Return the distances within those of `slides_between` at which its bar is not too near to the robot."""
    bar = handle(segment.shape.slabs(segment.box.size, board(segment.box.size)))
    along = 0.0 if bar is None else float(bar.middle[0])
    cosine = max(math.cos(segment.box.yaw), 0.1)
    near = (float(segment.box.center[0]) - space.x_low - ARM_ROOM) / cosine + along
    low, high = slides_between(segment)
    return low, max(min(high, near - segment.opening), 0.0)


actions.register("slide_drawer")(SlideDrawerAction())
