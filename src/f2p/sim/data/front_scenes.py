"""Scenes to reach into from the front: two tables, on one of them a shelf, things in a row on tables and boards.

The row stands where a level hand, its arm in, has room before it, and things in it are a hand apart, as a person leaves
them who wants one taken. On a board a thing stands nearly straight, on a table within what the base may turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import into_box, rotate_z
from f2p.settings import Settings, group, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.shape.protocol import board, shape_of
from f2p.shape.shelf import SHELF
from f2p.sim.data.workspace import WorkspaceConfig, tables
from f2p.sim.errors import SamplingError
from f2p.sim.protocol import Simulator
from f2p.sim.world import Body, World

TRIES = 200


@dataclass(frozen=True)
class FrontSceneConfig(Settings):
    """Ranges of sizes and places."""

    workspace: WorkspaceConfig = group(WorkspaceConfig)
    most: int = number(4, "objects, at most", low=1, high=8)
    row: float = number(0.745, "front of the row on a table", unit="m", low=0.5, high=1.0, source="ours: arm in")
    inset: float = number(0.01, "distance of the row from the front of a board", unit="m", low=0.0, high=0.1)
    deep: float = number(0.06, "how far behind its front an object stands, at most", unit="m", low=0.0, high=0.2)
    lane: float = number(0.16, "least distance of two objects along y", unit="m", low=0.05, high=0.5)
    beside: float = number(0.08, "least distance of an object from the end of a board", unit="m", low=0.0, high=0.3)
    over: float = number(0.05, "least free height over an object on a board", unit="m", low=0.0, high=0.3)
    askew: float = number(0.3, "how askew an object stands, at most", unit="rad", low=0.0, high=0.7)
    turn: float = number(0.3, "how far it is turned on the way, at most", unit="rad", low=0.0, high=0.7)


@dataclass(frozen=True)
class _Row:
    """A line along y on which objects stand."""

    front: float
    """x of its front [m]."""
    y: float
    half: float
    """Half its length [m]."""
    z: float
    room: float
    """Height over it [m]; infinite where nothing is above."""


def front_world(rng: np.random.Generator, simulator: Simulator, config: FrontSceneConfig | None = None) -> World:
    """Draw a scene at rest with room for another place of `object_1`. Raises SamplingError."""
    config = config or FrontSceneConfig()
    for _ in range(TRIES):
        furniture = tables(config.workspace)
        shelf = Body("shelf", SHELF, rng.uniform([0.18, 0.50, 0.36], [0.22, 0.70, 0.50]))
        work, side = config.workspace, rng.choice([-1.0, 1.0])
        back = work.table_x + 0.5 * (work.table_depth - shelf.size[0])
        at = [back, side * work.table_y, work.table_height + 0.5 * shelf.size[2], rng.uniform(-0.03, 0.03)]
        bodies, poses = [*furniture.bodies, shelf], [*furniture.poses, np.array(at)]
        for index in range(int(rng.integers(1, config.most + 1))):
            body = _object(f"object_{index + 1}", rng)
            pose = _stand(body.size, bodies, poses, rng, config)
            if pose is None:
                break
            bodies, poses = [*bodies, body], [*poses, pose]
        world = World(tuple(bodies), np.array(poses))
        if len(bodies) > len(furniture.bodies) + 1 and _stand(bodies[3].size, bodies, poses, rng, config) is not None:
            rested, stable = simulator.settle(world.bodies, world.poses[None], world.openings)
            if stable[0]:
                return World(world.bodies, rested[0], world.openings)
    raise SamplingError("a row of objects on tables and boards at rest", TRIES)


def front_goal(world: World, name: str, rng: np.random.Generator, config: FrontSceneConfig | None = None) -> np.ndarray:
    """Draw where else in such a scene an object can stand: pose (x, y, z, yaw). Shape (4,). Raises SamplingError."""
    config = config or FrontSceneConfig()
    index = [body.name for body in world.bodies].index(name)
    goal = _stand(world.bodies[index].size, world.bodies, list(world.poses), rng, config)
    if goal is None:
        raise SamplingError(f"another place for {name!r}", TRIES)
    askew = _askew(world.poses[index, 3])
    turn = np.clip(rng.uniform(-config.turn, config.turn), -config.askew - askew, config.askew - askew)
    goal[3] = world.poses[index, 3] + turn
    return goal


def _rows(bodies: Sequence[Body], poses: Sequence[np.ndarray], config: FrontSceneConfig) -> list[_Row]:
    """Return the rows of the boards, and of the table on which no shelf stands."""
    rows = []
    shelf, at = next((body, pose) for body, pose in zip(bodies, poses, strict=True) if body.prior == SHELF)
    for top in shelf.shape.tops(shelf.size, shelf.board):
        x, y = at[:2] + rotate_z(top.center[:2], at[3])
        z = float(at[2] + top.center[2])
        lids = [at[2] + one.center[2] - one.half[2] for one in shape_of(SHELF).slabs(shelf.size, board(shelf.size))]
        room = min((lid - z for lid in lids if lid > z), default=np.inf) if top.covered else np.inf
        rows.append(_Row(float(x - top.half[0]) + config.inset, float(y), float(top.half[1]) - config.beside, z, room))
    for body, pose in zip(bodies, poses, strict=True):
        if body.shape.support and np.any(np.abs(into_box(at[:2], pose, pose[3])) > 0.5 * body.size[:2]):
            z = float(pose[2] + 0.5 * body.size[2])
            rows.append(_Row(config.row, float(pose[1]), 0.5 * float(body.size[1]), z, np.inf))
    return rows


def _object(name: str, rng: np.random.Generator) -> Body:
    """Return something to be held by its sides: a block, or a cup."""
    if rng.random() < 0.3:
        return Body(name, OPEN_BOX, rng.uniform([0.045, 0.045, 0.07], [0.06, 0.06, 0.11]), 0.004)
    return Body(name, CUBOID, rng.uniform([0.03, 0.03, 0.06], [0.06, 0.06, 0.12]))


def _stand(
    size: np.ndarray, bodies: Sequence[Body], poses: Sequence[np.ndarray], rng: np.random.Generator,
    config: FrontSceneConfig,
) -> np.ndarray | None:  # fmt: skip
    """Return a pose in a random row, its lane free; None where none was met."""
    radius, rows = 0.5 * float(np.hypot(*size[:2])), _rows(bodies, poses, config)
    there = np.array([pose[:3] for body, pose in zip(bodies, poses, strict=True) if body.free]).reshape(-1, 3)
    for _ in range(TRIES):
        row = rows[int(rng.integers(len(rows)))]
        y = row.y + rng.uniform(-1.0, 1.0) * (row.half - radius)
        x = row.front + radius + rng.uniform(0.0, config.deep)
        yaw = rng.choice(4) * np.pi / 2 + rng.uniform(-config.askew, config.askew)
        level = (there[:, 2] > row.z) & (there[:, 2] < row.z + 0.2)
        if size[2] + config.over <= row.room and np.all(np.abs(there[level, 1] - y) >= config.lane):
            return np.array([x, y, row.z + 0.5 * size[2] + 0.001, np.mod(yaw + np.pi, 2 * np.pi) - np.pi])
    return None


def _askew(yaw: float) -> float:
    """Return how far a yaw is from the nearest axis [rad]."""
    return float(np.mod(yaw + np.pi / 4, np.pi / 2) - np.pi / 4)
