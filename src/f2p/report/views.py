"""What the camera saw, drawn anew from the clouds of a scene: a PNG from where the head camera is."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from f2p.geometry import box_corners
from f2p.report.figures import colours_of
from f2p.report.stretch import camera_task
from f2p.types import Scene, Segment

MARGIN, WIDTH, NAMES = 0.05, 6.2, 0.5
"""Free border of a picture, in parts of what is shown; its width, and room above it for names [in] (ours)."""


def picture(scene: Scene, other: Scene) -> bytes:
    """Draw a scene's clouds and names as seen by the head camera.

    Args:
        scene: What is drawn.
        other: A scene whose picture is laid beside this one: both show the same part of the world.

    Returns:
        A PNG.
    """
    colours, view = colours_of(scene), _view(scene, other)
    shown = np.concatenate([_projected(_corners(one), view)[0] for each in (scene, other) for one in each.segments])
    low, high = shown.min(0), shown.max(0)
    wide, tall = (1.0 + 2.0 * MARGIN) * np.maximum(high - low, 1e-3)
    height = WIDTH * tall / wide
    figure = Figure(figsize=(WIDTH, height + NAMES), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, height / (height + NAMES)))
    axes.set_xlim(low[0] - MARGIN * wide, high[0] + MARGIN * wide)
    axes.set_ylim(low[1] - MARGIN * tall, high[1] + MARGIN * tall)
    drawn = [(segment, *_seen(segment, view)) for segment in scene.segments if len(segment.points)]
    for segment, image, _depth in sorted(drawn, key=lambda one: -float(np.median(one[2]))):
        axes.scatter(image[:, 0], image[:, 1], s=9 if segment.movable else 4, color=colours[segment.name],
                     alpha=0.9 if segment.movable else 0.25, linewidths=0, zorder=2)  # fmt: skip
    named = [(segment, image) for segment, image, _depth in drawn if segment.movable]
    _names(axes, sorted(named, key=lambda one: float(np.median(one[1][:, 0]))), colours, 0.12 * wide)
    axes.set_axis_off()
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()


def _names(axes: Axes, named: list[tuple[Segment, np.ndarray]], colours: dict[str, str], apart: float) -> None:
    """Write names over what they name, from left to right; one that would lie on another goes above it."""
    last, level = -np.inf, 0
    for segment, image in named:
        x, y = float(np.median(image[:, 0])), float(image[:, 1].max())
        level = level + 1 if x - last < apart else 0
        last = x
        axes.annotate(
            segment.name, (x, y), xytext=(0, 10 + 15 * level), textcoords="offset points", ha="center", fontsize=8,
            zorder=3, bbox={"facecolor": "white", "edgecolor": colours[segment.name], "alpha": 0.8, "pad": 1.5},
            arrowprops={"arrowstyle": "-", "color": colours[segment.name]},
        )  # fmt: skip


def _view(scene: Scene, other: Scene) -> np.ndarray:
    """Return the turn into a camera that looks at the middle of both scenes: right, up, forward. Shape (3, 3)."""
    corners = np.concatenate([_corners(one) for each in (scene, other) for one in each.segments])
    forward = (corners.min(0) + corners.max(0)) / 2 - camera_task()
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, forward), forward])


def _corners(segment: Segment) -> np.ndarray:
    return box_corners(segment.box.center, segment.box.size, segment.box.yaw)


def _projected(points: np.ndarray, view: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return image coordinates (points, 2) and depths [m] (points,) of points in the task frame."""
    seen = (points - camera_task()) @ view.T
    depth = np.maximum(seen[:, 2], 0.05)
    return seen[:, :2] / depth[:, None], depth


def _seen(segment: Segment, view: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _projected(np.asarray(segment.points, dtype=np.float64), view)
