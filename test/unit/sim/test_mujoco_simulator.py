"""What the data must show: contents travel by contact, a grasped object leaves the others, bad runs are dropped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.scene.relations import relations_of
from f2p.sim.errors import BatchError, SkillNotSimulatedError
from f2p.sim.labelled import SimulationConfig
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.physics.clouds import CameraConfig
from f2p.sim.physics.scene_builder import PhysicsConfig
from f2p.sim.world import World, reconstruct
from f2p.types import SkillCall, Transition

OBJECTS = ("object_1", "object_2", "object_3")


def move(object_: str, dx: float, dy: float, dz: float = 0.0, dyaw: float = 0.0) -> SkillCall:
    return SkillCall("pick_place", object_, [dx, dy, dz, dyaw])


def one(simulator: MujocoSimulator, world: World, call: SkillCall, seed: int = 0) -> Transition:
    (transition,) = simulator.simulate(world.bodies, world.poses[None], [call], seed).transitions
    assert transition is not None
    return transition


def moved(transition: Transition, name: str) -> np.ndarray:
    return transition.displacements[transition.before.index(name)]


@pytest.mark.parametrize("turn", [0.0, 1.2])
def test_contents_travel_with_their_box(simulator: MujocoSimulator, packed: World, turn: float) -> None:
    transition = one(simulator, packed, move("box", 0.0, -1.1, 0.0, turn))
    assert moved(transition, "box") == pytest.approx([0.0, -1.1, 0.0], abs=0.01)
    for name in OBJECTS:
        assert moved(transition, name)[1] < -0.9
        assert transition.relations_after.value("inside", name, "box") == 1
        assert transition.relations_after.value("above", name, "table_b") == 1
        assert transition.relations_after.value("above", name, "table_a") == 0
    for name in ("loose", "landmark", "table_a"):
        assert np.abs(moved(transition, name)).max() < 1e-3


def test_contents_travel_by_contact_and_not_by_script(packed: World) -> None:
    icy = MujocoSimulator(SimulationConfig(physics=PhysicsConfig(friction=0.06)))
    transition = one(icy, packed, move("box", 0.0, -1.1))
    shifts = [np.linalg.norm(moved(transition, name) - moved(transition, "box")) for name in OBJECTS]
    assert max(shifts) > 0.02, "without friction they slide until a wall takes them along"
    assert all(moved(transition, name)[1] < -0.8 for name in OBJECTS)


def test_a_grasped_object_leaves_the_others(simulator: MujocoSimulator, packed: World) -> None:
    transition = one(simulator, packed, move("object_2", 0.0, -1.0))
    assert moved(transition, "object_2")[:2] == pytest.approx([0.0, -1.0], abs=0.005)
    for name in ("box", "object_1", "object_3", "loose"):
        assert np.abs(moved(transition, name)).max() < 0.01
    assert transition.relations_before.value("inside", "object_2", "box") == 1
    assert transition.relations_after.value("inside", "object_2", "box") == 0
    assert transition.relations_after.value("contact", "object_2", "table_b") == 1


def test_an_object_dropped_into_the_box_is_inside(simulator: MujocoSimulator, packed: World) -> None:
    target = packed.poses[packed.index("box"), :3] + [0.0, 0.08, 0.05]
    delta = target - packed.poses[packed.index("loose"), :3]
    transition = one(simulator, packed, move("loose", *delta))
    assert transition.relations_after.value("inside", "loose", "box") == 1


def test_a_blow_up_is_dropped_and_counted_and_the_batch_goes_on(simulator: MujocoSimulator, packed: World) -> None:
    poses = np.repeat(packed.poses[None], 4, axis=0)
    poses[1, packed.index("loose"), 0] = np.nan
    poses[2, packed.index("loose"), :3] = [50.0, 0.0, 1.0]
    calls = [move("box", 0.0, -1.1)] * 3 + [move("loose", np.inf, 1e9)]
    batch = simulator.simulate(packed.bodies, poses, calls, 0)
    assert [item is not None for item in batch.transitions] == [True, False, False, False]
    assert batch.counts["runs"] == 4
    assert batch.counts["blown_up"] == 3
    assert len(batch.kept) == 1
    assert moved(batch.kept[0], "object_1")[1] < -0.9


def test_a_run_depends_on_its_seed_and_not_on_its_company(packed: World) -> None:
    single, double = (MujocoSimulator(SimulationConfig(threads=threads)) for threads in (1, 2))
    poses = np.repeat(packed.poses[None], 3, axis=0)
    calls = [move("box", 0.0, -1.1), move("loose", 0.1, 0.0), move("object_1", 0.0, -0.9)]
    together = double.simulate(packed.bodies, poses, calls, 5).kept
    again = single.simulate(packed.bodies, poses, calls, 5).kept
    for first, second in zip(together, again, strict=True):
        assert np.array_equal(first.displacements, second.displacements)
        for one_segment, other in zip(first.after.segments, second.after.segments, strict=True):
            assert np.array_equal(one_segment.points, other.points)
    other_seed = double.simulate(packed.bodies, poses, calls, 6).kept
    assert not np.array_equal(other_seed[0].before.segments[0].points, together[0].before.segments[0].points)


def test_relations_are_the_specification_with_the_simulators_contacts(
    simulator: MujocoSimulator, packed: World
) -> None:
    transition = one(simulator, packed, move("loose", 0.1, -0.1))
    for scene, truth in (
        (transition.before, transition.relations_before),
        (transition.after, transition.relations_after),
    ):
        contact = truth.binary[..., 6] > 0
        assert np.array_equal(relations_of(scene, contact).binary, truth.binary)
        assert np.array_equal(contact, contact.T)
    before = transition.relations_before
    assert before.value("contact", "object_1", "box") == 1
    assert before.value("contact", "object_1", "table_a") == 0, "through the box is not direct"
    assert before.value("contact", "box", "table_a") == 1
    assert before.value("contact", "box", "table_b") == 0


def test_displacements_are_of_bodies_between_rest_and_rest(simulator: MujocoSimulator, packed: World) -> None:
    transition = one(simulator, packed, move("box", 0.05, -1.0))
    for index, segment in enumerate(transition.after.segments):
        delta = segment.box.center - transition.before.segments[index].box.center
        assert delta == pytest.approx(transition.displacements[index], abs=1e-9)


def test_settling_tells_what_stays(simulator: MujocoSimulator, packed: World) -> None:
    poses = np.repeat(packed.poses[None], 4, axis=0)
    poses[1, packed.index("loose"), 2] += 0.1
    poses[2, packed.index("landmark"), 1] = -0.09
    poses[3, packed.index("loose"), 0] = np.nan
    rested, stable = simulator.settle(packed.bodies, poses)
    assert stable.tolist() == [True, False, False, False]
    assert rested[0] == pytest.approx(packed.poses, abs=0.01)
    assert rested[1, packed.index("loose"), 2] == pytest.approx(0.525, abs=0.002)


def test_the_hidden_take_the_cloud_that_was_seen(packed: World) -> None:
    camera = CameraConfig(position_task=(0.0, 0.5, 0.53), look_at=(0.7, 0.5, 0.53))
    low = MujocoSimulator(SimulationConfig(camera=camera))
    call = move("loose", 0.1, 0.0)
    seen = MujocoSimulator().observe(packed, 0)
    without = low.simulate(packed.bodies, packed.poses[None], [call], 0)
    given = low.simulate(packed.bodies, packed.poses[None], [call], 0, seen=seen)
    assert without.counts["hidden_before"] >= 3
    index = packed.index("object_2")
    top = without.kept[0].before.segments[index].points
    assert np.ptp(top[:, 2]) < 1e-6
    real = given.kept[0].before.segments[index]
    shift = real.box.center - packed.poses[index, :3]
    assert real.points == pytest.approx(seen.segments[index].points + shift, abs=0.005)
    with pytest.raises(BatchError, match="seen are"):
        low.simulate(packed.bodies, packed.poses[None], [call], 0, seen=replace(seen, segments=seen.segments[1:]))


def test_what_is_seen_can_be_rebuilt_and_repeats_the_outcome(simulator: MujocoSimulator, packed: World) -> None:
    call = move("box", 0.0, -1.1)
    first = one(simulator, packed, call)
    second = one(simulator, reconstruct(first.before), call)
    assert second.displacements == pytest.approx(first.displacements, abs=0.03)
    assert np.mean(second.relations_after.binary != first.relations_after.binary) < 0.01


def test_impossible_requests_name_the_choices(simulator: MujocoSimulator, packed: World) -> None:
    poses = packed.poses[None]
    with pytest.raises(SkillNotSimulatedError, match=r"pick_place\(box\)"):
        simulator.simulate(packed.bodies, poses, [move("table_a", 0, 0)], 0)
    with pytest.raises(SkillNotSimulatedError, match="fly"):
        simulator.simulate(packed.bodies, poses, [SkillCall("fly", "box", np.zeros(4))], 0)
    with pytest.raises(BatchError, match="2 calls for 1"):
        simulator.simulate(packed.bodies, poses, [move("box", 0, 0)] * 2, 0)
    with pytest.raises(BatchError, match="expected"):
        simulator.simulate(packed.bodies, packed.poses, [move("box", 0, 0)], 0)
