"""Marks and clouds into the browser's scene: a group takes the place of what was shown under its name before."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import viser

from f2p.report.markers import Kind, Mark
from f2p.types import Scene

POINT_M = 0.004
"""Size of a cloud's points [m] (ours: the camera's spacing on the tables)."""

MOST_POINTS = 6000
"""Points of one segment that are shown (ours: what one sees at arm's length)."""

WORDS = frozenset({"status", "banner", "relation names"})
"""Groups that the panel shows as text, so that they do not hide the scene."""

UNLABELLED = frozenset({"contradictions"})
"""Groups whose names the timeline has, so that ten of them do not lie over one box."""

_PALETTE = np.array([(66, 153, 225), (237, 137, 54), (72, 187, 120), (213, 63, 140), (159, 122, 234), (236, 201, 75),
                     (56, 178, 172), (245, 101, 101)])  # fmt: skip
_FURNITURE = np.array((160, 170, 182))


class Drawing:
    """One part of the scene.

    Args:
        scene: Of the server, which all viewers share.
        name: Of the part; what it holds lies below it.
    """

    def __init__(self, scene: viser.SceneApi, name: str) -> None:
        self._scene, self._name = scene, name
        self._round, self._count = 0, 0
        self._root: viser.FrameHandle | None = None

    def show(self, marks: Sequence[Mark], clouds: Scene | None = None) -> None:
        """Replace everything by these marks, and the points of a scene's segments."""
        before, self._round, self._count = self._root, self._round + 1, 0
        self._root = self._scene.add_frame(f"/{self._name}/{self._round}", show_axes=False)
        for mark in marks:
            if mark.group not in WORDS:
                self._draw(mark)
        for index, segment in enumerate(clouds.segments if clouds is not None else ()):
            color = _PALETTE[index % len(_PALETTE)] if segment.movable else _FURNITURE
            self._cloud(segment.points, color)
        if before is not None:
            before.remove()

    def _next(self) -> str:
        """Return a name that was never used before: under one that was, a browser may keep what it has."""
        self._count += 1
        return f"/{self._name}/{self._round}/{self._count}"

    def _cloud(self, points: np.ndarray, color: np.ndarray) -> None:
        if not len(points):
            return
        shown = points[:: math.ceil(len(points) / MOST_POINTS)]
        self._scene.add_point_cloud(
            self._next(), shown, color, point_size=POINT_M, point_shape="circle", precision="float32",
        )  # fmt: skip

    def _draw(self, mark: Mark) -> None:
        color, opacity = np.rint(255 * np.array(mark.color[:3])).astype(np.uint8), mark.color[3]
        x, y, z, yaw = mark.pose
        if mark.kind is Kind.BOX:
            turn, at = (math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)), (x, y, z)
            self._scene.add_box(
                self._next(), color, mark.size, opacity=0.45 * opacity, wxyz=turn, position=at, cast_shadow=False,
                receive_shadow=False,
            )  # fmt: skip
            self._scene.add_line_segments(
                self._next(), _frame(mark.size), color, thickness=0.003, wxyz=turn, position=at
            )
        elif mark.kind is Kind.LINES and len(mark.points):
            self._scene.add_line_segments(
                self._next(), mark.points.reshape(-1, 2, 3), color, thickness=max(mark.size[0], 0.002)
            )
        elif mark.kind is Kind.SPHERES and len(mark.points):
            self._scene.add_point_cloud(
                self._next(), mark.points, color, point_size=mark.size[0], point_shape="circle", precision="float32",
            )  # fmt: skip
        elif mark.kind is Kind.TEXT and mark.group not in UNLABELLED:
            self._scene.add_label(
                self._next(), mark.text, position=(x, y, z), anchor="bottom-center",
                font_screen_scale=0.75,
            )  # fmt: skip


def _frame(size: tuple[float, float, float]) -> np.ndarray:
    """Return the twelve edges of a box about its centre. Shape (12, 2, 3)."""
    signs = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    edges = []
    for axis in range(3):
        others = [one for one in range(3) if one != axis]
        for pair in signs:
            ends = np.zeros((2, 3))
            ends[:, axis], ends[:, others] = (-1, 1), pair
            edges.append(ends)
    return 0.5 * np.array(edges) * np.array(size)
