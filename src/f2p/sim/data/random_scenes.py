"""Random scenes of tables, shelves, objects, boxes and what lies in them, free of collisions before physics starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import half_extents, into_box, rotate_z, separation
from f2p.settings import Settings, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.shape.shelf import SHELF
from f2p.shape.table import TABLE
from f2p.sim.errors import SamplingError
from f2p.sim.world import Body


@dataclass(frozen=True)
class RandomSceneConfig(Settings):
    """Shares and ranges of random scenes."""

    fewest: int = number(2, "movables at least", low=1, high=20)
    most: int = number(
        7, "movables at most, but for a tenth of scenes that have two more", low=1, high=20,
        source="ours: 7 objects, their box and a landmark",
    )  # fmt: skip
    box_share: float = number(0.8, "scenes with an open box", low=0.0, high=1.0)
    cup_share: float = number(
        0.0, "scenes with one to three cups, small open boxes, in place of boxes", low=0.0, high=1.0,
        source="ours: of the pre-training a quarter",
    )  # fmt: skip
    shelf_share: float = number(
        0.0, "scenes with a shelf in place of the second table", low=0.0, high=1.0,
        source="ours: of the pre-training a quarter; a model that has seen none puts nothing on one",
    )  # fmt: skip
    pack_share: float = number(
        0.0, "objects as large as a pack of wipes or a stack of cups", low=0.0, high=1.0,
        source="ours: of the pre-training an eighth",
    )  # fmt: skip
    filled_share: float = number(0.65, "boxes with contents at rest", low=0.0, high=1.0, source="method.md 6.7")
    landmark_share: float = number(0.4, "scenes with a tall cuboid", low=0.0, high=1.0)
    floor_share: float = number(0.04, "objects that start on the floor", low=0.0, high=1.0)
    stacked_share: float = number(0.08, "objects that start on another", low=0.0, high=1.0)
    adjacent_share: float = number(0.10, "objects that start beside another", low=0.0, high=1.0)
    gap: float = number(0.004, "least gap between objects", unit="m", low=0.0, high=0.1)
    tries: int = number(60, "draws per body before it goes elsewhere", low=1, high=100_000)


DEFAULT = RandomSceneConfig()

STANDS = (TABLE, SHELF)
"""Shapes of the furniture on whose upper face movables stand."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Poses of one scene and which container each body was put into (−1: none)."""

    poses: np.ndarray
    """Shape (bodies, 4)."""
    container: np.ndarray
    """Shape (bodies,), int."""


def sample_bodies(rng: np.random.Generator, config: RandomSceneConfig = DEFAULT) -> tuple[Body, ...]:
    """Return two tables, or one and a shelf, and a random set of movables: objects, open boxes, tall cuboids."""
    count = int(rng.integers(config.fewest, config.most + 1)) + (2 if rng.random() < 0.1 else 0)
    bodies = []
    for name in ("table_a", "table_b"):
        bodies.append(Body(name, TABLE, rng.uniform([0.42, 0.80, 0.03], [0.58, 0.96, 0.07])))
    if config.shelf_share and rng.random() < config.shelf_share:
        bodies[1] = Body("shelf", SHELF, rng.uniform([0.26, 0.30, 0.36], [0.40, 0.80, 0.54]))
    boxes = int(rng.random() < config.box_share) * (1 + int(rng.random() < 0.2 and count > 3))
    low, high = [0.18, 0.16, 0.07], [0.34, 0.30, 0.16]
    if config.cup_share and rng.random() < config.cup_share:
        boxes, low, high = int(rng.integers(1, 4)), [0.09, 0.09, 0.055], [0.16, 0.16, 0.10]
    for index in range(boxes):
        size = rng.uniform(low, high)
        bodies.append(Body(f"box_{index}" if index else "box", OPEN_BOX, size))
    if rng.random() < config.landmark_share:
        bodies.append(Body("landmark", CUBOID, rng.uniform([0.05, 0.05, 0.10], [0.10, 0.10, 0.24])))
    for index in range(max(1, count + 2 - len(bodies))):
        size = rng.uniform(0.03, 0.06, 3) if rng.random() < 0.75 else rng.uniform(0.025, 0.08, 3)
        if config.pack_share and rng.random() < config.pack_share:
            size = rng.uniform([0.06, 0.05, 0.07], [0.11, 0.08, 0.14])
        bodies.append(Body(f"object_{index + 1}", CUBOID, size))
    return tuple(bodies)


