"""Scenes with a drawer where Stretch reaches it: a cabinet on a pedestal, open or shut, and a table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from f2p.geometry import rotate_z
from f2p.settings import Settings, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.drawer import DRAWER
from f2p.shape.protocol import Top
from f2p.shape.sliding import case_front, handle, slide_travel
from f2p.shape.table import TABLE
from f2p.sim.errors import SamplingError
from f2p.sim.world import Body, World

DRAWER_NAME, TABLE_NAME = "drawer", "table_a"
"""Of the one drawer and the one table in these scenes, as perception calls them."""

GAP = 0.004
"""Least gap between objects, and to walls [m]."""


@dataclass(frozen=True)
class DrawerSceneConfig(Settings):
    """Ranges of cabinets; places are such that the arm reaches the bar shut and some of the way out."""

    depth_low: float = number(0.30, "least depth, bar included", unit="m", low=0.2, high=0.6)
    depth_high: float = number(0.42, "greatest depth", unit="m", low=0.2, high=0.6)
    width_low: float = number(0.28, "least width", unit="m", low=0.2, high=0.8)
    width_high: float = number(0.50, "greatest width", unit="m", low=0.2, high=0.8)
    height_low: float = number(0.11, "least height", unit="m", low=0.08, high=0.4)
    height_high: float = number(0.20, "greatest height", unit="m", low=0.08, high=0.4)
    stands_low: float = number(0.25, "lowest support", unit="m", low=0.0, high=0.8, source="ours: over the base")
    stands_high: float = number(0.60, "highest support", unit="m", low=0.05, high=0.8, source="ours: Stretch's lift")
    reaches_out: float = number(0.05, "how far the support reaches out on either side of the cabinet", unit="m",
                                low=0.0, high=0.5)  # fmt: skip
    bar_low: float = number(0.70, "nearest bar of a shut drawer along x", unit="m", low=0.5, high=0.9)
    bar_high: float = number(0.86, "farthest bar of a shut drawer along x", unit="m", low=0.5, high=0.9,
                             source="stretch.md 1.2: the arm ends at 0.91 m")  # fmt: skip
    turned: float = number(0.15, "largest turn about the vertical", unit="rad", low=0.0, high=0.5)
    side: float = number(0.60, "largest distance of the cabinet from the middle along y", unit="m", low=0.0, high=1.0)
    open_share: float = number(0.5, "drawers that are open", low=0.0, high=1.0)
    objects: int = number(4, "most objects", low=1, high=10)
    on_top_share: float = number(0.2, "objects that stand on the cabinet", low=0.0, high=1.0)
    ajar_low: float = number(0.11, "least opening of a drawer that stands ajar", unit="m", low=0.0, high=0.4,
                             source="ours: what is in it is seen")  # fmt: skip
    ajar_high: float = number(0.14, "greatest opening of a drawer that stands ajar", unit="m", low=0.0, high=0.4)
    tries: int = number(60, "draws of a place before there is none", low=1, high=1000)


DEFAULT = DrawerSceneConfig()

Stands = Literal["anyhow", "ajar", "wide"]
"""How far a drawer is open."""

ANYHOW: Stands = "anyhow"
AJAR: Stands = "ajar"
WIDE: Stands = "wide"

AT_CASE = 0.025
"""Half the depth, about the front of the case, of where the middles are of what is seen but not got at [m] (ours)."""


def cabinet_bodies(rng: np.random.Generator, config: DrawerSceneConfig = DEFAULT) -> tuple[Body, ...]:
    """Draw a table, a pedestal, a drawer for it, and objects that fit into it."""
    size = rng.uniform(
        [config.depth_low, config.width_low, config.height_low],
        [config.depth_high, config.width_high, config.height_high],
    )
    pedestal = [size[0], size[1] + 2.0 * config.reaches_out, rng.uniform(config.stands_low, config.stands_high)]
    bodies = [Body(TABLE_NAME, TABLE, np.array([0.50, 0.80, rng.uniform(0.03, 0.07)]))]
    bodies += [Body("pedestal", TABLE, np.array(pedestal)), Body(DRAWER_NAME, DRAWER, size)]
    for index in range(int(rng.integers(1, config.objects + 1))):
        extents = rng.uniform([0.03, 0.03, 0.025], [0.06, 0.06, min(0.06, 0.5 * size[2])])
        bodies.append(Body(f"object_{index + 1}", CUBOID, extents))
    return tuple(bodies)


def _furniture(bodies: Sequence[Body], rng: np.random.Generator, config: DrawerSceneConfig, stands: Stands) -> World:
    """Place table, pedestal and drawer, and open that."""
    table, pedestal, drawer = bodies[:3]
    slabs = drawer.shape.slabs(drawer.size, drawer.board)
    bar, travel = handle(slabs), slide_travel(slabs)
    side, yaw = rng.choice([-1.0, 1.0]), rng.uniform(-config.turned, config.turned)
    x = rng.uniform(config.bar_low, config.bar_high) - (0.0 if bar is None else bar.middle[0])
    at = np.array([x, side * rng.uniform(0.5, 1.0) * config.side])
    height = float(pedestal.size[2])
    poses = [
        [0.70, -side * 0.60, rng.uniform(0.44, 0.52) - 0.5 * table.size[2], 0.0],
        [*(at + rotate_z(np.array([0.06, 0.0]), yaw)), 0.5 * height, yaw],
        [*at, height + 0.5 * drawer.size[2], yaw],
    ]
    opening = 0.0
    if stands == AJAR:
        opening = float(min(rng.uniform(config.ajar_low, config.ajar_high), travel))
    elif stands == WIDE or rng.random() < config.open_share:
        opening = float(rng.uniform(0.8 * travel if stands == WIDE else 0.03, travel))
    return World(tuple(bodies[:3]), np.array(poses), np.array([0.0, 0.0, opening]))


def placed(
    bodies: Sequence[Body], rng: np.random.Generator, config: DrawerSceneConfig = DEFAULT, *, inside: int = 0,
    stands: Stands = ANYHOW,
) -> World:  # fmt: skip
    """Place what `cabinet_bodies` drew.

    Args:
        bodies: As drawn.
        rng: Source of randomness.
        config: Ranges.
        inside: So many of the objects, the first, lie in the drawer; the others on the table or the cabinet.
        stands: WIDE is nearly as far open as it comes, and what is inside is where one gets at it; AJAR shows what is
            inside, too near to the case to be got at; ANYHOW is shut or open, and what is inside lies anywhere.

    Raises:
        SamplingError: An object found no place.
    """
    world = _furniture(bodies, rng, config, stands)
    poses, taken = list(world.poses), list[tuple[np.ndarray, float]]()
    table, _, drawer = world.bodies
    upper, floor = drawer.shape.tops(drawer.size, drawer.board)
    behind = Top(upper.center + [0.05, 0.0, 0.0], upper.half - [0.05, 0.0])
    board = Top(np.array([0.0, 0.0, 0.5 * table.size[2]]), 0.5 * table.size[:2])
    for index, body in enumerate(bodies[3:]):
        if index < inside and stands == WIDE:
            spot = in_open_part(world, body.size, rng)
        elif index < inside and stands == AJAR:
            spot = _spot(_at_case(drawer, body.size), poses[2], 0.0, body.size, taken, rng, config)
        elif index < inside:
            spot = _spot(floor, poses[2], float(world.openings[2]), body.size, taken, rng, config)
        elif rng.random() < config.on_top_share:
            spot = _spot(behind, poses[2], 0.0, body.size, taken, rng, config)
        else:
            spot = _spot(board, poses[0], 0.0, body.size, taken, rng, config)
        if spot is None:
            raise SamplingError(f"place for {body.name}", config.tries)
        poses.append(np.array([*spot, rng.uniform(-np.pi, np.pi)]))
    return World(tuple(bodies), np.array(poses), np.append(world.openings, np.zeros(len(bodies) - 3)))


def cabinet(rng: np.random.Generator, config: DrawerSceneConfig = DEFAULT, *, filled: bool = False) -> World:
    """Return a random scene without objects, or with some that are all in the drawer if `filled`."""
    while True:
        bodies = cabinet_bodies(rng, config)
        bodies = bodies if filled else bodies[:3]
        try:
            return placed(bodies, rng, config, inside=len(bodies) - 3)
        except SamplingError:
            continue


def in_open_part(world: World, size: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Return a place for the centre of a body of extents `size` in what has come out of the case. Shape (3,) [m].

    None where there is no room for it.
    """
    index = world.index(DRAWER_NAME)
    drawer, pose, opening = world.bodies[index], world.poses[index], float(world.openings[index])
    front = case_front(drawer.shape.slabs(drawer.size, drawer.board))
    _, floor = drawer.shape.tops(drawer.size, drawer.board)
    radius = 0.5 * float(np.linalg.norm(size[:2])) + GAP
    low, high = floor.center[0] - floor.half[0] - opening + radius, front - radius
    across = float(floor.half[1]) - radius
    if low > high or across < 0.0:
        return None
    x, y = pose[:2] + rotate_z(np.array([rng.uniform(low, high), rng.uniform(-across, across)]), pose[3])
    return np.array([x, y, pose[2] + floor.center[2] + 0.5 * size[2] + 0.001])


