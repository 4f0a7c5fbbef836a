"""A packed box on one of two tables, as poses and bodies."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.sim.data.workspace import tables
from f2p.sim.labelled import SimulationConfig
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import Body, World


@pytest.fixture(scope="session")
def packed() -> World:
    """Two tables, a box with three objects in it, a landmark and a loose object."""
    furniture = tables()
    bodies = (
        *furniture.bodies,
        Body("box", "open_box", [0.30, 0.24, 0.12]),
        Body("landmark", "cuboid", [0.07, 0.07, 0.15]),
        Body("loose", "cuboid", [0.05, 0.05, 0.05]),
        *(Body(f"object_{i}", "cuboid", [0.05, 0.04, 0.05]) for i in (1, 2, 3)),
    )
    poses = [
        *furniture.poses,
        [0.70, 0.50, 0.56, 0.3],
        [0.70, -0.30, 0.575, 0.0],
        [0.60, 0.80, 0.525, 0.0],
        [0.64, 0.48, 0.534, 0.0],
        [0.70, 0.52, 0.534, 0.0],
        [0.76, 0.50, 0.534, 1.0],
    ]
    return World(bodies, np.array(poses))


@pytest.fixture(scope="session")
def simulator() -> MujocoSimulator:
    """The default simulator."""
    return MujocoSimulator(SimulationConfig())
