"""From the front: what is chosen, what is refused and why, the order of motions, and a second try."""

import math

import numpy as np
import pytest

from f2p.robot.frames import BASE_START_TASK
from f2p.robot.kinematic import Faults, KinematicRobot
from f2p.robot.kinematics import DOWN_PITCH, LEVEL_PITCH
from f2p.robot.looks import LOOK_LIFT
from f2p.robot.protocol import ARM, BASE_JOINTS, FINGER, LIFT, WRIST_PITCH, Ending
from f2p.skill.errors import ApproachError, NoRoomError, UngraspableError
from f2p.skill.hand import FINGERTIP
from f2p.skill.pick_place import PickPlace
from f2p.skill.pick_place_front import FRONT_PHASES
from f2p.skill.pick_place_front_plan import FrontPlan
from f2p.skill.pick_place_plan import PickPlacePlan, PickPlaceSkillConfig, plan_pick_place
from f2p.types import Scene, SkillCall

FRONT = PickPlaceSkillConfig(approach="from_front")
MIDDLE = 0.5 + 0.2 + 0.004
"""Height of the middle board of the shelf [m]."""


@pytest.fixture
def shelf(make):
    """Return a shelf of two storeys of 0.18 m on table_b, and blocks: on table_a, and on its lower board."""
    return Scene((
        make("table_a", "table", (0.7, 0.55, 0.475), (0.5, 0.9, 0.05)),
        make("table_b", "table", (0.7, -0.55, 0.475), (0.5, 0.9, 0.05)),
        make("shelf", "shelf", (0.85, -0.55, 0.70), (0.2, 0.6, 0.40)),
        make("block", "cuboid", (0.82, 0.40, 0.55), (0.04, 0.05, 0.10), 0.2),
        make("low", "cuboid", (0.79, -0.50, 0.558), (0.04, 0.05, 0.10), 0.0),
    ))  # fmt: skip


def call(name, to, scene, turn=0.0):
    at = scene.segments[scene.index(name)].box.center
    return SkillCall("pick_place", name, np.append(np.array(to) - at, turn))


def planned(scene, asked, config=None):
    return plan_pick_place(scene, asked, BASE_START_TASK, config or PickPlaceSkillConfig())


@pytest.fixture
def tables(shelf):
    """Return the same without the shelf."""
    return Scene(tuple(one for one in shelf.segments if one.name not in ("shelf", "low")))


def test_from_above_where_it_can_be_and_from_the_front_where_asked_or_needed(shelf, tables):
    asked = call("block", (0.82, 0.7, 0.55), tables)
    assert isinstance(planned(tables, asked), PickPlacePlan)
    assert isinstance(planned(tables, asked, FRONT), FrontPlan)
    assert isinstance(planned(shelf, asked), PickPlacePlan), "the shelf is not in the way"
    past = call("block", (0.80, -0.95, 0.55), shelf)
    assert isinstance(planned(shelf, past), FrontPlan), "over the shelf is out of the lift's reach, before it is not"


@pytest.mark.parametrize(("name", "to"), [("block", (0.8, -0.6, MIDDLE + 0.05)), ("low", (0.82, 0.7, 0.55))])
def test_a_covered_end_is_reached_from_the_front_only(shelf, name, to):
    asked = call(name, to, shelf)
    plan = planned(shelf, asked)
    assert isinstance(plan, FrontPlan)
    with pytest.raises(ApproachError, match=r"under a board of .shelf., where nothing gets from above; set"):
        planned(shelf, asked, PickPlaceSkillConfig(approach="from_above"))


def test_the_hand_goes_straight_to_a_side_of_what_it_takes(shelf):
    plan = planned(shelf, call("block", (0.82, 0.7, 0.55), shelf, 0.3), FRONT)
    assert plan.pick.direction == pytest.approx(0.2) and plan.place.direction == pytest.approx(0.5)
    box = shelf.segments[shelf.index("block")].box
    at = np.array([plan.pick.x, plan.pick.y]) - box.center[:2]
    assert abs(at @ [-math.sin(0.2), math.cos(0.2)]) < 1e-9, "beside the middle"
    assert plan.opening > 0.05 and plan.lift > 0.0


@pytest.mark.parametrize(
    ("what", "size", "error", "words"),
    [
        ("cuboid", (0.10, 0.09, 0.1), UngraspableError, "it is 0.090 m wide, the gripper takes 0.068 m"),
        ("cuboid", (0.04, 0.04, 0.03), UngraspableError, "it is 0.030 m tall, the level hand needs 0.0"),
        ("table", (0.1, 0.1, 0.1), UngraspableError, "it is a table"),
    ],
)
def test_what_a_level_hand_cannot_hold_is_refused_with_the_cause(shelf, make, what, size, error, words):
    it = make("it", what, (0.82, 0.7, 0.5 + size[2] / 2), size)
    scene = Scene((*shelf.segments, it))
    with pytest.raises(error, match=words):
        planned(scene, call("it", (0.82, 0.2, 0.5 + size[2] / 2), scene), FRONT)