def place_tables(bodies: Sequence[Body], rng: np.random.Generator) -> dict[int, np.ndarray]:
    """Return poses of the tables, jittered around those of the demo (both tops near 0.5 m), by body index.

    A shelf stands on the floor, as near to the table as the edges of two tables lie, on either side of it.
    """
    top = rng.uniform(0.46, 0.54)
    out = {}
    left = rng.choice([-1.0, 1.0]) if any(body.prior == SHELF for body in bodies) else 1.0
    for index, body in enumerate(bodies):
        if body.prior not in STANDS:
            continue
        side = left if body.name.endswith("a") else -left
        height = top + rng.normal() * 0.004 - 0.5 * body.size[2]
        xy = [0.70 + rng.uniform(-0.04, 0.04), side * (0.55 + rng.uniform(-0.03, 0.05))]
        if body.prior == SHELF:
            height, xy[1] = 0.5 * body.size[2], side * (0.5 * body.size[1] + rng.uniform(0.08, 0.32))
        out[index] = np.array([*xy, height, rng.uniform(-0.04, 0.04)])
    return out


class Placer:
    """Puts the movables of one scene somewhere, one after the other, without overlap."""

    def __init__(
        self, bodies: Sequence[Body], fixed: dict[int, np.ndarray], rng: np.random.Generator, config: RandomSceneConfig
    ) -> None:
        self._bodies, self._rng, self._config = bodies, rng, config
        self.poses = np.zeros((len(bodies), 4))
        self.container = np.full(len(bodies), -1)
        self._tables = [i for i in sorted(fixed) if bodies[i].prior in STANDS]
        self._placed: list[int] = []
        self._taken: set[int] = set()
        for index, pose in fixed.items():
            self.poses[index] = pose

    def _free(self, index: int, pose: np.ndarray, others: Sequence[int]) -> bool:
        """Tell whether a body at `pose` keeps its distance from all `others` in plan."""
        if not others:
            return True
        others = list(others)
        sizes = np.stack([self._bodies[i].size for i in others])
        mine = pose[None, :3], self._bodies[index].size[None], pose[None, 3]
        theirs = self.poses[others, :3], sizes, self.poses[others, 3]
        return bool(np.all(separation(mine, theirs) > self._config.gap))

    def _loose(self) -> list[int]:
        return [i for i in self._placed if self.container[i] < 0]

    def put(self, index: int, pose: np.ndarray, container: int = -1) -> None:
        """Record where a body is."""
        self.poses[index] = pose
        self.container[index] = container
        self._placed.append(index)

    def on_table(self, index: int) -> bool:
        """Return uniform on a random table, wholly on it."""
        for _ in range(self._config.tries):
            table = int(self._rng.choice(self._tables))
            pose = self._upon(
                index, table, self._rng.uniform(-1.0, 1.0, 2), 0.5 * float(np.linalg.norm(self._bodies[index].size[:2]))
            )
            if self._free(index, pose, self._loose()):
                self.put(index, pose)
                return True
        return False

    def _upon(self, index: int, support: int, share: np.ndarray, margin: float) -> np.ndarray:
        """Return a pose on top of `support`, `share` in −1..1 of its half extents less `margin`."""
        size, pose = self._bodies[support].size, self.poses[support]
        local = share * np.maximum(0.5 * size[:2] - margin, 0.0)
        x, y = pose[:2] + rotate_z(local, pose[3])
        z = pose[2] + 0.5 * size[2] + 0.5 * self._bodies[index].size[2] + 0.001
        return np.array([x, y, z, self._rng.uniform(-np.pi, np.pi)])

    def on_floor(self, index: int) -> bool:
        """Somewhere on the floor that no table covers."""
        for _ in range(self._config.tries):
            xy = self._rng.uniform([0.35, -1.2], [1.1, 1.2])
            pose = np.array([*xy, 0.5 * self._bodies[index].size[2] + 0.001, self._rng.uniform(-np.pi, np.pi)])
            if self._free(index, pose, [*self._loose(), *self._tables]):
                self.put(index, pose)
                return True
        return False

    def on_another(self, index: int) -> bool:
        """On top of a cuboid that nothing stands on yet and that is wide enough."""
        wide = [
            i for i in self._loose()
            if self._bodies[i].prior == CUBOID and i not in self._taken
            and self._bodies[i].size[:2].min() > 0.7 * self._bodies[index].size[:2].max()
        ]  # fmt: skip
        if not wide:
            return False
        support = int(self._rng.choice(wide))
        pose = self._upon(index, support, self._rng.uniform(-0.3, 0.3, 2), 0.0)
        if not self._free(index, pose, [i for i in self._loose() if i != support]):
            return False
        self._taken.update((support, index))
        self.put(index, pose)
        return True

    def beside_another(self, index: int) -> bool:
        """Next to a loose object, 4 to 15 mm from it, in line with it."""
        loose = [i for i in self._loose() if i not in self._taken]
        for _ in range(self._config.tries if loose else 0):
            other = int(self._rng.choice(loose))
            pose = self.poses[other].copy()
            axis, sign = int(self._rng.integers(2)), self._rng.choice([-1.0, 1.0])
            away = 0.5 * (self._bodies[other].size[axis] + self._bodies[index].size[axis]) + self._rng.uniform(
                0.0045, 0.015
            )
            pose[:2] += rotate_z(sign * away * np.eye(2)[axis], pose[3])
            pose[2] += 0.5 * (self._bodies[index].size[2] - self._bodies[other].size[2])
            on_table = self.supported(index, pose)
            if on_table and self._free(index, pose, self._loose()):
                self.put(index, pose)
                return True
        return False

    def supported(self, index: int, pose: np.ndarray) -> bool:
        """Tell whether the footprint's circle lies on one table."""
        radius = 0.5 * float(np.linalg.norm(self._bodies[index].size[:2]))
        for table in self._tables:
            local = into_box(pose[:2], self.poses[table], self.poses[table, 3])
            if np.all(np.abs(local) < 0.5 * self._bodies[table].size[:2] - radius):
                return True
        return False

    def into_box(self, index: int, box: int, spacing: float = 0.004) -> bool:
        """In an open box, on its bottom or on a layer above what is there; it comes to rest by physics."""
        body, container, pose = self._bodies[index], self._bodies[box], self.poses[box]
        contents = [i for i in self._placed if self.container[i] == box]
        floor = pose[2] - 0.5 * container.size[2] + container.board + 0.002
        for level in (0, 1):
            rise = max((self._bodies[i].size[2] for i in contents), default=0.0) * level + 0.002 * level
            blocking = [i for i in contents if self.poses[i, 2] - floor < rise + body.size[2] and
                        self.poses[i, 2] + 0.5 * self._bodies[i].size[2] > floor + rise]  # fmt: skip
            if level and floor + rise + 0.5 * body.size[2] > pose[2] + 0.5 * container.size[2]:
                return False
            for _ in range(self._config.tries):
                yaw = pose[3] + (
                    self._rng.integers(4) * np.pi / 2 if self._rng.random() < 0.5 else self._rng.uniform(-np.pi, np.pi)
                )
                reach = half_extents(body.size, yaw - pose[3])[:2]
                room = 0.5 * container.size[:2] - container.board - reach - spacing
                if np.any(room < 0):
                    continue
                at = pose[:2] + rotate_z(self._rng.uniform(-room, room), pose[3])
                candidate = np.array([*at, floor + rise + 0.5 * body.size[2], yaw])
                if self._free(index, candidate, blocking):
                    self.put(index, candidate, box)
                    return True
        return False


