"""Interactive plotly figures of scenes, particles, losses and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from f2p.action.protocol import moves
from f2p.geometry import box_corners
from f2p.report import stretch
from f2p.report.seen import Stance
from f2p.types import Particles, Scene, Segment

PALETTE = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#EE8866", "#44BB99", "#99DDFF", "#AAAA00")
"""Colours that colour-blind readers can tell apart (Paul Tol's bright and light sets)."""

FURNITURE_COLOUR = "#BBBBBB"
BOX_EDGES = ((0, 1), (1, 3), (3, 2), (2, 0), (4, 5), (5, 7), (7, 6), (6, 4), (0, 4), (1, 5), (2, 6), (3, 7))


def colours_of(scene: Scene) -> dict[str, str]:
    """Return one colour per segment name: grey for furniture, the palette for the rest."""
    movable = [segment.name for segment in scene.segments if segment.movable]
    chosen = {name: PALETTE[k % len(PALETTE)] for k, name in enumerate(sorted(movable))}
    return {name: chosen.get(name, FURNITURE_COLOUR) for name in scene.names}


def _wireframe(corners: Sequence[np.ndarray]) -> np.ndarray:
    """Line segments of several boxes, separated by NaN rows so that one trace draws them all."""
    gap = np.full((1, 3), np.nan)
    return np.concatenate([np.concatenate([c[list(edge)], gap]) for c in corners for edge in BOX_EDGES])


def _box_trace(segment: Segment, colour: str) -> go.Scatter3d:
    lines = _wireframe([box_corners(segment.box.center, segment.box.size, segment.box.yaw)])
    return go.Scatter3d(
        x=lines[:, 0],
        y=lines[:, 1],
        z=lines[:, 2],
        mode="lines",
        line={"color": colour, "width": 3},
        name=segment.name,
        legendgroup=segment.name,
        showlegend=False,
        hoverinfo="name",
    )


def _cloud_trace(segment: Segment, colour: str, limit: int = 600) -> go.Scatter3d:
    points = segment.points[:: max(1, len(segment.points) // limit)]
    return go.Scatter3d(
        x=points[:, 0],
        y=points[:, 1],
        z=points[:, 2],
        mode="markers",
        marker={"size": 2, "color": colour, "opacity": 0.45 if colour == FURNITURE_COLOUR else 0.95},
        name=segment.name,
        legendgroup=segment.name,
    )


def _styled(figure: go.Figure, title: str, scene: Scene) -> go.Figure:
    points = np.concatenate([segment.points for segment in scene.segments if len(segment.points)] or [np.zeros((1, 3))])
    points = np.concatenate([points, *stretch.boxes()])
    low, high = points.min(0), points.max(0)
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=480,
        margin={"l": 0, "r": 0, "t": 40, "b": 0},
        legend={"itemsizing": "constant"},
        scene={
            "aspectmode": "data",
            "xaxis": {"title": "x away [m]", "range": [low[0] - 0.1, high[0] + 0.1]},
            "yaxis": {"title": "y left [m]", "range": [low[1] - 0.1, high[1] + 0.1]},
            "zaxis": {"title": "z up [m]", "range": [low[2] - 0.05, high[2] + 0.05]},
            "camera": {"eye": {"x": -1.9, "y": 0.0, "z": 1.7}, "center": {"x": 0.0, "y": 0.0, "z": -0.15}},
        },
    )
    return figure


def scene_figure(scene: Scene, title: str, stance: Stance | None = None) -> go.Figure:
    """Return the clouds of a scene with their boxes and the robot, seen from behind it."""
    colours = colours_of(scene)
    figure = go.Figure([stretch.trace(stance)])
    for segment in scene.segments:
        figure.add_trace(_cloud_trace(segment, colours[segment.name]))
        figure.add_trace(_box_trace(segment, colours[segment.name]))
    return _styled(figure, title, scene)


def particles_figure(scene: Scene, particles: Particles, title: str) -> go.Figure:
    """Return the inferred scenes as boxes over the failure's clouds, with each particle's action as an arrow."""
    colours = colours_of(scene)
    figure = go.Figure([_cloud_trace(segment, colours[segment.name], 250) for segment in scene.segments])
    for segment in scene.segments:
        if not segment.movable or segment.name not in particles.names:
            continue
        poses = particles.poses[:, particles.names.index(segment.name)]
        lines = _wireframe([box_corners(pose[:3], segment.box.size, pose[3]) for pose in poses])
        figure.add_trace(
            go.Scatter3d(
                x=lines[:, 0],
                y=lines[:, 1],
                z=lines[:, 2],
                mode="lines",
                opacity=0.35,
                line={"color": colours[segment.name], "width": 2},
                legendgroup=segment.name,
                showlegend=False,
            )
        )
    figure.add_trace(_action_trace(particles))
    return _styled(figure, title, scene)


def _action_trace(particles: Particles) -> go.Scatter3d:
    gap = np.full(3, np.nan)
    rows = []
    for pose, call in zip(particles.poses, particles.calls, strict=True):
        start = pose[particles.names.index(call.object), :3]
        rows += [start, start + call.parameter @ moves(call.skill), gap]
    lines = np.array(rows) if rows else np.zeros((0, 3))
    return go.Scatter3d(
        x=lines[:, 0],
        y=lines[:, 1],
        z=lines[:, 2],
        mode="lines",
        opacity=0.5,
        line={"color": "#222222", "width": 2, "dash": "dot"},
        name="actions",
    )


def losses_figure(losses: Mapping[str, Sequence[float]]) -> go.Figure:
    """Training losses by name over fine-tuning steps, on a log axis."""
    figure = go.Figure([go.Scatter(y=list(values), name=name, mode="lines") for name, values in losses.items()])
    figure.update_layout(
        height=320,
        yaxis={"type": "log", "title": "loss"},
        xaxis={"title": "step"},
        margin={"l": 60, "r": 10, "t": 20, "b": 40},
    )
    return figure


def times_figure(seconds: Mapping[str, float]) -> go.Figure:
    """Return one bar per stage [s]."""
    names = [name for name, value in seconds.items() if value is not None]
    figure = go.Figure(
        go.Bar(
            x=[seconds[name] for name in names],
            y=names,
            orientation="h",
            marker={"color": PALETTE[0]},
            text=[f"{seconds[name]:.1f} s" for name in names],
            textposition="auto",
        )
    )
    figure.update_layout(
        height=60 + 28 * len(names),
        margin={"l": 150, "r": 10, "t": 10, "b": 30},
        xaxis={"title": "[s]"},
        yaxis={"autorange": "reversed"},
    )
    return figure
