"""What is held moves, and nothing else: keys that stop repeating, gamepads that fall silent or come back."""

from __future__ import annotations

import itertools
import random

import pytest

from f2p.robot.kinematics import LIMITS
from f2p.robot.limits import RULES, problem_of
from f2p.robot.protocol import ARM, BODY_JOINTS, FINGER, HEAD_PAN, LIFT, ROTATE, TRANSLATE, WRIST_YAW
from f2p.teleop.core import Teleop, TeleopConfig
from f2p.teleop.keys import HELP, MOTIONS, ORDERS, SPEEDS, keys_of
from f2p.teleop.wish import STILL, TOP, Order, Speed, jog_motion

LB, RB, BACK, START, GUIDE = 4, 5, 6, 7, 8


def pad(*held: int, **axes: float) -> tuple[list[float], list[int]]:
    """Axes by number ("a1=0.5"), and buttons that are held."""
    return [axes.get(f"a{index}", 0.0) for index in range(8)], [int(index in held) for index in range(11)]


def test_a_key_moves_for_as_long_as_it_repeats_and_no_longer() -> None:
    teleop = Teleop()
    for step in range(30):
        teleop.key("8", step * 0.035)
        wish = teleop.wish(step * 0.035 + 0.02)
        assert wish.pressed and wish.jogs == ((LIFT, pytest.approx(0.2 * TOP[LIFT])),) and not wish.drives
    last_s = 29 * 0.035
    assert teleop.wish(last_s + 0.09).jogs
    assert teleop.wish(last_s + 0.101) == STILL, "released, or the terminal is dead: both are silence"


def test_a_gamepad_that_falls_silent_with_the_stick_held_stops_and_is_not_believed_when_it_is_back() -> None:
    teleop = Teleop()
    teleop.joy(*pad(), 0.0)
    teleop.joy(*pad(LB, a1=1.0), 0.05)
    assert teleop.wish(0.06).linear == pytest.approx(0.2 * TOP[TRANSLATE])
    assert teleop.wish(0.151) == STILL, "unplugged"
    for step in range(5):
        teleop.joy(*pad(LB, a1=1.0), 1.0 + step * 0.05)
        assert teleop.wish(1.01 + step * 0.05) == STILL, "back with the deadman held: nobody pressed it"
    teleop.joy(*pad(a1=1.0), 1.3)
    assert teleop.wish(1.31) == STILL, "a stick without the deadman"
    teleop.joy(*pad(LB, a1=1.0), 1.35)
    assert teleop.wish(1.36).drives


def test_the_first_message_of_a_gamepad_is_not_believed_with_the_deadman_held() -> None:
    teleop = Teleop()
    teleop.joy(*pad(LB, a1=1.0), 0.0)
    teleop.joy(*pad(LB, a1=1.0), 0.05)
    assert teleop.wish(0.06) == STILL


def test_releasing_the_deadman_stops_with_that_message() -> None:
    teleop = Teleop()
    teleop.joy(*pad(), 0.0)
    teleop.joy(*pad(LB, a4=1.0), 0.05)
    assert teleop.wish(0.05).jogs
    teleop.joy(*pad(a4=1.0), 0.06)
    assert teleop.wish(0.06) == STILL


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_let_the_deadman_go(bad: float) -> None:
    teleop = Teleop()
    teleop.joy(*pad(), 0.0)
    teleop.joy(*pad(LB, a1=1.0), 0.02)
    teleop.joy(*pad(LB, a1=1.0, a7=bad), 0.04)
    assert teleop.wish(0.041) == STILL
    teleop.joy(*pad(LB, a1=1.0), 0.06)
    assert teleop.wish(0.061) == STILL, "not before it was let go"


@pytest.mark.parametrize(("axes", "buttons"), [([], []), ([1.0], [0, 0, 0, 0, 1]), ([9e9] * 300, [1] * 300)])
def test_gamepads_with_few_or_many_axes_do_no_harm(axes: list[float], buttons: list[int]) -> None:
    teleop = Teleop()
    teleop.joy([], [], 0.0)
    teleop.joy(axes, buttons, 0.02)
    wish = teleop.wish(0.03)
    assert abs(wish.linear) <= TOP[TRANSLATE] and all(abs(speed) <= TOP[joint] for joint, speed in wish.jogs)


def test_opposite_buttons_of_two_people_are_nothing() -> None:
    teleop = Teleop()
    teleop.key("8", 0.0)
    teleop.key("2", 0.01)
    assert teleop.wish(0.02).pressed and not teleop.wish(0.02).jogs
    teleop.joy(*pad(), 0.5)
    teleop.joy(*pad(LB, a1=1.0), 0.55)
    teleop.key("down", 0.55)
    assert teleop.wish(0.56).pressed and not teleop.wish(0.56).drives


def test_base_and_body_take_turns_and_what_began_goes_on() -> None:
    teleop = Teleop()
    teleop.key("up", 0.0)
    assert teleop.wish(0.01).drives
    teleop.key("8", 0.05)
    both = teleop.wish(0.06)
    assert both.drives and not both.jogs
    assert teleop.wish(0.11).jogs, "the base was let go"
    teleop.key("up", 0.12)
    assert teleop.wish(0.13).jogs and not teleop.wish(0.13).drives


