"""Pick and place on a body without physics: order, targets, pace, and an error of its own for every failure."""

import itertools
import math

import numpy as np
import pytest

from f2p.robot.errors import STANDING_ERRORS, LeaveWithdrawnError, RobotError, TakenOverError
from f2p.robot.kinematic import Faults, KinematicRobot
from f2p.robot.looks import LOOK_LIFT, LOOK_Y
from f2p.robot.protocol import ARM, BASE_JOINTS, FINGER, LIFT, TRANSLATE, WRIST_ROLL, Ending
from f2p.skill.moves import lift_for
from f2p.skill.pick_place import PHASES, PickPlace
from f2p.skill.pick_place_plan import PickPlaceSkillConfig, moved_pose, plan_pick_place
from f2p.skill.protocol import skills
from f2p.types import SkillCall

CONFIG = PickPlaceSkillConfig()


def call(name="box", parameter=(0.0, -0.8, 0.0, 0.4)):
    return SkillCall("pick_place", name, np.array(parameter))


class Heard:
    def __init__(self):
        self.phases, self.fractions = [], []

    def __call__(self, phase, fraction, detail):
        self.phases.append(phase)
        self.fractions.append(fraction)
        assert detail == "box"


def test_it_is_registered():
    assert skills.get("pick_place") is PickPlace


def test_success_goes_through_all_phases_and_ends_in_the_looking_posture(scene):
    robot, heard = KinematicRobot(), Heard()
    done = PickPlace().execute(call(), scene, robot, heard)
    assert done.ok and done.error_code == 0 and done.error_msg == ""
    assert tuple(heard.phases) == (*PHASES, "look")
    assert heard.fractions == sorted(heard.fractions) and heard.fractions[-1] == 1.0
    state = robot.state()
    assert state.position(LIFT) == pytest.approx(LOOK_LIFT, abs=0.003)
    assert state.position(ARM) == pytest.approx(0.0, abs=0.003)
    assert state.base_task[1] == pytest.approx(LOOK_Y, abs=0.004)
    assert done.duration_s == pytest.approx(robot.time_s)


def test_steps_never_mix_base_and_arm_and_stay_bounded(scene):
    robot = KinematicRobot()
    PickPlace().execute(call(), scene, robot)
    for _, step in robot.steps:
        base = [joint for joint in step.joints if joint in BASE_JOINTS]
        assert not base or len(step.joints) == 1
        if base:
            assert abs(step.targets[0]) <= 0.05 + 1e-9


def test_gripper_is_where_the_object_was_and_then_where_it_shall_be(scene, gripper_task):
    robot, seen = KinematicRobot(), {}

    def watched(phase, fraction, detail):
        seen[phase] = gripper_task(robot.state())

    PickPlace().execute(call(parameter=(0.05, -0.8, 0.01, 0.4)), scene, robot, watched)
    plan = plan_pick_place(scene, call(parameter=(0.05, -0.8, 0.01, 0.4)), KinematicRobot().state().base_task, CONFIG)
    grasped, released = seen["grasp"], seen["release"]
    assert (grasped.x, grasped.y, grasped.z) == pytest.approx(
        (plan.grasp.pose.x, plan.grasp.pose.y, plan.grasp.pose.z), abs=0.004
    )
    assert (released.x, released.y, released.z) == pytest.approx((plan.place.x, plan.place.y, plan.place.z), abs=0.004)
    assert abs(math.remainder(released.heading - grasped.heading - 0.4, math.pi)) < 0.05


def test_parameter_moves_the_object_about_its_own_centre(scene):
    plan = plan_pick_place(scene, call(parameter=(0.1, -0.5, 0.02, math.pi / 2)), (0.27, 0.0, math.pi / 2), CONFIG)
    box = scene.segments[scene.index("box")].box
    before = np.array([plan.grasp.pose.x, plan.grasp.pose.y]) - box.center[:2]
    after = np.array([plan.place.x, plan.place.y]) - box.center[:2] - [0.1, -0.5]
    assert after == pytest.approx([-before[1], before[0]])
    assert plan.place.z == pytest.approx(plan.grasp.pose.z + 0.02)


def test_no_move_is_the_same_pose(scene):
    plan = plan_pick_place(scene, call(), (0.27, 0.0, math.pi / 2), CONFIG)
    segment = scene.segments[scene.index("box")]
    same = moved_pose(plan.grasp.pose, segment, np.zeros(4))
    assert (same.x, same.y, same.z) == pytest.approx((plan.grasp.pose.x, plan.grasp.pose.y, plan.grasp.pose.z))


def test_carrying_height_clears_everything_but_what_travels_along(scene):
    base = (0.27, 0.0, math.pi / 2)
    box = plan_pick_place(scene, call(), base, CONFIG)
    assert box.carry_z - 0.12 >= 0.60 + CONFIG.clearance - 1e-9  # the landmark's top, under the box's bottom
    movable = plan_pick_place(scene, call("object_1"), base, CONFIG)
    assert movable.carry_z - 0.05 >= 0.62 + CONFIG.clearance - 1e-9  # the box's walls, under the object's bottom


