"""What a 3-D viewer shows of the stack, as plain values: scene, relations, plan, particles and failures as markers.

Every value is in the task frame. A group of markers replaces the one that was shown before it under the same topic, so
that nothing has to be taken away one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from f2p.scene.relations import relations_of
from f2p.types import BINARY_RELATIONS, Box, Contradiction, Plan, Scene, Segment

MOVED_M = 0.01
"""A predicted displacement below this is not drawn [m] (ours: a tenth of what a skill moves)."""

TEXT_M = 0.04
"""Height of letters [m]."""

BANNER_S = 120.0
"""How long a failure is shown [s] (ours: until whoever looks has read it)."""

MOVABLE, FURNITURE, PREDICTED = (0.20, 0.55, 0.90, 0.85), (0.55, 0.55, 0.55, 0.35), (0.95, 0.60, 0.10, 0.40)
EDGE, PATH, PARTICLE, BAD, INK = (
    (0.25, 0.70, 0.35, 0.9), (0.95, 0.60, 0.10, 0.9), (0.60, 0.30, 0.80, 0.6), (0.85, 0.15, 0.10, 1.0),
    (0.95, 0.95, 0.95, 1.0),
)  # fmt: skip


class Kind(Enum):
    """Which of the forms that a viewer draws."""

    BOX = "box"
    LINES = "lines"
    """Pairs of points, a line between the two of each."""
    SPHERES = "spheres"
    """One at each point."""
    TEXT = "text"
    """Letters that turn to whoever looks."""


@dataclass(frozen=True, eq=False)
class Mark:
    """One thing drawn."""

    group: str
    """What it belongs to; a viewer can hide a group."""
    kind: Kind
    color: tuple[float, float, float, float]
    """Red, green, blue, opacity, each from 0 to 1."""
    size: tuple[float, float, float]
    """Extents of a box, width of lines, diameter of spheres, height of letters (the last) [m]."""
    pose: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """x, y, z [m], yaw [rad]."""
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    """Of lines and spheres [m]. Shape (points, 3)."""
    text: str = ""
    lasts_s: float = 0.0
    """How long it is shown [s]; 0: until it is replaced."""


def scene_marks(scene: Scene) -> list[Mark]:
    """Return each segment as a box with its name, and the relations that hold between them as edges."""
    marks = [_box("segments", one.box, MOVABLE if one.movable else FURNITURE) for one in scene.segments]
    marks += [_label("labels", _top(one.box), _words_of(one)) for one in scene.segments]
    return [*marks, *_edges(scene)]


def plan_marks(plan: Plan, scene: Scene, status: str) -> list[Mark]:
    """Return where the plan takes each object, step by step, and how far it has come.

    Args:
        plan: With a prediction for each step.
        scene: What it was made for.
        status: The plan as a tree in words.
    """
    marks = [_label("status", (0.0, 0.0, 1.6), status)]
    boxes = {one.name: one.box for one in scene.segments}
    for name, path in _paths(plan, boxes).items():
        box = boxes[name]
        marks.append(_box("predicted", Box(path[-1], box.size, box.yaw), PREDICTED))
        marks.append(_lines("path", np.repeat(path, 2, axis=0)[1:-1], PATH, 0.008))
        marks.append(_label("predicted labels", (*path[-1][:2], path[-1][2] + box.size[2] / 2), f"{name}, predicted"))
    return marks


def particle_marks(places: np.ndarray) -> list[Mark]:
    """Return where the object of a failed step stands in each scene that was inferred. `places`: (particles, 3) [m]."""
    return [Mark("particles", Kind.SPHERES, PARTICLE, (0.02, 0.02, 0.02), points=places)] if len(places) else []


def failure_marks(cause: str, text: str, contradictions: list[Contradiction], scene: Scene | None) -> list[Mark]:
    """Return a banner, and a red edge or box for each relation that was predicted otherwise than observed."""
    lines = [f"FAILURE ({cause}): {text}", *(str(one) for one in contradictions[:6])]
    marks = [Mark("banner", Kind.TEXT, BAD, (0.0, 0.0, 1.5 * TEXT_M), (0.0, 0.0, 2.0, 0.0), text="\n".join(lines),
                  lasts_s=BANNER_S)]  # fmt: skip
    boxes = {one.name: one.box for one in scene.segments} if scene is not None else {}
    for one in contradictions:
        ends = [boxes[name].center for name in (one.subject, one.object) if name in boxes]
        if len(ends) == 2:
            marks.append(_lines("contradictions", np.array(ends), BAD, 0.01, BANNER_S))
            marks.append(_label("contradictions", tuple(np.mean(ends, axis=0)), one.relation, BAD))
    return marks


def predicted_ends(plan: Plan, scene: Scene) -> dict[str, np.ndarray]:
    """Return where the centre of each object that a plan moves is predicted to be after its last step [m]."""
    return {name: path[-1] for name, path in _paths(plan, {one.name: one.box for one in scene.segments}).items()}


def _edges(scene: Scene) -> Iterator[Mark]:
    """Yield an edge for each pair with a relation that holds, from the movable one, with the relations' names."""
    relations = relations_of(scene)
    for i, one in enumerate(scene.segments):
        for j, other in enumerate(scene.segments):
            held = [name for name, value in zip(BINARY_RELATIONS, relations.binary[i, j], strict=True) if value > 0.5]
            if i == j or not one.movable or not held:
                continue
            ends = np.array([one.box.center, other.box.center])
            yield _lines("relations", ends, EDGE, 0.004)
            at = 0.7 * ends[0] + 0.3 * ends[1]
            yield _label("relation names", tuple(at), ", ".join(held), EDGE, 0.6 * TEXT_M)


def _paths(plan: Plan, boxes: dict[str, Box]) -> dict[str, np.ndarray]:
    """Return where the centre of each object that is to move is before the plan and after each of its steps."""
    out: dict[str, np.ndarray] = {}
    for name, box in boxes.items():
        rows = [
            prediction.displacements[prediction.relations.names.index(name)]
            for prediction in plan.predictions
            if name in prediction.relations.names
        ]
        if rows and np.linalg.norm(rows, axis=1).max() > MOVED_M:
            out[name] = box.center + np.vstack([np.zeros(3), np.cumsum(rows, axis=0)])
    return out


def _words_of(segment: Segment) -> str:
    """Return name and kind of a segment, and how far a drawer is open."""
    opening = f", open {segment.opening:.2f} m" if segment.opening else ""
    return f"{segment.name} ({segment.prior}{opening})"


def _top(box: Box) -> tuple[float, float, float]:
    x, y, z = box.center
    return float(x), float(y), float(z + box.size[2] / 2)


def _box(group: str, box: Box, color: tuple[float, float, float, float]) -> Mark:
    x, y, z, yaw = (float(value) for value in box.pose)
    dx, dy, dz = (float(value) for value in box.size)
    return Mark(group, Kind.BOX, color, (dx, dy, dz), (x, y, z, yaw))


def _lines(group: str, ends: np.ndarray, color: tuple[float, float, float, float], width: float,
           lasts_s: float = 0.0) -> Mark:  # fmt: skip
    return Mark(group, Kind.LINES, color, (width, 0.0, 0.0), points=ends, lasts_s=lasts_s)


def _label(
    group: str, at: tuple[float, ...], text: str, color: tuple[float, float, float, float] = INK,
    height: float = TEXT_M,
) -> Mark:  # fmt: skip
    x, y, z = (float(value) for value in at[:3])
    return Mark(group, Kind.TEXT, color, (0.0, 0.0, height), (x, y, z + height, 0.0), text=text)
