"""A failed step from above and from the side, before and after: for cases of which no camera's picture was kept.

Drawn from the clouds of the segments, each thing with its name. After the step, what the weights expected is dashed.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from scipy.spatial import ConvexHull

from f2p.geometry import box_corners
from f2p.report.figures import colours_of
from f2p.types import Outcome, Scene, Segment

WIDTH, DPI, BORDER = 11.8, 100, 0.08
"""Of the picture [in], its dots an inch, and the free border around what is shown [m] (ours: the width of a page)."""

PANEL, TITLES = 5.3, 0.72
"""Width of what one of the four shows, and height of its title and axis [in] (ours)."""

APART, ROOM = 0.12, 0.09
"""From one name to the next, and the room for names above what is shown, in parts of its width (ours)."""

MOST_POINTS = 500
"""Points of one thing that are drawn (ours: more are not told apart)."""

MOVED_M = 0.02
"""What was expected further than this from where it was, or is, is drawn where it was expected [m], as the monitor has
it."""

BAD = "#b3261e"


@dataclass(frozen=True)
class Projection:
    """Which way one looks: coordinates of the task frame along the two axes of a picture."""

    title: str
    right: int
    up: int
    right_sign: float
    label_right: str
    label_up: str

    def of(self, points: np.ndarray) -> np.ndarray:
        """Return points [m] as they lie in the picture. Shape (points, 2)."""
        flat = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        return np.stack([self.right_sign * flat[:, self.right], flat[:, self.up]], axis=1)


VIEWS = (
    Projection("from above", 1, 0, -1.0, "to the right [m]", "away from the robot [m]"),
    Projection("from the side, as the robot looks", 1, 2, -1.0, "to the right [m]", "up [m]"),
)
"""In both, what is on the robot's left is on the left."""


def projected(outcome: Outcome) -> bytes:
    """Draw a step before and after, from above and from the side; both of a kind show the same part of the world.

    Returns:
        A PNG.
    """
    ends = expected_ends(outcome)
    spans = [_span(view, outcome, ends) for view in VIEWS]
    wide = spans[0][1][0] - spans[0][0][0]
    heights = [(high[1] - low[1]) / wide for low, high in spans]
    figure = Figure(figsize=(WIDTH, PANEL * sum(heights) + 2.0 * TITLES), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2, height_ratios=heights, squeeze=False)
    for row, (view, span) in enumerate(zip(VIEWS, spans, strict=True)):
        for column, (scene, when) in enumerate(((outcome.before, "before"), (outcome.after, "after"))):
            _draw(axes[row, column], scene, view, span, outcome.call.object)
            axes[row, column].set_title(f"{when}, {view.title}", fontsize=10)
        _draw_expected(axes[row, 1], outcome, ends, view)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI)
    return out.getvalue()


def expected_ends(outcome: Outcome) -> dict[str, np.ndarray]:
    """Return the corners of what was expected elsewhere than it was or than it is, where it was expected [m].

    Returns:
        Each of shape (8, 3).
    """
    seen, out = {one.name: one.box.center for one in outcome.after.segments}, dict[str, np.ndarray]()
    for one, moved in zip(outcome.before.segments, outcome.prediction.displacements, strict=True):
        end = one.box.center + moved
        off = float(np.linalg.norm(seen.get(one.name, end) - end))
        if one.movable and max(float(np.linalg.norm(moved)), off) > MOVED_M:
            out[one.name] = box_corners(end, one.box.size, one.box.yaw)
    return out


