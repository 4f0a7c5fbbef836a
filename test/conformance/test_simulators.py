"""What every registered simulator must do, whatever is behind it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from f2p.registry import UnknownNameError
from f2p.sim import isaacgym, mujoco_worker
from f2p.sim.data.workspace import tables
from f2p.sim.protocol import Simulator, make_simulator, simulators
from f2p.sim.world import Body, World, continued
from f2p.types import UNARY_RELATIONS, SkillCall


@pytest.fixture(scope="module", params=list(simulators))
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Each of them; MuJoCo's worker stands in for Isaac Gym's and speaks as it does (not run on Isaac Gym)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(isaacgym.VARIABLE, mujoco_worker.COMMAND)
        yield make_simulator(request.param)


@pytest.fixture
def world() -> World:
    furniture = tables()
    bodies = (
        *furniture.bodies,
        Body("box", "open_box", [0.24, 0.20, 0.12]),
        Body("object", "cuboid", [0.05, 0.05, 0.05]),
    )
    return World(bodies, np.array([*furniture.poses, [0.7, 0.5, 0.56, 0.0], [0.7, 0.5, 0.534, 0.0]]))


def test_it_sees_every_body_in_order_with_points_near_its_box(simulator: Simulator, world: World) -> None:
    scene = simulator.observe(world, 0)
    assert scene.names == world.names
    for segment, box in zip(scene.segments, world.boxes, strict=True):
        assert segment.box.center == pytest.approx(box.center, abs=1e-9)
        assert len(segment.points) >= 32
        reach = 0.5 * np.linalg.norm(box.size) + 0.03
        assert np.linalg.norm(segment.points - box.center, axis=1).max() < reach


def test_it_labels_a_world(simulator: Simulator, world: World) -> None:
    truth = simulator.relations(world)
    assert truth.names == world.names
    assert truth.value("inside", "object", "box") == 1
    assert truth.value("above", "box", "table_a") == 1
    assert truth.unary[:, 0].tolist() == [0, 0, 1, 1]


def test_it_executes_a_batch_in_order_and_repeats_it(simulator: Simulator, world: World) -> None:
    poses = np.repeat(world.poses[None], 3, axis=0)
    calls = [SkillCall("pick_place", name, [0.0, -1.05, 0.0, 0.0]) for name in ("box", "object", "box")]
    batch = simulator.simulate(world.bodies, poses, calls, 3, tag="mine")
    assert [item.call.object for item in batch.kept] == ["box", "object", "box"]
    assert batch.counts["runs"] == 3
    assert {item.tag for item in batch.kept} == {"mine"}
    assert batch.kept[0].displacements[3, 1] < -0.9, "contents travel"
    assert abs(batch.kept[1].displacements[2, 1]) < 0.01, "the box stays"
    again = simulator.simulate(world.bodies, poses, calls, 3, tag="mine")
    assert np.array_equal(again.kept[2].displacements, batch.kept[2].displacements)


def test_it_drops_what_is_not_finite_and_goes_on(simulator: Simulator, world: World) -> None:
    poses = np.repeat(world.poses[None], 2, axis=0)
    poses[0] = np.nan
    calls = [SkillCall("pick_place", "box", [0.0, 0.05, 0.0, 0.0])] * 2
    batch = simulator.simulate(world.bodies, poses, calls, 0)
    assert batch.transitions[0] is None
    assert batch.transitions[1] is not None
    assert batch.counts["blown_up"] == 1


def test_it_tells_rest_from_falling(simulator: Simulator, world: World) -> None:
    poses = np.repeat(world.poses[None], 2, axis=0)
    poses[1, 3, :3] = [0.7, -0.5, 0.9]
    _, stable = simulator.settle(world.bodies, poses)
    assert stable.tolist() == [True, False]


def test_scenes_differ_in_how_far_a_drawer_is_open_and_it_stays_so(simulator: Simulator, world: World) -> None:
    bodies = (*world.bodies, Body("drawer", "drawer", [0.3, 0.3, 0.2]))
    poses = np.repeat(np.concatenate([world.poses, [[0.7, -0.3, 0.6, 0.0]]])[None], 2, axis=0)
    openings = np.zeros((2, len(bodies)))
    openings[1, -1] = 0.15
    rested, stable = simulator.settle(bodies, poses, openings)
    assert stable.all()
    calls = [SkillCall("pick_place", "object", [0.0, 0.0, 0.0, 0.0])] * 2
    closed, opened = simulator.simulate(bodies, rested, calls, 0, openings=openings).kept
    for transition, opening, holds in ((closed, 0.0, 0), (opened, 0.15, 1)):
        for scene, truth in (
            (transition.before, transition.relations_before),
            (transition.after, transition.relations_after),
        ):
            assert scene.segments[-1].opening == pytest.approx(opening, abs=0.01)
            assert truth.unary[-1, UNARY_RELATIONS.index("drawer_open")] == holds
    after = continued(World(bodies, rested[1], openings[1]), opened.after)
    again = simulator.simulate(bodies, after.poses[None], calls[:1], 0, openings=after.openings).kept[0]
    assert again.after.segments[-1].opening == pytest.approx(0.15, abs=0.02), "and through the next step"
    assert simulator.observe(after, 0).segments[-1].opening == pytest.approx(0.15, abs=0.01)


def test_an_unknown_simulator_is_refused_with_the_choices() -> None:
    with pytest.raises(UnknownNameError, match=f"no simulator is called 'bullet'.*{', '.join(simulators.names)}"):
        make_simulator("bullet")


def test_naming_the_family_imports_no_engine() -> None:
    """The command line and the nodes name simulators in help and parameters before anybody simulates."""
    said = "import sys, f2p.sim.protocol as sim; print(len(sim.simulators.configs()) > 0, 'mujoco' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "False"]