@pytest.mark.parametrize("turn", [-3.0, -1.5, 0.0, 1.5, 3.0])
def test_wrist_turns_as_far_as_the_call_says(scene, turn):
    plan = plan_pick_place(scene, call("object_1", (0.0, -0.8, 0.0, turn)), (0.27, 0.0, math.pi / 2), CONFIG)
    assert abs(plan.pick_roll) <= 3.14 and abs(plan.place_roll) <= 3.14
    assert abs(math.remainder(plan.pick_roll - plan.place_roll - turn, 2 * math.pi)) < 0.01


@pytest.mark.parametrize(
    ("what", "code", "words"),
    [
        (call("cup"), 425, "no object 'cup' in the scene; there are: table_a"),
        (call("table_a"), 421, "it is a table"),
        (call(parameter=(0.6, 0.0, 0.0, 0.0)), 401, "needs wrist_extension"),
        (call(parameter=(0.0, 3.0, 0.0, 0.0)), 401, "the base's place"),
        (call(parameter=(0.0, 0.0, 0.6, 0.0)), 401, "needs joint_lift"),
        (call(parameter=(0.0, math.nan, 0.0, 0.0)), 425, "four finite numbers"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_moves(scene, what, code, words):
    robot = KinematicRobot()
    done = PickPlace().execute(what, scene, robot)
    assert not done.ok and done.error_code == code and words in done.error_msg
    assert done.refused and robot.steps == []


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        (Faults(refuse=True), 402),
        (Faults(stuck=TRANSLATE), 403),
        (Faults(runstopped=True), 404),
        (Faults(silent=True), 406),
        (Faults(held_finger=-math.inf), 422),
        (Faults(contact_below=0.79), 423),
        (Faults(loses_at=0.80), 424),
    ],
)
def test_every_fault_has_a_code_and_a_sentence(scene, faults, code):
    robot = KinematicRobot(faults=faults)
    if code == 424:
        robot.faults.loses_at = math.inf

        def lose(phase, fraction, detail):
            robot.faults.loses_at = 0.80 if phase == "lift" else math.inf

        done = PickPlace().execute(call(), scene, robot, lose)
    else:
        done = PickPlace().execute(call(), scene, robot)
    assert not done.ok
    assert done.error_code == code
    assert len(done.error_msg) > 20


def failed_in(phase, scene, **faults):
    """A call during whose `phase` the body has `faults`, for a while: until one error has come of them."""
    robot = KinematicRobot()
    healthy = {name: getattr(robot.faults, name) for name in faults}

    def healing(asked):
        def asked_once(*arguments):
            try:
                return asked(*arguments)
            except RobotError:
                vars(robot.faults).update(healthy)
                robot.failed_at_s = robot.time_s
                raise

        return asked_once

    def begin(name, fraction, detail):
        if name == phase:
            vars(robot.faults).update(faults)

    robot.move, robot.state, robot.gripper = healing(robot.move), healing(robot.state), healing(robot.gripper)
    return robot, PickPlace().execute(call(), scene, robot, begin)


@pytest.mark.parametrize(
    ("phase", "faults", "code"),
    [
        ("approach", {"refuse": True}, 402),
        ("descend", {"stuck": LIFT}, 403),
        ("descend", {"contact_below": 0.79}, 423),
        ("grasp", {"held_finger": -math.inf}, 422),
        ("carry", {"stuck": TRANSLATE}, 403),
        ("lower", {"refuse": True}, 402),
        ("release", {"refuse": True}, 402),
    ],
)
def test_after_a_failure_the_gripper_is_clear(scene, phase, faults, code):
    robot, done = failed_in(phase, scene, **faults)
    vars(robot.faults).update(vars(Faults()))
    assert done.error_code == code and "not brought clear" not in done.error_msg
    assert robot.state().position(ARM) == pytest.approx(0.0, abs=0.003)
    assert robot.state().position(LIFT) == pytest.approx(LOOK_LIFT, abs=0.003)


@pytest.mark.parametrize("error", [LeaveWithdrawnError("the guard is gone"), TakenOverError("operator took the robot")])
@pytest.mark.parametrize("phase", ["descend", "carry", "retreat"])
def test_after_leave_to_move_was_withdrawn_nothing_moves_not_even_to_bring_the_gripper_clear(scene, phase, error):
    """After its restart the guard was met by a skill that moved on by itself, to bring the gripper clear."""
    robot, now = KinematicRobot(), []
    move = robot.move

    def watched(motion, cancelled):
        if now[-1] == phase:
            raise error
        return move(motion, cancelled)

    robot.move = watched
    done = PickPlace().execute(call(), scene, robot, lambda name, *_: now.append(name))
    steps = len(robot.steps)
    assert (done.error_code, done.error_msg) == (error.code, str(error)) and type(error) in STANDING_ERRORS
    assert now[-1] == phase and len(robot.steps) == steps


def test_a_driver_that_fell_silent_and_is_back_is_not_moved_by_the_skill_it_interrupted(scene):
    robot, done = failed_in("descend", scene, silent=True)
    assert done.error_code == 406 and max(time for time, _ in robot.steps) <= robot.failed_at_s


@pytest.mark.parametrize("phase", ["lift", "retreat"])
def test_a_rise_that_a_false_contact_cuts_short_keeps_the_arm_out(scene, phase):
    """Three of three rises after a touch ended 5 cm early, and the arm came in at placing height, among the objects."""
    robot, now, cut = KinematicRobot(), [], []
    move = robot.move

    def short(motion, cancelled):
        rises = motion.joints == (LIFT,) and motion.targets[0] > robot.state().position(LIFT)
        if now[-1] == phase and rises:
            cut.append(robot.state().position(ARM))
            robot._at[LIFT] += 0.01
            robot._targets[LIFT] = robot._at[LIFT]
            return Ending.CONTACT
        return move(motion, cancelled)

    robot.move = short
    done = PickPlace().execute(call(), scene, robot, lambda name, *_: now.append(name))
    assert done.error_code == 423 and "m below where it should be" in done.error_msg
    assert "not brought clear" in done.error_msg and robot.state().position(ARM) == pytest.approx(cut[0], abs=0.003)


def test_a_rise_that_was_cut_short_once_goes_on_from_there(scene):
    robot, now, cut = KinematicRobot(), [], []
    move = robot.move

    def short(motion, cancelled):
        rises = motion.joints == (LIFT,) and motion.targets[0] > robot.state().position(LIFT)
        if now[-1] == "retreat" and rises and not cut:
            cut.append(1)
            return Ending.CONTACT
        return move(motion, cancelled)

    robot.move = short
    done = PickPlace().execute(call(), scene, robot, lambda name, *_: now.append(name))
    assert done.error_code == 423 and "not brought clear" not in done.error_msg
    assert robot.state().position(ARM) == pytest.approx(0.0, abs=0.003)


def test_a_grasp_that_missed_ends_open(scene):
    robot, _ = failed_in("grasp", scene, held_finger=-math.inf)
    assert robot.state().position(FINGER) > 0.0


def test_up_comes_before_in_and_clears_what_is_still_held(scene):
    robot, _ = failed_in("release", scene, refuse=True)
    plan = plan_pick_place(scene, call(), KinematicRobot().state().base_task, CONFIG)
    after = [step for time, step in robot.steps if time >= robot.failed_at_s]
    first = next(index for index, step in enumerate(after) if ARM in step.joints)
    assert {step.joints for step in after[:first]} == {(LIFT,)}
    assert after[first - 1].targets[0] == pytest.approx(lift_for(max(plan.carry_z, plan.approach_z)), abs=0.003)


def test_a_gripper_that_could_not_be_brought_clear_is_told(scene):
    robot = KinematicRobot()

    def jam(phase, fraction, detail):
        robot.faults.stuck = LIFT if phase == "descend" else ""

    done = PickPlace().execute(call(), scene, robot, jam)
    assert done.error_code == 403
    assert "the gripper was not brought clear of the scene: motion did not arrive" in done.error_msg


def test_a_cancelled_retreat_stands_still(scene):
    """Who takes a call back while it retreats wants it to stand, too."""
    robot = KinematicRobot(faults=Faults(contact_below=0.79))
    blocked = []

    def cancelled():
        blocked.append(robot._in_contact())
        met = sum(now and not before for before, now in itertools.pairwise(blocked))
        return met > 1 and robot.state().position(LIFT) > 0.80

    done = PickPlace().execute(call(), scene, robot, cancelled=cancelled)
    assert done.error_code == 423 and "stopped on request" in done.error_msg
    assert robot.state().position(ARM) > 0.01


@pytest.mark.parametrize("phase", PHASES)
def test_cancel_in_any_phase_stands_still(scene, phase):
    robot, now = KinematicRobot(), []
    done = PickPlace().execute(call(), scene, robot, lambda name, *_: now.append(name), lambda: phase in now)
    assert done.error_code == 405
    assert now[-1] == phase
    before = robot.state()
    robot._wait(1.0)
    assert robot.state().joints == before.joints and robot.state().base_task == before.base_task


def test_lowering_ends_in_contact_and_counts_as_done(scene):
    robot = KinematicRobot()

    def floor(phase, fraction, detail):
        robot.faults.contact_below = 0.78 if phase == "lower" else -math.inf

    done = PickPlace().execute(call(), scene, robot, floor)
    assert done.ok
    assert robot.state().position(WRIST_ROLL) == pytest.approx(0.0, abs=0.02)