def _span(view: Projection, outcome: Outcome, ends: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the part of a picture that shows everything, before, after and expected."""
    seen = [_corners(one) for scene in (outcome.before, outcome.after) for one in scene.segments]
    flat = view.of(np.concatenate([*seen, *ends.values()]))
    low, high = flat.min(0) - BORDER, flat.max(0) + BORDER
    return low, high + np.array([0.0, ROOM * (high[0] - low[0])])


def _draw(axes: Axes, scene: Scene, view: Projection, span: tuple[np.ndarray, np.ndarray], acted_on: str) -> None:
    """Draw clouds, outlines and names of one scene."""
    colours = colours_of(scene)
    for one in sorted(scene.segments, key=lambda each: each.movable):
        colour, thick = colours[one.name], 2.4 if one.name == acted_on else 1.0
        points, corners = view.of(one.points[:: max(1, len(one.points) // MOST_POINTS)]), view.of(_corners(one))
        axes.scatter(points[:, 0], points[:, 1], s=3, color=colour, alpha=0.8 if one.movable else 0.3, linewidths=0)
        axes.add_patch(_outline(corners, edgecolor=colour, linewidth=thick))
        if not one.movable:
            low_corner = corners.min(0)
            axes.text(
                float(low_corner[0]),
                float(low_corner[1]),
                one.name,
                fontsize=8,
                color="#777777",
                ha="left",
                va="bottom",
            )
    movable = [(one.name, view.of(_corners(one)).mean(0), colours[one.name]) for one in scene.segments if one.movable]
    _label(axes, movable, span)
    low, high = span
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    axes.set_xlabel(view.label_right, fontsize=8)
    axes.set_ylabel(view.label_up, fontsize=8)
    axes.tick_params(labelsize=7)


def _draw_expected(axes: Axes, outcome: Outcome, ends: dict[str, np.ndarray], view: Projection) -> None:
    """Dash the outlines of what was expected, with an arrow from there to where it is seen."""
    seen = {one.name: one.box.center for one in outcome.after.segments}
    for name, corners in ends.items():
        flat, here = view.of(corners), seen.get(name)
        axes.add_patch(_outline(flat, edgecolor=BAD, linewidth=1.2, linestyle="--"))
        off = 0.0 if here is None else float(np.linalg.norm(here - corners.mean(0)))
        told = f"{name} expected, not seen" if here is None else f"{name} expected" if off < MOVED_M else ""
        axes.annotate(told, (flat[:, 0].mean(), flat[:, 1].min()), xytext=(0, -3), textcoords="offset points",
                      ha="center", va="top", fontsize=7, color=BAD)  # fmt: skip
        if here is not None and off > MOVED_M:
            axes.annotate("", view.of(here)[0], flat.mean(0),
                          arrowprops={"arrowstyle": "->", "color": BAD, "linewidth": 1.0})  # fmt: skip


def _label(axes: Axes, named: Sequence[tuple[str, np.ndarray, str]], span: tuple[np.ndarray, np.ndarray]) -> None:
    """Write the names beside each other along the upper edge, each with a line to what it names."""
    apart = APART * float(span[1][0] - span[0][0])
    left, right = float(span[0][0]) + apart / 2, float(span[1][0]) - apart / 2
    ordered = sorted(named, key=lambda one: float(one[1][0]))
    places: list[float] = []
    for _name, middle, _colour in ordered:
        places.append(max(float(middle[0]), places[-1] + apart if places else left))
    for row in reversed(range(len(places))):
        places[row] = min(places[row], places[row + 1] - apart if row + 1 < len(places) else right)
    for (name, middle, colour), x in zip(ordered, places, strict=True):
        axes.annotate(
            name, tuple(middle), xytext=(x, float(span[1][1])), fontsize=8, ha="center", va="top", zorder=5,
            bbox={"facecolor": "white", "edgecolor": colour, "alpha": 0.9, "pad": 1.5},
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.8},
        )  # fmt: skip


def _corners(segment: Segment) -> np.ndarray:
    return box_corners(segment.box.center, segment.box.size, segment.box.yaw)


def _outline(flat: np.ndarray, **style: object) -> Polygon:
    """Return the outline around the corners of a box, as they lie in a picture; joggled (QJ), since it may be flat."""
    hull = ConvexHull(flat, qhull_options="QJ")
    return Polygon(flat[hull.vertices], closed=True, fill=False, zorder=3, **style)