def test_a_shelf_too_low_for_the_hand_is_refused(shelf, make):
    low = make("shelf", "shelf", (0.85, -0.55, 0.58), (0.2, 0.6, 0.16))
    scene = Scene((*shelf.segments[:2], low, shelf.segments[3]))
    with pytest.raises(NoRoomError, match=r"during placement of 'block' it would meet 'shelf', which leaves 0\.068 m"):
        planned(scene, call("block", (0.8, -0.6, 0.588 + 0.05), scene))


def test_what_stands_in_the_way_is_named(shelf, make):
    scene = Scene((*shelf.segments, make("post", "cuboid", (0.74, 0.40, 0.55), (0.03, 0.03, 0.10))))
    with pytest.raises(NoRoomError, match="during grasp of 'block' it would meet 'post'"):
        planned(scene, call("block", (0.82, 0.7, 0.55), scene), FRONT)


def test_a_turn_the_base_cannot_make_is_refused(shelf):
    with pytest.raises(ApproachError, match=r"turned by 1\.90 rad"):
        planned(shelf, call("block", (0.82, 0.7, 0.55), shelf, 1.9), FRONT)


def test_what_is_too_near_to_stand_off_from_is_out_of_reach(shelf, make):
    scene = Scene((*shelf.segments, make("near", "cuboid", (0.66, 0.7, 0.55), (0.04, 0.04, 0.10))))
    done = PickPlace(FRONT).execute(call("near", (0.82, 0.2, 0.55), scene), scene, KinematicRobot())
    assert done.error_code == 401 and "from the front" in done.error_msg


def test_phases_in_order_the_arm_in_whenever_the_base_moves_or_the_wrist_turns(shelf):
    robot, heard = KinematicRobot(), []
    move, arms = robot.move, []

    def watched(motion, cancelled):
        if motion.joints[0] in BASE_JOINTS or WRIST_PITCH in motion.joints:
            arms.append(robot.state().position(ARM))
        return move(motion, cancelled)

    robot.move = watched
    done = PickPlace().execute(
        call("block", (0.8, -0.6, MIDDLE + 0.05), shelf), shelf, robot, lambda phase, *_: heard.append(phase)
    )
    assert done.ok and tuple(heard) == (*FRONT_PHASES, "look")
    assert max(arms) < 0.003
    state = robot.state()
    assert state.position(LIFT) == pytest.approx(LOOK_LIFT, abs=0.003)
    assert state.position(WRIST_PITCH) == pytest.approx(DOWN_PITCH, abs=0.03)
    assert state.base_task[2] == pytest.approx(BASE_START_TASK[2], abs=0.03)


def test_it_reaches_what_it_takes_level_and_from_before_it(shelf):
    robot, seen = KinematicRobot(), {}
    PickPlace().execute(call("low", (0.82, 0.7, 0.55), shelf), shelf, robot,
                        lambda phase, *_: seen.update({phase: robot.state()}))  # fmt: skip
    front = shelf.segments[shelf.index("low")].box.center[0] - 0.02
    before = 0.27 + 0.409 + seen["extend"].position(ARM) + FINGERTIP
    assert before < front and seen["extend"].position(WRIST_PITCH) == pytest.approx(LEVEL_PITCH, abs=0.03)
    assert 0.27 + 0.409 + seen["grasp"].position(ARM) == pytest.approx(front + 0.02, abs=0.005)


def contacts(robot, phase, joint, times):
    """Let motions of a joint end in contact, a number of times; return the listener that knows the phase."""
    move, now, left = robot.move, [""], [times]

    def met(motion, cancelled):
        if now[-1] == phase and motion.joints == (joint,) and motion.targets[0] > 0.01 and left[0]:
            left[0] -= 1
            return Ending.CONTACT
        return move(motion, cancelled)

    robot.move = met
    return lambda name, *_: now.append(name)


@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 423)])
def test_what_was_met_on_the_way_in_is_tried_once_more(shelf, times, code):
    robot = KinematicRobot()
    asked = call("block", (0.82, 0.7, 0.55), shelf)
    done = PickPlace(FRONT).execute(asked, shelf, robot, contacts(robot, "extend", ARM, times))
    assert done.error_code == code and "not brought clear" not in done.error_msg
    assert robot.state().position(ARM) == pytest.approx(0.0, abs=0.003)
    assert robot.state().position(LIFT) == pytest.approx(LOOK_LIFT, abs=0.003)


def test_a_contact_while_lowering_is_its_end(shelf):
    robot = KinematicRobot()
    asked = call("block", (0.82, 0.7, 0.55), shelf)
    assert PickPlace(FRONT).execute(asked, shelf, robot, contacts(robot, "lower", LIFT, 1)).ok


@pytest.mark.parametrize("approach", ["from_front", "from_above"])
def test_closing_on_nothing_is_tried_once_more_and_then_told(tables, approach):
    robot = KinematicRobot(faults=Faults(held_finger=-math.inf))
    closed, gripper = [], robot.gripper

    def counted(aperture, cancelled):
        closed.append(aperture < 0.0)
        return gripper(aperture, cancelled)

    robot.gripper = counted
    asked = call("block", (0.82, 0.7, 0.55), tables)
    done = PickPlace(PickPlaceSkillConfig(approach=approach)).execute(asked, tables, robot)
    assert done.error_code == 422 and sum(closed) == 2
    assert robot.state().position(FINGER) > 0.0 and robot.state().position(ARM) == pytest.approx(0.0, abs=0.003)
