"""A push on a body without physics: where it goes, what it refuses, how it ends; on the twin: what comes of it."""

import math

import numpy as np
import pytest

from f2p.action.shoved import shoved
from f2p.robot.kinematic import Faults, KinematicRobot
from f2p.robot.looks import LOOK_LIFT, LOOK_Y
from f2p.robot.protocol import ARM, LIFT, TRANSLATE, Ending
from f2p.sim.data.workspace import tables
from f2p.sim.world import Body, World
from f2p.skill.protocol import skills
from f2p.skill.push import PHASES, Push
from f2p.skill.push_plan import PushSkillConfig, plan_push
from f2p.twin.direct import TwinRobot
from f2p.twin.driver import StretchDriver
from f2p.twin.twin import Twin
from f2p.types import Box, Scene, Segment, SkillCall

BASE = (0.27, 0.0, math.pi / 2)


def segment(name, prior, center, size, yaw=0.0):
    return Segment(name, prior, Box(np.array(center), np.array(size), yaw), np.zeros((0, 3)))


TABLE = segment("table_a", "table", (0.70, 0.55, 0.475), (0.50, 0.90, 0.05))
CUP = segment("cup", "cuboid", (0.65, 0.50, 0.53), (0.06, 0.06, 0.06))


def with_cup(*others):
    return Scene((TABLE, CUP, *others))


def call(*parameter, name="cup"):
    return SkillCall("push", name, np.array(parameter))


def test_it_is_registered_and_ends_in_the_looking_posture():
    robot, heard = KinematicRobot(), []
    done = skills.make("push").execute(call(0.1, 0.0), with_cup(), robot, lambda *said: heard.append(said))
    assert done.ok and done.error_msg == "" and isinstance(skills.make("push"), Push)
    assert [phase for phase, *_ in heard] == [*PHASES, "look", "look"]
    assert [share for _, share, _ in heard] == sorted(share for _, share, _ in heard) and heard[-1][1] == 1.0
    state = robot.state()
    assert state.position(ARM) == pytest.approx(0.0, abs=0.003) and state.base_task[1] == pytest.approx(
        LOOK_Y, abs=0.004
    )
    assert state.position(LIFT) == pytest.approx(LOOK_LIFT, abs=0.003)


@pytest.mark.parametrize(("push", "strokes"), [((0.1, 0.0), "x"), ((0.0, -0.1), "y"), ((0.05, 0.15), "yx")])
def test_arm_pushes_along_x_and_base_along_y_the_longer_way_first(push, strokes):
    plan = plan_push(with_cup(), call(*push), BASE, PushSkillConfig())
    assert "".join("x" if stroke.direction[0] else "y" for stroke in plan.strokes) == strokes


@pytest.mark.parametrize("push", [(0.1, 0.0), (-0.1, 0.0), (0.0, 0.12), (0.0, -0.12)])
def test_pads_come_down_behind_the_object_and_end_behind_where_it_shall_be(gripper_task, push):
    robot, seen_at = KinematicRobot(), {}
    Push().execute(
        call(*push), with_cup(), robot, lambda phase, *_: seen_at.update({phase: gripper_task(robot.state())})
    )
    along = np.array(push) / np.linalg.norm(push)
    start, end = (np.array([seen_at[phase].x, seen_at[phase].y]) for phase in ("push", "back"))
    assert (start - CUP.box.center[:2]) @ along == pytest.approx(-0.03 - 0.012 - 0.015, abs=0.005)
    assert (end - CUP.box.center[:2] - push) @ along == pytest.approx(-0.03 - 0.012, abs=0.005)
    assert seen_at["push"].z == pytest.approx(0.50 + 0.006 + 0.02, abs=0.005)


TALL = segment("cup", "cuboid", (0.65, 0.50, 0.60), (0.06, 0.06, 0.20))
WALL = segment("wall", "cuboid", (0.593, 0.50, 0.55), (0.04, 0.30, 0.10))


