"""Pushes in the data simulation: by contact of a tool with a shape, several bodies at once, nothing else moved."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.sim.data.workspace import tables
from f2p.sim.labelled import SimulationConfig
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import Body
from f2p.types import SkillCall

FURNITURE = tables()
CUP, BOTTLE = Body("cup", "cuboid", [0.05, 0.06, 0.05]), Body("bottle", "cuboid", [0.05, 0.05, 0.08])
BODIES = (*FURNITURE.bodies, CUP, BOTTLE)


def moved(cup: tuple[float, float, float], bottle: tuple[float, float], *push: float) -> np.ndarray:
    """Displacements of cup and bottle."""
    poses = [*FURNITURE.poses, [*cup[:2], 0.525, cup[2]], [*bottle, 0.54, 0.0]]
    simulator = MujocoSimulator(SimulationConfig(threads=1))
    (done,) = simulator.simulate(BODIES, np.array([poses]), [SkillCall("push", "cup", np.array(push))], 0).kept
    return done.displacements[2:]


@pytest.mark.parametrize(
    ("push", "yaw"), [((0.15, 0.0), 0.0), ((-0.1, 0.0), 0.3), ((0.0, 0.2), -0.2), ((0.1, -0.12), 0.5)]
)
def test_the_body_goes_where_it_was_asked_to(push: tuple[float, float], yaw: float) -> None:
    cup, bottle = moved((0.65, 0.55, yaw), (0.65, -0.5), *push)
    assert cup == pytest.approx([*push, 0.0], abs=0.012) and np.abs(bottle).max() < 0.003


def test_what_stands_in_the_way_goes_along() -> None:
    cup, bottle = moved((0.65, 0.45, 0.0), (0.65, 0.55), 0.0, 0.2)
    assert cup[1] == pytest.approx(0.2, abs=0.01) and bottle[1] == pytest.approx(0.2 - 0.045, abs=0.015)


def test_where_the_robot_finds_no_room_to_come_down_nothing_is_moved() -> None:
    both = moved((0.65, 0.55, 0.0), (0.60 - 0.003, 0.55), 0.15, 0.0)
    assert np.abs(both).max() < 0.003