def place(bodies: Sequence[Body], rng: np.random.Generator, config: RandomSceneConfig = DEFAULT) -> Placement:
    """Place the tables, then boxes, their contents and the rest of one random scene.

    Args:
        bodies: All bodies.
        rng: Source of randomness.
        config: Shares.

    Raises:
        SamplingError: A body found no free place.
    """
    placer = Placer(bodies, place_tables(bodies, rng), rng, config)
    boxes = [i for i, body in enumerate(bodies) if body.prior == OPEN_BOX]
    for index in boxes:
        if not placer.on_table(index):
            raise SamplingError(f"place for {bodies[index].name}", config.tries)
    cuboids = [i for i, body in enumerate(bodies) if body.prior == CUBOID]
    contents = [i for i in cuboids if bodies[i].size.max() < 0.085]
    rng.shuffle(contents)
    put: set[int] = set()
    for box in boxes:
        if rng.random() < config.filled_share:
            count = int(rng.integers(1, max(2, len(contents) + 1)))
            put |= {i for i in contents[:count] if i not in put and placer.into_box(i, box)}
    for index in cuboids:
        if index not in put:
            _place_loose(placer, index, rng, config)
    return Placement(placer.poses, placer.container)


def _place_loose(placer: Placer, index: int, rng: np.random.Generator, config: RandomSceneConfig) -> None:
    """Put one object on the floor, on another, beside another, or (mostly) on a table."""
    drawn = rng.random()
    stacked = config.floor_share + config.stacked_share
    if drawn < config.floor_share and placer.on_floor(index):
        return
    if config.floor_share <= drawn < stacked and placer.on_another(index):
        return
    if stacked <= drawn < stacked + config.adjacent_share and placer.beside_another(index):
        return
    if not (placer.on_table(index) or placer.on_floor(index)):
        raise SamplingError(f"place for body {index}", config.tries)