def test_space_takes_the_robot_and_stops_what_moves() -> None:
    teleop = Teleop()
    teleop.key("up", 0.0)
    teleop.key("space", 0.01)
    wish = teleop.wish(0.02)
    assert wish.pressed and not wish.drives and not wish.jogs


def test_three_speeds_by_key_and_by_gamepad() -> None:
    teleop = Teleop()
    seen = []
    for step, key in enumerate("smb"):
        teleop.key(key, step * 1.0)
        teleop.key("w", step * 1.0)
        seen.append(dict(teleop.wish(step * 1.0).jogs)[ARM])
    assert seen == pytest.approx([0.2 * TOP[ARM], 0.5 * TOP[ARM], TOP[ARM]])
    teleop.speed = Speed.SLOW
    for step, button in enumerate((START, START, START, BACK)):
        teleop.joy(*pad(), 5.0 + step * 0.1)
        teleop.joy(*pad(button), 5.05 + step * 0.1)
        teleop.joy(*pad(button), 5.08 + step * 0.1)
    assert teleop.speed is Speed.MEDIUM, "one step a press, and no further than fast"


def test_orders_by_key_and_by_gamepad() -> None:
    teleop = Teleop()
    assert [teleop.key(key, 0.0) for key in ("r", "y", "k", "G", "q", "g")] == [
        Order.RESUME, Order.DONE, Order.SKIP, Order.GIVE_UP, Order.QUIT, None,
    ]  # fmt: skip
    assert teleop.wish(0.01) == STILL, "an order moves nothing"
    assert teleop.joy(*pad(), 1.0) is None
    assert teleop.joy(*pad(GUIDE), 1.05) is Order.RESUME
    assert teleop.joy(*pad(GUIDE), 1.10) is None, "once a press"
    teleop.joy(*pad(LB), 1.15)
    assert teleop.joy(*pad(LB, GUIDE), 1.20) is None, "not while the robot is held"


def test_the_left_stick_moves_the_head_while_its_button_is_held() -> None:
    teleop = Teleop()
    teleop.joy(*pad(), 0.0)
    teleop.joy(*pad(LB, RB, a0=1.0), 0.05)
    wish = teleop.wish(0.06)
    assert [joint for joint, _ in wish.jogs] == [HEAD_PAN] and not wish.drives
    teleop.joy(*pad(LB, a0=1.0), 0.08)
    assert teleop.wish(0.09).turning == pytest.approx(0.2 * TOP[ROTATE])


def test_a_terminal_that_is_gone_wants_nothing() -> None:
    teleop = Teleop()
    teleop.key("up", 0.0)
    teleop.let_go()
    assert teleop.wish(0.001) == STILL


def test_bytes_are_keys_and_parts_of_other_escapes_are_not() -> None:
    assert keys_of(b"8\x1b[A\x1bOD \x03") == ["8", "up", "left", "space", "ctrl-c"]
    assert keys_of(b"\x1b") == ["escape"]
    assert keys_of(b"\x1b[200~\x1b[15;2~w") == ["escape", "escape", "w"], "a function key closes no gripper"
    assert keys_of(b"\xff\xfe") == [] and keys_of("ü".encode()) == ["ü"]


def test_every_joint_has_keys_both_ways_and_no_key_means_two_things() -> None:
    for joint in (*BODY_JOINTS, TRANSLATE, ROTATE):
        assert {direction for one, direction in MOTIONS.values() if one == joint} == {1, -1}
    assert not set(MOTIONS) & {*ORDERS, *SPEEDS}
    told = HELP.replace("(", " ").split()
    for key in (key for key in (*MOTIONS, *ORDERS, *SPEEDS) if len(key) == 1):
        assert key in told, f"nobody is told of {key}"


def test_whatever_is_wanted_is_a_motion_that_the_guard_admits() -> None:
    chance = random.Random(0)
    for _ in range(2000):
        teleop = Teleop(TeleopConfig(fast=chance.uniform(0.02, 1.0)))
        teleop.speed = chance.choice(list(Speed))
        for key in chance.sample(list(MOTIONS), 3):
            teleop.key(key, 0.0)
        wish = teleop.wish(0.01)
        assert abs(wish.linear) <= RULES[TRANSLATE].speed and abs(wish.turning) <= RULES[ROTATE].speed
        if wish.jogs:
            motion = jog_motion(wish.jogs)
            assert problem_of(motion) is None
            for joint, target, (_, speed) in zip(motion.joints, motion.targets, wish.jogs, strict=True):
                assert target == LIMITS[joint][speed > 0.0]


def test_zero_comes_in_time_whenever_the_line_is_cut() -> None:
    """Every moment of a drive with keys and gamepad: after the last sign nothing is wanted for longer than stated."""
    for source, cut in itertools.product(("key", "pad"), range(1, 20)):
        teleop, last_s = Teleop(), 0.0
        teleop.joy(*pad(), 0.0)
        for step in range(1, cut + 1):
            last_s = step * 0.03
            if source == "key":
                teleop.key(("up", "5", "a")[step % 3], last_s)
            else:
                teleop.joy(*pad(LB, a1=1.0), last_s)
            teleop.wish(last_s)
        assert teleop.wish(last_s).pressed
        assert teleop.wish(last_s + 0.1001) == STILL


def test_names_of_joints_in_wishes_are_those_of_the_body() -> None:
    assert {joint for joint, _ in MOTIONS.values()} == set(TOP)
    assert {WRIST_YAW, FINGER} <= set(TOP)