def _at_case(drawer: Body, size: np.ndarray) -> Top:
    """Return that part of the drawer's floor in which a body of extents `size` is seen, but not got at by a hand."""
    _, floor = drawer.shape.tops(drawer.size, drawer.board)
    front = case_front(drawer.shape.slabs(drawer.size, drawer.board))
    radius = 0.5 * float(np.linalg.norm(size[:2])) + GAP
    return Top(np.array([front, 0.0, floor.center[2]]), np.array([AT_CASE + radius, floor.half[1]]))


def _spot(
    top: Top, pose: np.ndarray, opening: float, size: np.ndarray, taken: list[tuple[np.ndarray, float]],
    rng: np.random.Generator, config: DrawerSceneConfig,
) -> np.ndarray | None:  # fmt: skip
    """Return a place on a surface of the body at `pose` that is not taken, and take it; None where there is none."""
    radius = 0.5 * float(np.linalg.norm(size[:2])) + GAP
    room = np.asarray(top.half) - radius
    for _ in range(config.tries if np.all(room > 0.0) else 0):
        local = top.center[:2] + rng.uniform(-room, room) - [opening, 0.0]
        at = pose[:2] + rotate_z(local, pose[3])
        z = pose[2] + top.center[2] + 0.5 * size[2] + 0.001
        spot = np.array([*at, z])
        if all(np.linalg.norm(at - other[:2]) > radius + reach or abs(z - other[2]) > 0.1 for other, reach in taken):
            taken.append((spot, radius))
            return spot
    return None
