"""Scenes with a drawer where Stretch reaches it: a cabinet on a pedestal, open or shut, and a table beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.geometry import rotate_z
from f2p.settings import Settings, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.drawer import DRAWER
from f2p.shape.sliding import handle, slide_travel
from f2p.shape.table import TABLE
from f2p.sim.errors import SamplingError
from f2p.sim.world import Body, World


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
    bar_low: float = number(0.70, "nearest bar of a shut drawer along x", unit="m", low=0.5, high=0.9)
    bar_high: float = number(0.86, "farthest bar of a shut drawer along x", unit="m", low=0.5, high=0.9,
                             source="stretch.md 1.2: the arm ends at 0.91 m")  # fmt: skip
    turned: float = number(0.15, "largest turn about the vertical", unit="rad", low=0.0, high=0.5)
    side: float = number(0.60, "largest distance of the cabinet from the middle along y", unit="m", low=0.0, high=1.0)
    open_share: float = number(0.5, "drawers that are open", low=0.0, high=1.0)
    contents: int = number(3, "most objects in a drawer", low=0, high=10)
    tries: int = number(60, "draws per object before it is left out", low=1, high=1000)


DEFAULT = DrawerSceneConfig()


def cabinet(rng: np.random.Generator, config: DrawerSceneConfig = DEFAULT, *, filled: bool = False) -> World:
    """Return a pedestal, a drawer on it, and a table at the other side; with objects in the drawer if `filled`."""
    size = rng.uniform(
        [config.depth_low, config.width_low, config.height_low],
        [config.depth_high, config.width_high, config.height_high],
    )
    drawer = Body("drawer", DRAWER, size)
    slabs = drawer.shape.slabs(size, drawer.board)
    bar = handle(slabs)
    if bar is None:
        raise SamplingError("a bar on the drawer", 1)
    height, yaw = rng.uniform(config.stands_low, config.stands_high), rng.uniform(-config.turned, config.turned)
    side = rng.choice([-1.0, 1.0])
    y = side * rng.uniform(0.5, 1.0) * config.side
    x = rng.uniform(config.bar_low, config.bar_high) - bar.middle[0]
    pedestal = Body("pedestal", TABLE, np.array([size[0], size[1] + 0.1, height]))
    table = Body("table", TABLE, np.array([0.50, 0.80, 0.05]))
    back = rotate_z(np.array([0.06, 0.0]), yaw)
    poses = [
        [0.70, -side * 0.60, rng.uniform(0.44, 0.52) - 0.025, 0.0],
        [x + back[0], y + back[1], 0.5 * height, yaw],
        [x, y, height + 0.5 * size[2], yaw],
    ]
    opening = rng.uniform(0.03, slide_travel(slabs)) if rng.random() < config.open_share else 0.0
    bodies, openings = [table, pedestal, drawer], [0.0, 0.0, opening]
    if filled:
        for body, pose in _contents(drawer, np.array(poses[2]), opening, rng, config):
            bodies.append(body)
            poses.append(pose.tolist())
            openings.append(0.0)
    return World(tuple(bodies), np.array(poses), np.array(openings))


def _contents(
    drawer: Body, pose: np.ndarray, opening: float, rng: np.random.Generator, config: DrawerSceneConfig
) -> list[tuple[Body, np.ndarray]]:
    """Return objects that lie side by side on the floor of the drawer, wherever that is now."""
    floor = next(top for top in drawer.shape.tops(drawer.size, drawer.board) if top.walled)
    found: list[tuple[Body, np.ndarray]] = []
    places: list[tuple[np.ndarray, float]] = []
    for index in range(int(rng.integers(1, config.contents + 1))):
        size = rng.uniform([0.03, 0.03, 0.025], [0.06, 0.06, min(0.06, 0.5 * drawer.size[2])])
        radius = 0.5 * float(np.linalg.norm(size[:2]))
        room = floor.half - radius - 0.004
        for _ in range(config.tries):
            at = floor.center[:2] + rng.uniform(-room, room)
            if all(np.linalg.norm(at - other) > radius + reach + 0.004 for other, reach in places):
                places.append((at, radius))
                x, y = pose[:2] + rotate_z(at - [opening, 0.0], pose[3])
                z = pose[2] + floor.center[2] + 0.5 * size[2] + 0.001
                turned = rng.uniform(-np.pi, np.pi)
                found.append((Body(f"object_{index + 1}", CUBOID, size), np.array([x, y, z, turned])))
                break
    return found