@pytest.mark.parametrize(
    ("what", "scene", "code", "words"),
    [
        (call(0.1, 0.0, name="mug"), with_cup(), 425, "no object 'mug' in the scene; there are: table_a, cup"),
        (call(0.1, 0.0, 0.0, 0.0), with_cup(), 425, "two finite numbers"),
        (call(math.nan, 0.0), with_cup(), 425, "two finite numbers"),
        (call(0.1, 0.0, name="table_a"), with_cup(), 440, "it is a table"),
        (call(0.1, 0.0), Scene((TABLE, TALL)), 440, "0.200 m tall, the gripper passes over 0.143 m"),
        (call(0.001, 0.0), with_cup(), 440, "too little to push"),
        (call(-0.25, 0.0), with_cup(), 441, "shove 'cup' over the edge of 'table_a'; it can go 0.180 m"),
        (call(0.1, 0.0), with_cup(WALL), 442, "no room for the gripper behind 'cup'"),
        (call(-0.05, 0.0), Scene((TABLE, segment("cup", "cuboid", (0.9, 0.5, 0.53), (0.06,) * 3))), 401, "extension"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_before_anything_moves(what, scene, code, words):
    robot = KinematicRobot()
    done = Push().execute(what, scene, robot)
    assert (done.ok, done.error_code) == (False, code) and words in done.error_msg
    assert done.refused and robot.steps == [] and "\n" not in done.error_msg


def test_something_that_would_be_shoved_along_over_the_edge_is_named():
    cup = segment("cup", "cuboid", (0.65, 0.65, 0.53), (0.06, 0.06, 0.06))
    bottle = segment("bottle", "cuboid", (0.65, 0.73, 0.53), (0.05, 0.05, 0.06))
    jar, aside = (segment("jar", "cuboid", (x, 0.85, 0.53), (0.05, 0.05, 0.06)) for x in (0.66, 0.75))
    by = shoved(Scene((TABLE, cup, bottle, jar)), call(0.0, 0.25))
    assert {name: round(float(far[1]), 3) for name, far in by.items()} == {"cup": 0.25, "bottle": 0.225, "jar": 0.155}
    done = Push().execute(call(0.0, 0.25), Scene((TABLE, cup, bottle, jar)), KinematicRobot())
    assert done.error_code == 441 and "pushing 'cup' so far would shove 'jar' over the edge" in done.error_msg
    assert Push().execute(call(0.0, 0.25), Scene((TABLE, cup, bottle, aside)), KinematicRobot()).ok


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (Faults(refuse=True), 402),
        (Faults(stuck=TRANSLATE), 403),
        (Faults(runstopped=True), 404),
        (Faults(silent=True), 406),
        (Faults(contact_below=0.69), 423),
    ],
)
def test_every_fault_has_a_code_and_a_sentence(faults, code):
    done = Push().execute(call(0.1, 0.0), with_cup(), KinematicRobot(faults=faults))
    assert (done.ok, done.error_code) == (False, code) and len(done.error_msg) > 20
    assert not done.refused, "it is no fault of the call"


@pytest.mark.parametrize("phase", [*PHASES, "look"])
def test_cancel_in_any_phase_stands_still(phase):
    robot, now = KinematicRobot(), []
    done = Push().execute(call(0.0, 0.15), with_cup(), robot, lambda name, *_: now.append(name), lambda: phase in now)
    assert done.error_code == 405 and now[-1] == phase
    before = robot.state()
    robot._wait(1.0)
    assert robot.state().joints == before.joints and robot.state().base_task == before.base_task


def test_contact_while_pushing_is_an_ending_that_is_told_and_no_failure():
    """The driver's error 100: what was met is for the next look to tell; the other stroke aims at nothing any more."""
    robot, now = KinematicRobot(), []
    move = robot.move

    def met(motion, cancelled):
        return Ending.CONTACT if now[-1] == "push" else move(motion, cancelled)

    robot.move = met
    done = Push().execute(call(0.05, 0.15), with_cup(), robot, lambda name, *_: now.append(name))
    assert done.ok and "contact ended the push of 'cup' 0.165 m early" in done.error_msg
    assert now == [*PHASES, "look", "look"] and robot.state().position(ARM) == pytest.approx(0.0, abs=0.003)


@pytest.mark.parametrize(("push", "yaw"), [((0.12, 0.0), 0.6), ((-0.06, -0.15), -0.4)])
def test_on_the_twin_the_object_goes_where_it_was_asked_to(push, yaw):
    furniture = tables()
    block = Body("cup", "cuboid", [0.06, 0.05, 0.05])
    twin = Twin(World((*furniture.bodies, block), np.array([*furniture.poses, [0.65, 0.55, 0.525, yaw]])))
    before = twin.truth()
    done = Push().execute(call(*push), before.scene, TwinRobot(StretchDriver(twin)))
    moved = twin.truth().poses[2] - before.poses[2]
    assert done.ok, done.error_msg
    assert moved[:2] == pytest.approx(push, abs=0.015) and not twin.truth().held
