"""Random scenes: nothing starts inside anything but contents in their box, and everything comes to rest."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.sim.data.random_scenes import RandomSceneConfig, place, sample_bodies
from f2p.sim.data.workspace import tables
from f2p.sim.errors import SamplingError
from f2p.sim.labelled import SimulationConfig
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import Body, World

SIMULATOR = MujocoSimulator(SimulationConfig(threads=1, settle_time=0.5, stable_distance=0.25))


def test_random_scenes_hold_still_enough() -> None:
    calm = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        bodies = sample_bodies(rng)
        assert 2 <= sum(body.free for body in bodies) <= 9
        placement = place(bodies, rng)
        rested, _ = SIMULATOR.settle(bodies, placement.poses[None])
        calm += np.abs(rested[0, :, :3] - placement.poses[:, :3]).max() < 0.05
    assert calm >= 10


def test_contents_are_in_their_box() -> None:
    rng = np.random.default_rng(3)
    config = RandomSceneConfig(box_share=1.0, filled_share=1.0, most=7, fewest=6)
    bodies = sample_bodies(rng, config)
    placement = place(bodies, rng, config)
    box = [body.prior for body in bodies].index("open_box")
    contents = np.flatnonzero(placement.container == box)
    assert len(contents) >= 1
    relations = SIMULATOR.relations(World(bodies, placement.poses))
    for index in contents:
        assert relations.value("inside", bodies[index].name, bodies[box].name) == 1


def test_a_shelf_in_place_of_a_table_is_stood_upon() -> None:
    config, upon, sides = RandomSceneConfig(shelf_share=1.0, pack_share=0.5), 0, set()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        bodies = sample_bodies(rng, config)
        assert [body.prior for body in bodies[:2]] == ["table", "shelf"]
        placement = place(bodies, rng, config)
        rested, _ = SIMULATOR.settle(bodies, placement.poses[None])
        relations = SIMULATOR.relations(World(bodies, rested[0]))
        upon += sum(relations.value("contact", body.name, "shelf") == 1 for body in bodies[2:])
        sides.add(float(np.sign(placement.poses[1, 1])))
        assert placement.poses[1, 2] == pytest.approx(0.5 * bodies[1].size[2]), "it stands on the floor"
    assert upon >= 8 and sides == {-1.0, 1.0}


def test_too_much_for_the_tables_is_an_error_that_says_so() -> None:
    bodies = (
        *(Body(f"table_{letter}", "table", [0.3, 0.3, 0.05]) for letter in "ab"),
        *(Body(f"box_{i}", "open_box", [0.25, 0.25, 0.1]) for i in range(6)),
    )
    with pytest.raises(SamplingError, match="fewer or smaller bodies"):
        place(bodies, np.random.default_rng(0))


def test_the_demo_has_two_level_tables_side_by_side() -> None:
    furniture = tables()
    tops = [box.center[2] + 0.5 * box.size[2] for box in furniture.boxes]
    assert furniture.names == ("table_a", "table_b")
    assert tops == pytest.approx([0.5, 0.5])
    gap = furniture.boxes[0].center[1] - furniture.boxes[1].center[1] - furniture.boxes[0].size[1]
    assert gap == pytest.approx(0.2)
