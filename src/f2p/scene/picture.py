"""Pictures of segmented scans: a perceived scan goes in, a PNG comes out."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from f2p.scene.perceive import PerceivedScan

PALETTE = np.array(
    [
        [230, 75, 60], [60, 130, 230], [60, 180, 95], [245, 190, 50], [150, 85, 200], [245, 130, 50], [60, 190, 200],
        [230, 90, 170], [150, 200, 60], [120, 90, 70],
    ]
) / 255.0  # fmt: skip
"""Colours of the segments; they repeat after ten."""

GROUND = (0.93, 0.93, 0.93)


def colors_of(labels: np.ndarray, base: np.ndarray | None) -> np.ndarray:
    """Palette colours over a shaded base (n, 3) in 0..1, for each label. Shape (n, 3)."""
    shade = np.full((len(labels), 3), 0.75) if base is None else base
    gray = shade.mean(axis=1, keepdims=True)
    out = np.repeat(0.35 + 0.6 * gray, 3, axis=1)
    seen = labels >= 0
    out[seen] = 0.75 * PALETTE[labels[seen] % len(PALETTE)] + 0.25 * gray[seen]
    return np.clip(out, 0.0, 1.0)


def draw(perceived: PerceivedScan, path: Path) -> None:
    """Write the segments of a scan beside what the camera saw: as an image if organised, else from above.

    Raises:
        OSError: The file cannot be written.
    """
    figure = Figure(figsize=(12, 5.2), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    scan = perceived.scan
    base = None if scan.colors is None else scan.colors / 255.0
    painted = colors_of(perceived.labels, base)
    finite = np.isfinite(scan.points_camera).all(axis=1)
    if scan.height > 1:
        shape = (scan.height, scan.width, 3)
        _image(left, scan.points_camera if base is None else base, finite, shape, depth=base is None)
        painted[~finite] = GROUND
        right.imshow(painted.reshape(shape))
        _names_on_image(right, perceived, scan.width)
    else:
        points = scan.points_camera[finite]
        left.scatter(points[:, 0], -points[:, 1], s=1, c=painted[finite] if base is None else base[finite])
        right.scatter(points[:, 0], -points[:, 1], s=1, c=painted[finite])
        left.set_aspect("equal")
        right.set_aspect("equal")
    name = os.fsencode(Path(perceived.file).name).decode(errors="replace")
    left.set_title(f"{name}: as seen", parse_math=False)
    score = "" if perceived.score is None else "  precision {:.2f}, recall {:.2f}, F {:.2f}".format(*perceived.score)
    right.set_title(f"{perceived.segments} segments{score}")
    for axes in (left, right):
        axes.set_axis_off()
    figure.savefig(path, dpi=80)


def _image(axes: Axes, values: np.ndarray, finite: np.ndarray, shape: tuple[int, int, int], depth: bool) -> None:
    """Show the colour image, or the depth where there is no colour."""
    if depth:
        axes.imshow(np.where(finite, values[:, 2], np.nan).reshape(shape[:2]), cmap="viridis")
    else:
        axes.imshow(values.reshape(shape))


def _names_on_image(axes: Axes, perceived: PerceivedScan, width: int) -> None:
    """Write each object's name in the middle of its pixels."""
    for number, segment in enumerate(perceived.scene.segments):
        pixels = np.flatnonzero(perceived.labels == number)
        if not len(pixels):
            continue
        row, column = np.median(pixels // width), np.median(pixels % width)
        axes.text(
            column, row, segment.name, ha="center", va="center", fontsize=9,
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
