"""Rooms with furniture to try perception on: a cabinet with a sliding part, or with boards, beside a table."""

from __future__ import annotations

import numpy as np

from f2p.shape.cuboid import CUBOID
from f2p.shape.protocol import shape_of
from f2p.shape.shelf import SHELF
from f2p.shape.table import TABLE
from f2p.sim.data.drawer_scenes import ANYHOW, WIDE, cabinet_bodies, placed
from f2p.sim.errors import SamplingError
from f2p.sim.world import Body, World

HIDDEN_BASE = "pedestal"
"""What the furniture stands on; it hides nearly all of it, so that nothing is asked about it."""


def room_with_drawer(rng: np.random.Generator) -> World:
    """Return a cabinet, open or shut, with objects on it and on a table; in every third room one lies in it."""
    inside = int(rng.random() < 1.0 / 3.0)
    while True:
        bodies = cabinet_bodies(rng)
        try:
            return placed(bodies, rng, inside=inside, stands=WIDE if inside else ANYHOW)
        except SamplingError:
            continue


def room_with_boards(rng: np.random.Generator) -> World:
    """Return a case with boards, an object near the front of each, and an object on a table beside it."""
    size = np.array([rng.uniform(0.25, 0.35), rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.5)])
    stands, yaw, side = rng.uniform(0.2, 0.4), rng.uniform(-0.15, 0.15), rng.choice([-1.0, 1.0])
    bodies = [Body("table", TABLE, np.array([0.5, 0.8, 0.05])), Body(HIDDEN_BASE, TABLE, np.array([0.4, 0.7, stands]))]
    bodies.append(Body(SHELF, SHELF, size))
    at = np.array([0.85, 0.5 * side, stands + 0.5 * size[2]])
    poses = [[0.7, -0.6 * side, 0.475, 0.0], [0.85, 0.5 * side, 0.5 * stands, 0.0], [*at, yaw]]
    boards = [top.center[2] for top in shape_of(SHELF).tops(size, bodies[-1].board) if top.covered]
    for number, height in enumerate([*(at[2] + board for board in boards), 0.5], 1):
        extents = rng.uniform([0.04, 0.04, 0.05], [0.07, 0.07, 0.09])
        bodies.append(Body(f"object_{number}", CUBOID, extents))
        spot = at[:2] + [0.05 - 0.5 * size[0], rng.uniform(-0.1, 0.1)] if number <= len(boards) else poses[0][:2]
        poses.append([*spot, height + 0.5 * extents[2], rng.uniform(-np.pi, np.pi)])
    return World(tuple(bodies), np.array(poses))
