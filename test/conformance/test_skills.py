"""Every skill that is registered can be proposed, simulated, executed and learned: the same questions to each."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.action.protocol import actions, checked
from f2p.bench.trials.protocol import trials
from f2p.model.architectures.protocol import architectures
from f2p.model.factory import create
from f2p.robot.kinematic import KinematicRobot
from f2p.sim.data.drawer_scenes import cabinet
from f2p.sim.labelled import SimulationConfig
from f2p.sim.motion.protocol import motions
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import Body, World
from f2p.skill.protocol import skills
from f2p.types import Scene, SkillCall

SKILLS = actions.names


@pytest.fixture(scope="module")
def world() -> World:
    """A drawer on its pedestal, and a cup on a table: something for each skill."""
    start = cabinet(np.random.default_rng(0))
    cup, table = Body("cup", "cuboid", [0.05, 0.06, 0.07]), start.index("table_a")
    top = start.poses[table] + [0.0, 0.0, 0.5 * start.bodies[table].size[2] + 0.5 * cup.size[2], 0.0]
    return World((*start.bodies, cup), np.vstack([start.poses, top]), np.append(start.openings, 0.0))


@pytest.fixture(scope="module")
def scene(world: World) -> Scene:
    return MujocoSimulator().observe(world, 0)


def object_of(skill: str, scene: Scene) -> str:
    """The first thing that the skill may act on."""
    return next(one.name for one in scene.segments if actions.get(skill).applies(one))


def test_each_has_an_action_a_motion_an_executor_and_a_network_in_every_architecture() -> None:
    assert motions.names == skills.names == SKILLS and set(SKILLS) <= set(trials.names)
    for name in architectures.names:
        model = create(architecture=name)
        assert model.config.skills == SKILLS and set(model.dynamics) == set(SKILLS), name


@pytest.mark.parametrize("skill", SKILLS)
def test_parameters_have_names_units_and_bounds_and_proposals_keep_them(skill: str, scene: Scene) -> None:
    action, name = actions.get(skill), object_of(skill, scene)
    assert len({one.name for one in action.parameters}) == len(action.parameters)
    assert all(one.unit and one.meaning and one.low < one.high for one in action.parameters)
    drawn = action.draw(scene, name, 200, np.random.default_rng(0))
    assert np.array_equal(checked(skill, drawn), drawn) and drawn.shape == (200, len(action.parameters))
    assert np.array_equal(drawn, action.draw(scene, name, 200, np.random.default_rng(0))), "the same draws again"
    meant = action.expected(scene, name, drawn)
    others = np.delete(meant, scene.index(name), axis=1)
    assert meant.shape == (200, len(scene.segments), 3) and np.isfinite(meant).all() and not others.any()


@pytest.mark.parametrize("skill", SKILLS)
def test_a_proposal_can_be_simulated(skill: str, scene: Scene, world: World) -> None:
    name = object_of(skill, scene)
    drawn = actions.get(skill).draw(scene, name, 2, np.random.default_rng(1))
    simulator = MujocoSimulator(SimulationConfig(threads=1))
    calls = [SkillCall(skill, name, row) for row in drawn]
    done = simulator.simulate(world.bodies, np.stack([world.poses] * 2), calls, seed=0, openings=world.openings)
    assert len(done.kept) == 2 and all(np.isfinite(one.displacements).all() for one in done.kept)


@pytest.mark.parametrize("skill", SKILLS)
def test_an_executor_refuses_what_is_not_there_and_what_cannot_be_acted_on(skill: str, scene: Scene) -> None:
    robot, action = KinematicRobot(), actions.get(skill)
    values = np.array([0.5 * (one.low + one.high) for one in action.parameters])
    unable = next(one.name for one in scene.segments if not action.applies(one))
    for name, short in (("nobody", False), (unable, False), (object_of(skill, scene), True)):
        done = skills.make(skill).execute(SkillCall(skill, name, values[:-1] if short else values), scene, robot)
        assert not done.ok and 420 <= done.error_code < 450 and done.error_msg and "\n" not in done.error_msg
    assert robot.steps == []
