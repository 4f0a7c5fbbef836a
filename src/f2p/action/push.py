"""Push: what moves freely is shoved over what it stands on, with all that is in its way (A.10).

The parameter is direction times distance, which has no angle that wraps (method.md A7). It is a stroke, not an aim.
"""

from __future__ import annotations

import math

import numpy as np

from f2p.action.covered import uncovered
from f2p.action.protocol import Parameter, actions
from f2p.action.strokes import DEFAULT, PALM_Z, Surroundings, strokes
from f2p.action.workspace import Workspace
from f2p.geometry import into_box, rotate_z
from f2p.shape.protocol import FREE
from f2p.types import GoalRelation, Scene, Segment

FARTHEST = 0.25
"""Longest push [m] (ours: half a table's depth)."""

NEAREST = 0.03
"""Shortest push that is proposed [m] (ours: above what the robot is off by)."""

TALLEST = PALM_Z
"""What is taller would meet the gripper's palm [m]; pads stand a little higher than it."""

RIM = 0.03
"""Proposals end at least this far inside the edge of what the object stands on [m] (ours)."""

EDGE = 0.02
"""A push that would bring the middle of anything nearer to the edge of what it stands on is refused [m] (ours)."""

SPREAD = 0.015
"""Standard deviation of where what is pushed ends [m] (ours: nine of ten pushes of the body are within 3 cm)."""

ON = 0.02
"""An object this near above another's top stands on it [m] (ours: perception is off by less)."""


class PushAction:
    """`Action` of A.10's push."""

    parameters: tuple[Parameter, ...] = (
        Parameter("dx", "m", -FARTHEST, FARTHEST, "direction times distance", along="x"),
        Parameter("dy", "m", -FARTHEST, FARTHEST, "direction times distance", along="y"),
    )

    def applies(self, segment: Segment) -> bool:
        """Tell whether `segment` moves freely and stands low enough for the gripper over it."""
        return segment.shape.moves == FREE and bool(segment.box.size[2] <= TALLEST)

    def draw(
        self, scene: Scene, name: str, count: int, rng: np.random.Generator, workspace: Workspace | None = None
    ) -> np.ndarray:
        """Propose pushes in all directions, cut short where they would leave what the object stands on.

        Args:
            scene: Where the object stands.
            name: The object to be pushed.
            count: How many to draw.
            rng: Source of randomness.
            workspace: Where a push may end.

        Returns:
            Shape (count, 2): dx, dy.
        """
        space, box = workspace or Workspace(), scene.segments[scene.index(name)].box
        angles, distances = rng.uniform(-np.pi, np.pi, count), rng.uniform(NEAREST, FARTHEST, count)
        ends = box.center[:2] + distances[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
        under = support_of(scene, name)
        if under is not None:
            below = under.box
            room = np.maximum(0.5 * below.size[:2] - RIM, 0.0)
            ends = below.center[:2] + rotate_z(
                np.clip(into_box(ends, below.center[:2], below.yaw), -room, room), below.yaw
            )
        ends = np.clip(ends, (space.x_low, space.y_low), (space.x_high, space.y_high))
        return np.asarray(np.clip(ends - box.center[:2], -FARTHEST, FARTHEST))

    def expected(self, scene: Scene, name: str, parameters: np.ndarray) -> np.ndarray:
        """Say how far each segment is meant to be displaced: the object by its parameters. Shape (count, n, 3)."""
        out = np.zeros((len(parameters), len(scene.segments), 3))
        out[:, scene.index(name), :2] = np.asarray(parameters)[:, :2]
        return out

    def preconditions(self, scene: Scene, name: str) -> tuple[GoalRelation, ...]:
        """Ask that what lies in a drawer has come out in front of its case, so that fingers come down behind it."""
        return uncovered(scene, name)

    def has_room(self, scene: Scene, name: str, parameters: np.ndarray) -> np.ndarray:
        """Tell for which pushes fingers come down clear of others, for every stroke. Shape (count,), bool."""
        boxes, index = [one.box for one in scene.segments], scene.index(name)
        around = Surroundings(
            np.array([[*box.center, box.yaw] for box in boxes]),
            np.array([box.size for box in boxes]),
            np.array([not one.shape.support for one in scene.segments]),
        )
        found = [strokes(around, index, push) for push in np.asarray(parameters)[:, :2]]
        return np.array(
            [bool(one) and min(stroke.room for stroke in one) >= DEFAULT.clear for one in found], dtype=bool
        )

    def stays(self, scene: Scene, displacements: np.ndarray) -> float:
        """Return how likely the middles of what is displaced (n, 3) [m] end where the skill would leave them."""
        moved = [
            (one.name, by[:2])
            for one, by in zip(scene.segments, displacements, strict=True)
            if one.movable and np.linalg.norm(by[:2]) > SPREAD
        ]
        least = min((float(inside_edge(scene, name, by)) for name, by in moved), default=math.inf)
        return 0.5 * math.erfc((EDGE - least) / (SPREAD * math.sqrt(2.0)))


def inside_edge(scene: Scene, name: str, by: np.ndarray) -> np.ndarray:
    """Return how far inside the nearest edge of its support a middle ends that is displaced by `by` (..., 2) [m].

    Negative beyond the edge, infinite on the floor. Shape (...,).
    """
    support, start = support_of(scene, name), scene.segments[scene.index(name)].box.center[:2]
    if support is None:
        return np.full(np.shape(by)[:-1], np.inf)
    local = into_box(start + by, support.box.center[:2], support.box.yaw)
    return np.asarray((0.5 * support.box.size[:2] - np.abs(local)).min(-1))


def support_of(scene: Scene, name: str) -> Segment | None:
    """Return what the object called `name` stands on; None for the floor."""
    box = scene.segments[scene.index(name)].box
    bottom = box.center[2] - 0.5 * box.size[2]
    found: list[tuple[float, int]] = []
    for index, other in enumerate(scene.segments):
        top = float(other.box.center[2] + 0.5 * other.box.size[2])
        local = np.abs(into_box(box.center[:2], other.box.center[:2], other.box.yaw))
        if (
            other.name != name
            and top <= bottom + ON
            and top > bottom - ON
            and np.all(local <= 0.5 * other.box.size[:2])
        ):
            found.append((top, index))
    return scene.segments[max(found)[1]] if found else None


actions.register("push")(PushAction())
