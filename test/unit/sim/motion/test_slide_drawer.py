"""A drawer is opened and shut by contact alone, and what lies in it goes with it."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.protocol import SimulationBatch
from f2p.sim.world import Body, World
from f2p.types import SkillCall

SIZE = (0.34, 0.40, 0.16)


def world(opening: float = 0.0, *, yaw: float = 0.0, slides_to: float = 1.0, contents: bool = False) -> World:
    """A table, a drawer on it, and a cup in the drawer if there are contents."""
    bodies = [Body("table", "table", [0.5, 0.9, 0.05]), Body("drawer", "drawer", SIZE, slides_to=slides_to)]
    poses = [[1.0, 0.0, 0.375, 0.0], [1.0, 0.0, 0.48, yaw]]
    if contents:
        bodies.append(Body("cup", "cuboid", [0.05, 0.05, 0.06]))
        poses.append([1.0 - opening, 0.03, 0.455, 0.3])
    return World(tuple(bodies), np.array(poses), [0.0, opening, *([0.0] * contents)])


def slid(start: World, *distances: float) -> SimulationBatch:
    """One call in each of as many scenes."""
    calls = [SkillCall("slide_drawer", "drawer", [distance]) for distance in distances]
    poses = np.stack([start.poses] * len(calls))
    return MujocoSimulator().simulate(start.bodies, poses, calls, seed=0, openings=start.openings)


@pytest.mark.parametrize(
    ("opening", "distances"), [(0.0, (0.05, 0.12, 0.2, -0.1)), (0.2, (-0.05, -0.15, -0.2, -0.3, 0.04))]
)
@pytest.mark.parametrize("yaw", [0.0, 0.3])
def test_it_comes_as_far_as_asked_in_either_direction(opening: float, distances: tuple[float, ...], yaw: float) -> None:
    done = slid(world(opening, yaw=yaw), *distances)
    assert len(done.kept) == len(distances)
    for transition, distance in zip(done.kept, distances, strict=True):
        wanted = max(opening + distance, 0.0)
        assert transition.after.segments[1].opening == pytest.approx(wanted, abs=0.004)
        assert transition.relations_after.value("drawer_open", "drawer") == (wanted > 0.02)
        assert np.abs(transition.displacements).max() < 0.002, "the case stays, and so does what it stands on"


def test_what_is_in_it_goes_along_by_contact() -> None:
    for opening, distance in ((0.0, 0.2), (0.2, -0.2)):
        (done,) = slid(world(opening, contents=True), distance).kept
        assert done.displacements[2] == pytest.approx([-distance, 0.0, 0.0], abs=0.015)
        assert done.relations_after.value("contact", "cup", "drawer") == 1


def test_one_that_jams_stops_there_and_a_locked_one_stays() -> None:
    assert slid(world(slides_to=0.0), 0.2).kept[0].after.segments[1].opening == pytest.approx(0.0, abs=0.002)
    jammed = slid(world(slides_to=0.3), 0.2).kept[0].after.segments[1].opening
    assert 0.05 < jammed < 0.09


def test_it_ends_where_its_travel_does() -> None:
    (done,) = slid(world(), 0.45).kept
    assert 0.2 < done.after.segments[1].opening < 0.29


def test_what_is_put_into_an_open_drawer_is_lowered_onto_its_floor() -> None:
    """It was lowered past it, through its board: supports were where they are in a shut drawer."""
    start = world(0.22)
    bodies = (*start.bodies, Body("block", "cuboid", [0.05, 0.05, 0.05]))
    poses = np.vstack([start.poses, [1.0, 0.0, 0.585, 0.0]])
    into = SkillCall("pick_place", "block", [-0.27, 0.0, -0.3, 0.0])
    (done,) = MujocoSimulator().simulate(bodies, poses[None], [into], 0, openings=np.append(start.openings, 0.0)).kept
    assert done.relations_after.value("inside", "block", "drawer") == 1
    assert done.after.segments[2].box.center[2] == pytest.approx(0.42 + 0.025, abs=0.004)
    assert done.after.segments[1].opening == pytest.approx(0.22, abs=0.01)
