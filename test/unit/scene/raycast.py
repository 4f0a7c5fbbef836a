"""Depth clouds of boxes by analytic ray casting: what a camera on a mast would see, with noise, by no simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.geometry import into_box, rotate_z
from f2p.types import Box, Scene, Segment

WALL = 0.008


@dataclass(frozen=True)
class Look:
    """One depth camera on a mast that pans; an upright D435i at 240 x 320 by default."""

    sensor: tuple[float, float, float] = (0.0, 0.0, 1.3)
    width: int = 240
    height: int = 320
    horizontal_view: float = np.deg2rad(58.0)
    tilt: float = np.deg2rad(40.0)
    pans: tuple[float, ...] = (-0.9, 0.0, 0.9)
    noise: float = 0.0025
    drop_out: float = 0.03


def boards(box: Box) -> list[Box]:
    """The floor and four walls of an open box."""
    size, yaw = box.size, box.yaw

    def board(offset: tuple[float, float, float], extent: tuple[float, float, float]) -> Box:
        return Box(box.center + rotate_z(np.array(offset), yaw), np.array(extent), yaw)

    x, y, z = (size - WALL) / 2
    return [
        board((0, 0, -z), (size[0], size[1], WALL)),
        board((x, 0, 0), (WALL, size[1], size[2])),
        board((-x, 0, 0), (WALL, size[1], size[2])),
        board((0, y, 0), (size[0], WALL, size[2])),
        board((0, -y, 0), (size[0], WALL, size[2])),
    ]


def solids(scene: Scene) -> list[Box]:
    """Every solid cuboid of a scene, and the floor."""
    out = [Box([0.0, 0.0, -0.05], [6.0, 6.0, 0.1])]
    for segment in scene.segments:
        out += boards(segment.box) if segment.prior == "open_box" else [segment.box]
    return out


def distances(origin: np.ndarray, directions: np.ndarray, box: Box) -> np.ndarray:
    """Where rays enter one box; inf if they miss."""
    start = into_box(origin[None], box.center, box.yaw)[0]
    rays = rotate_z(directions, -box.yaw)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = ((sign * box.size / 2 - start) / rays for sign in (-1.0, 1.0))
    near, far = np.minimum(one, other).max(axis=1), np.maximum(one, other).min(axis=1)
    return np.where((near <= far) & (near > 0), near, np.inf)


def cloud_of(scene: Scene, rng: np.random.Generator, look: Look = Look()) -> np.ndarray:
    """The merged cloud of all pans in the task frame. Shape (n, 3)."""
    focal = look.width / 2 / np.tan(look.horizontal_view / 2)
    u, v = np.meshgrid(np.arange(look.width), np.arange(look.height))
    right, down = (u.ravel() - look.width / 2) / focal, (v.ravel() - look.height / 2) / focal
    forward, below = (
        np.array([np.cos(look.tilt), 0, -np.sin(look.tilt)]),
        np.array([-np.sin(look.tilt), 0, -np.cos(look.tilt)]),
    )
    rays = forward + right[:, None] * np.array([0, -1.0, 0]) + down[:, None] * below
    clouds = []
    for pan in look.pans:
        directions = rotate_z(rays, pan)
        depth = np.min([distances(np.array(look.sensor), directions, box) for box in solids(scene)], axis=0)
        depth = depth + rng.normal(size=depth.shape) * look.noise * np.minimum(depth, 3.0) ** 2
        kept = np.isfinite(depth) & (rng.random(depth.shape) > look.drop_out)
        clouds.append(np.array(look.sensor) + depth[kept, None] * directions[kept])
    return np.concatenate(clouds)


TABLE_SIZE = (0.5, 0.9, 0.05)
TOP = 0.5


def table(name: str, y: float) -> Segment:
    """One of the two tables of the demo's scene."""
    return Segment(name, "table", Box([0.7, y, TOP - 0.025], TABLE_SIZE), np.zeros((1, 3)))


def standing(
    name: str, x: float, y: float, size: tuple, yaw: float = 0.0, on: float = TOP, prior: str = "cuboid"
) -> Segment:
    """Something that stands on height `on`."""
    return Segment(name, prior, Box([x, y, on + size[2] / 2], size, yaw), np.zeros((1, 3)))


def random_scene(rng: np.random.Generator, contents: int = 3, box_table: str = "a") -> Scene:
    """The transport task at a random moment: an open box with contents on one table, a landmark on table_b."""
    side = 0.55 if box_table == "a" else -0.55
    box_x, box_y, box_yaw = 0.66 + rng.uniform(-0.06, 0.06), side + rng.uniform(-0.15, 0.15), rng.uniform(-0.5, 0.5)
    box = standing("box", box_x, box_y, (0.20, 0.16, 0.10), box_yaw, prior="open_box")
    movables: list[Segment] = []
    placed: list[np.ndarray] = []
    sizes = rng.uniform(0.03, 0.05, (contents, 3))
    while len(movables) < contents:
        size = sizes[len(movables)]
        limit = np.array([0.1, 0.08]) - WALL - np.linalg.norm(size[:2]) / 2
        spot = rng.uniform(-limit, limit)
        if all(np.linalg.norm(spot - other[:2]) > (np.linalg.norm(size[:2]) + other[2]) / 2 for other in placed):
            place = box.box.center[:2] + rotate_z(spot, box_yaw)
            movables.append(
                standing(f"object_{len(movables) + 1}", *place, tuple(size), rng.uniform(-1.5, 1.5), TOP + WALL)
            )
            placed.append(np.array([*spot, np.linalg.norm(size[:2])]))
        elif rng.random() < 0.02:
            movables, placed = [], []
    far = -0.85 if box_table == "b" and box_y > -0.55 else -0.30
    mark = standing("landmark", 0.7 + rng.uniform(-0.1, 0.1), far, (0.06, 0.06, 0.12), rng.uniform(-0.7, 0.7))
    return Scene((table("table_a", 0.55), table("table_b", -0.55), box, *movables, mark))
