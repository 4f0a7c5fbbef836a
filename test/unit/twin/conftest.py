"""The transport scene: two tables, a packed box, a landmark, and a driver around it."""

import numpy as np
import pytest

from f2p.sim.world import Body, World
from f2p.twin.driver import StretchDriver
from f2p.twin.twin import Twin


def transport_scene():
    movables = {"object_1": (0.05, 0.04, 0.05), "object_2": (0.04, 0.04, 0.06), "object_3": (0.03, 0.05, 0.04)}
    bodies = [
        Body("table_a", "table", np.array([0.5, 0.9, 0.05])),
        Body("table_b", "table", np.array([0.5, 0.9, 0.05])),
        Body("box", "open_box", np.array([0.25, 0.2, 0.12])),
        *(Body(name, "cuboid", np.array(size)) for name, size in movables.items()),
        Body("landmark", "cuboid", np.array([0.06, 0.06, 0.1])),
    ]
    poses = [
        [0.7, 0.55, 0.475, 0.0], [0.7, -0.55, 0.475, 0.0], [0.7, 0.5, 0.56, 0.3], [0.65, 0.48, 0.54, 0.4],
        [0.72, 0.53, 0.54, 1.0], [0.76, 0.5, 0.54, 2.0], [0.7, -0.2, 0.55, 0.0],
    ]  # fmt: skip
    return World(tuple(bodies), np.array(poses))


def seen(twin):
    """What a perfect perception would say."""
    return twin.truth().scene


@pytest.fixture
def world():
    return transport_scene()


@pytest.fixture
def twin(world):
    return Twin(world)


@pytest.fixture
def driver(twin):
    return StretchDriver(twin)


@pytest.fixture
def scene_of():
    return seen
