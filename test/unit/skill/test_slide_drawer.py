"""A drawer on the simulated Stretch: it comes as far as asked, or the error says why it did not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.robot.kinematic import Faults, KinematicRobot
from f2p.robot.protocol import ARM, LIFT, TRANSLATE
from f2p.sim.world import Body, World
from f2p.skill.moves import lift_for
from f2p.skill.pick_place import PickPlace
from f2p.skill.slide_drawer import PHASES, SlideDrawer
from f2p.twin.direct import TwinRobot
from f2p.twin.driver import StretchDriver
from f2p.twin.twin import Twin
from f2p.types import Execution, Scene, SkillCall

SIZE = (0.36, 0.40, 0.15)


def world(opening: float = 0.0, *, yaw: float = 0.0, slides_to: float = 1.0) -> World:
    """A drawer on a pedestal, a cup in it and one on the pedestal."""
    bodies = (
        Body("pedestal", "table", [0.36, 0.60, 0.40]),
        Body("drawer", "drawer", SIZE, slides_to=slides_to),
        Body("cup", "cuboid", [0.05, 0.05, 0.06]),
    )
    poses = [[1.05, 0.3, 0.20, yaw], [1.0, 0.3, 0.475, yaw], [1.0 - opening, 0.32, 0.448, 0.0]]
    return World(bodies, np.array(poses), [0.0, opening, 0.0])


def call(distance: float, name: str = "drawer") -> SkillCall:
    return SkillCall("slide_drawer", name, np.array([distance]))


def slid(start: World, distance: float) -> tuple[Execution, World, TwinRobot]:
    robot = TwinRobot(StretchDriver(Twin(start)))
    done = SlideDrawer().execute(call(distance), start.scene, robot)
    return done, robot.driver.twin.world(), robot


def stands_clear(robot: TwinRobot) -> bool:
    """Whether the arm is in and the base where it looks from."""
    state = robot.state()
    return state.position(ARM) < 0.01 and abs(state.base_task[1]) < 0.01


@pytest.mark.parametrize(("opening", "distance"), [(0.0, 0.2), (0.2, -0.12), (0.15, -0.3)])
@pytest.mark.parametrize("yaw", [0.0, -0.2])
def test_it_opens_and_shuts_as_far_as_asked_and_takes_its_contents(opening: float, distance: float, yaw: float) -> None:
    done, after, robot = slid(world(opening, yaw=yaw), distance)
    assert done.ok, done.error_msg
    wanted = max(opening + distance, 0.0)
    assert after.openings[1] == pytest.approx(wanted, abs=0.01)
    assert stands_clear(robot)
    along = opening - wanted
    assert after.poses[2, :2] - world(opening).poses[2, :2] == pytest.approx(
        [along * np.cos(yaw), along * np.sin(yaw)], abs=0.02
    )


def test_a_locked_and_a_jammed_drawer_are_told_apart_and_the_robot_stands_clear() -> None:
    done, after, robot = slid(world(slides_to=0.0), 0.2)
    assert done.error_code == 437 and "'drawer' did not move at all" in done.error_msg
    assert after.openings[1] == 0.0 and stands_clear(robot)
    done, after, robot = slid(world(slides_to=0.3), 0.2)
    assert done.error_code == 438 and "stuck after +0.0" in done.error_msg
    assert 0.06 < after.openings[1] < 0.1 and stands_clear(robot)


@pytest.mark.parametrize(
    ("name", "distance", "code", "fact"),
    [
        ("drawer", 0.4, 436, "comes out by 0.272 m at most"),
        ("cup", 0.1, 435, "'cup' is a cuboid and has no bar to be pulled at; these have: drawer"),
        ("cupboard", 0.1, 425, "no object 'cupboard'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_moves(name: str, distance: float, code: int, fact: str) -> None:
    robot = KinematicRobot()
    done = SlideDrawer().execute(call(distance, name), world().scene, robot)
    assert (done.ok, done.error_code) == (False, code) and fact in done.error_msg and "\n" not in done.error_msg
    assert done.refused and not robot.steps


def moved(scene: Scene, **changes: float) -> Scene:
    """The drawer elsewhere: x, z, yaw."""
    drawer = scene.segments[1]
    center = np.array([changes.get("x", 1.0), 0.3, changes.get("z", 0.475)])
    box = replace(drawer.box, center=center, yaw=changes.get("yaw", 0.0))
    return Scene((scene.segments[0], replace(drawer, box=box), scene.segments[2]))


@pytest.mark.parametrize(
    ("changes", "code", "fact"),
    [
        ({"x": 1.2}, 401, "wrist_extension"),
        ({"x": 0.75}, 401, "room for the arm to come in"),
        ({"z": 1.2}, 401, "joint_lift"),
        ({"yaw": 0.9}, 439, "slip off its end"),
    ],
)
def test_a_bar_out_of_reach_says_which_limit(changes: dict[str, float], code: int, fact: str) -> None:
    robot = KinematicRobot()
    done = SlideDrawer().execute(call(0.2), moved(world().scene, **changes), robot)
    assert done.error_code == code and fact in done.error_msg, done.error_msg
    assert not robot.steps


def test_what_stands_in_the_palms_way_is_named() -> None:
    start = world()
    tower = Body("tower", "cuboid", [0.06, 0.06, 0.20])
    scene = World((*start.bodies, tower), np.vstack([start.poses, [0.90, 0.3, 0.65, 0.0]])).scene
    done = SlideDrawer().execute(call(0.2), scene, KinematicRobot())
    assert done.error_code == 439 and "'tower'" in done.error_msg


def test_phases_are_told_and_a_cancel_leaves_it_standing() -> None:
    told: list[str] = []
    robot = KinematicRobot()
    done = SlideDrawer().execute(call(0.2), world().scene, robot, lambda phase, *_: told.append(phase))
    assert done.ok and tuple(dict.fromkeys(told)) == PHASES
    told.clear()
    robot = KinematicRobot()
    done = SlideDrawer().execute(
        call(0.2), world().scene, robot, lambda phase, *_: told.append(phase), lambda: "slide" in told
    )
    assert done.error_code == 405 and told[-1] == "slide"
    assert robot.state().position(ARM) > 0.2, "nothing moves by itself after a cancel"


def test_after_a_cancel_the_hook_is_taken_out_before_the_base_is_driven() -> None:
    robot = KinematicRobot()
    told: list[str] = []
    SlideDrawer().execute(
        call(0.2), world().scene, robot, lambda phase, *_: told.append(phase), lambda: "slide" in told
    )
    begun = len(robot.steps)
    assert SlideDrawer().execute(call(0.2), world().scene, robot).ok
    steps = [motion for _, motion in robot.steps[begun:]]
    drive = next(index for index, motion in enumerate(steps) if TRANSLATE in motion.joints)
    assert any(LIFT in motion.joints for motion in steps[:drive]) and any(
        ARM in motion.joints for motion in steps[:drive]
    )


def test_something_behind_the_bar_is_met_and_told() -> None:
    scene = world().scene
    robot = KinematicRobot(faults=Faults(contact_below=lift_for(0.56)))
    done = SlideDrawer().execute(call(0.2), scene, robot)
    assert done.error_code == 423 and "hooking" in done.error_msg


@pytest.mark.parametrize("into", [True, False])
def test_an_object_is_put_into_and_taken_out_of_an_open_drawer(into: bool) -> None:
    """Its walls were where they are when it is shut, and in front of its case nothing came from above."""
    table = Body("table", "table", [0.5, 0.6, 0.05])
    start, ends = world(0.22), [np.array([0.70, -0.5, 0.53]), np.array([0.755, 0.3, 0.448])]
    first, last = ends if into else ends[::-1]
    poses = np.vstack([start.poses, [0.70, -0.5, 0.475, 0.0]])
    poses[2, :3] = first
    twin = Twin(World((*start.bodies, table), poses, np.append(start.openings, 0.0)))
    carry = SkillCall("pick_place", "cup", np.append(last - first, 0.0))
    done = PickPlace().execute(carry, twin.truth().scene, TwinRobot(StretchDriver(twin)))
    assert done.ok, done.error_msg
    truth = twin.truth()
    assert truth.relations.value("inside", "cup", "drawer") == into
    assert np.linalg.norm(truth.poses[2, :2] - last[:2]) < 0.02
    assert truth.openings[1] == pytest.approx(0.22, abs=0.01)
