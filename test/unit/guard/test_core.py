"""The guard as a whole, on a driver that answers at once or not at all; time is simulated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from f2p.errors import CanceledError
from f2p.guard.errors import (
    BatteryLowError,
    DriverFailedError,
    GuardBusyError,
    GuardTimeoutError,
    LatchedError,
    LeaseError,
    OutOfLimitsError,
    OutrankedError,
    StaleJointsError,
    WrongModeError,
)
from f2p.guard.leases import Rank, Renewal
from f2p.robot.protocol import FINGER, LIFT, TRANSLATE, Motion

from .bench import CONFIG, TICK_S, Bench


def test_a_motion_arrives_in_bounded_steps_of_at_most_four_a_second() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.5,)))
    bench.run(4.0)
    assert bench.ended == [(None, False)]
    assert bench.state.positions[LIFT] == pytest.approx(0.5, abs=0.002)
    assert 6 <= len(bench.sent) <= 16


def test_the_base_is_moved_by_increments_and_never_by_nothing() -> None:
    bench = Bench()
    bench.begin(Motion((TRANSLATE,), (-0.22,)))
    bench.run(4.0)
    assert bench.ended == [(None, False)]
    assert bench.state.base[0] == pytest.approx(-0.22, abs=0.002)
    assert all(0.0 < abs(step[0]) <= 0.05 + 1e-9 for step in bench.sent)


def test_the_base_goes_all_the_way_at_the_pace_of_its_steps() -> None:
    bench = Bench()
    bench.begin(Motion((TRANSLATE,), (0.6,)))
    bench.run(4.5)
    assert bench.ended == [(None, False)]
    assert bench.state.base[0] == pytest.approx(0.6, abs=0.002)


def test_a_null_base_motion_ends_without_a_command() -> None:
    bench = Bench()
    bench.begin(Motion((TRANSLATE,), (0.0,)))
    bench.run(0.5)
    assert bench.ended == [(None, False)] and not bench.sent


def test_silent_joint_states_hold_then_end_the_motion_and_latch() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.5)
    bench.silent, count = True, len(bench.sent)
    bench.run(0.2)
    assert isinstance(bench.guard.holding, StaleJointsError) and bench.stops == 1 and not bench.ended
    bench.run(1.0)
    assert isinstance(bench.ended[0][0], StaleJointsError)
    assert len(bench.sent) <= count + 1
    assert bench.runstops == 1 and "silent" in bench.guard.latched


def test_a_short_gap_holds_and_the_motion_goes_on() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.5,)))
    bench.run(0.5)
    bench.silent = True
    bench.run(0.2)
    bench.silent = False
    bench.run(4.0)
    assert bench.stops == 1 and bench.ended == [(None, False)]


def test_a_lease_that_is_not_renewed_voids_the_motion() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.5)
    bench.renewing = False
    bench.run(0.5)
    error, _ = bench.ended[0]
    assert isinstance(error, LeaseError) and "void" in str(error)
    assert bench.stops >= 1


def test_runstop_latches_until_an_operator_resumes() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.5)
    bench.state = replace(bench.state, runstopped=True)
    bench.run(0.1)
    assert isinstance(bench.ended[0][0], LatchedError)
    with pytest.raises(LatchedError, match="still pressed"):
        bench.resume()
    bench.state = replace(bench.state, runstopped=False)
    bench.run(2.0)
    with pytest.raises(LatchedError, match="only an operator"):
        bench.begin(Motion((LIFT,), (0.3,)))
    assert "runstop" in bench.resume()
    bench.begin(Motion((LIFT,), (0.3,)))


def test_while_no_joint_states_come_nothing_begins_and_no_latch_is_cleared() -> None:
    """Resumed before the driver was heard again, it took the next motion, ended it at once, and latched once more."""
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.3)
    bench.silent = True
    bench.run(2.0)
    assert "fell silent after a stop" in bench.guard.latched and bench.runstops == 1
    with pytest.raises(StaleJointsError, match="lost"):
        bench.resume()
    bench.silent = False
    assert "fell silent" in bench.resume()
    bench.run(1.0)
    bench.silent = True
    bench.run(1.0)
    for begin in (lambda: bench.begin(Motion((LIFT,), (0.3,))), lambda: bench.drive(0.1, lease="a")):
        with pytest.raises(StaleJointsError, match="see that the driver runs"):
            begin()
    bench.run(2.0)
    assert not bench.guard.latched, "a refusal is no stop"
    bench.silent = False
    bench.begin(Motion((LIFT,), (0.3,)))


def test_a_robot_that_does_not_stand_after_a_stop_is_runstopped_and_latched() -> None:
    bench = Bench(coasting=True, speed=0.05)
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.3)
    bench._target = (Motion((LIFT,), (0.9,)), (0.9,))
    bench.canceled = True
    bench.run(1.0)
    assert isinstance(bench.ended[0][0], CanceledError)
    assert bench.runstops == 1 and "did not come to rest" in bench.guard.latched


def test_cancel_stops_and_the_next_motion_waits_until_it_stands() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.3)
    bench.canceled = True
    bench.run(0.04)
    assert isinstance(bench.ended[0][0], CanceledError) and bench.stops == 1
    bench.canceled = False
    with pytest.raises(GuardBusyError):
        bench.begin(Motion((LIFT,), (0.3,)))
    bench.run(0.5)
    bench.begin(Motion((LIFT,), (0.3,)))


def test_rest_is_not_declared_while_a_step_is_unanswered() -> None:
    """A step that was under way at the stop may be accepted after it, and runs until it is stopped again."""
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.3)
    bench.state, bench.canceled = replace(bench.state, pending=True), True
    bench.run(0.4)
    bench.canceled = False
    with pytest.raises(GuardBusyError):
        bench.begin(Motion((LIFT,), (0.3,)))
    bench.state = replace(bench.state, pending=False)
    bench.run(0.1)
    with pytest.raises(GuardBusyError):  # joint states as old as the answer may not show yet that it moved
        bench.begin(Motion((LIFT,), (0.3,)))
    bench.run(0.2)
    assert not bench.guard.latched
    bench.begin(Motion((LIFT,), (0.3,)))


def test_a_driver_that_never_answers_a_step_after_a_stop_is_runstopped() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.3)
    bench.state, bench.canceled = replace(bench.state, pending=True), True
    bench.run(1.0)
    assert bench.runstops == 1 and "did not answer a step" in bench.guard.latched


def test_a_driver_that_was_lost_is_stopped_before_anything_else() -> None:
    """What was sent last before the network was cut may be heard when it is back: the base went on by itself."""
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.3)
    bench.silent = True
    bench.run(2.0)
    bench.silent, stops, sent = False, bench.stops, len(bench.sent)
    bench.run(TICK_S)
    assert bench.stops == stops + 1 and not bench.guard.standing
    bench.resume()
    with pytest.raises(GuardBusyError):
        bench.begin(Motion((LIFT,), (0.3,)), "b")
    bench.run(0.5)
    bench.begin(Motion((LIFT,), (0.3,)), "c")
    assert bench.stops == stops + 1 and len(bench.sent) == sent


def test_what_begins_just_when_a_lost_driver_is_heard_again_is_ended() -> None:
    bench = Bench()
    bench.silent = True
    bench.run(2.0)
    bench.silent = False
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(TICK_S)
    assert isinstance(bench.ended[0][0], StaleJointsError) and not bench.sent


def test_joint_states_that_were_only_late_stop_nothing() -> None:
    bench = Bench()
    bench.silent = True
    bench.run(CONFIG.lost_after_s - 0.1)
    bench.silent = False
    bench.run(0.1)
    assert not bench.stops


def test_contact_is_no_error_and_other_aborts_are() -> None:
    for code, contact in ((100, True), (-4, False)):
        bench = Bench()
        bench.begin(Motion((LIFT,), (0.5,)))
        bench.run(0.3)
        assert bench._result is not None
        bench._result(False, code, "--")
        bench.run(0.1)
        error, touched = bench.ended[0]
        assert touched is contact
        assert error is None if contact else isinstance(error, DriverFailedError)


def test_a_finger_that_stands_off_its_target_has_something_in_it() -> None:
    bench = Bench(speed=0.5)
    bench.state = replace(bench.state, positions={FINGER: 0.1, LIFT: 0.2})
    bench.begin(Motion((FINGER,), (-0.3,)))
    bench.speed = 0.0
    bench.run(1.5)
    assert bench.ended == [(None, True)]


@pytest.mark.parametrize(("tremble", "contact"), [(0.004, True), (0.03, False)], ids=["on an object", "still closing"])
def test_a_finger_stands_by_its_place_not_by_its_speed(tremble: float, contact: bool) -> None:
    bench = Bench(speed=0.0)
    bench.state = replace(bench.state, positions={FINGER: 0.1, LIFT: 0.2})
    bench.begin(Motion((FINGER,), (-0.3,)))
    for tick in range(60):
        place = 0.1 - tremble * (tick % 2)
        bench.state = replace(bench.state, positions={FINGER: place, LIFT: 0.2}, velocities={FINGER: tremble / TICK_S})
        bench.now += TICK_S
        bench.renew()
        bench.guard.tick(bench._seen(), bench.moment, CONFIG)
    assert bench.ended == ([(None, True)] if contact else [])


def test_old_states_do_not_make_a_finger_stand() -> None:
    bench, patient = Bench(speed=0.5), replace(CONFIG, hold_after_s=1.0, lost_after_s=4.0)
    bench.state = replace(bench.state, positions={FINGER: 0.1, LIFT: 0.2})
    bench.renew()
    bench.guard.begin(Motion((FINGER,), (-0.3,)), "a", bench._seen(), bench.moment, patient,
                      lambda error, contact: bench.ended.append((error, contact)), bool)  # fmt: skip
    bench.silent = True
    for _ in range(45):
        bench.now += TICK_S
        bench.renew()
        bench.guard.tick(bench._seen(), bench.moment, patient)
    assert not bench.ended


def test_a_driver_that_keeps_refusing_or_does_nothing_ends_the_motion() -> None:
    refusing = Bench(accept=False)
    refusing.begin(Motion((LIFT,), (0.5,)))
    refusing.run(5.0)
    assert isinstance(refusing.ended[0][0], DriverFailedError)
    stuck = Bench(speed=0.0)
    stuck.begin(Motion((LIFT,), (0.5,)))
    stuck.run(30.0)
    assert isinstance(stuck.ended[0][0], GuardTimeoutError)


def test_what_may_not_begin() -> None:
    bench = Bench()
    with pytest.raises(LeaseError, match="nobody renews"):
        bench.guard.begin(Motion((LIFT,), (0.3,)), "b", bench._seen(), bench.moment, CONFIG, lambda *_: None, bool)
    with pytest.raises(OutOfLimitsError):
        bench.begin(Motion((LIFT,), (3.0,)))
    bench.state = replace(bench.state, mode="navigation")
    with pytest.raises(WrongModeError, match="navigation"):
        bench.begin(Motion((LIFT,), (0.3,)))
    bench.begin(Motion((LIFT,), (0.3,)))
    with pytest.raises(GuardBusyError):
        bench.begin(Motion((LIFT,), (0.3,)))


def test_an_operator_takes_the_robot_and_gets_it_once_it_stands() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(1.0)
    stops = bench.stops
    with pytest.raises(GuardBusyError, match="being stopped"):
        bench.begin(Motion((LIFT,), (0.2,)), "hand", Rank.OPERATOR)
    assert isinstance(bench.ended[0][0], OutrankedError) and bench.stops == stops + 1
    assert str(bench.ended[0][0]) == "operator took the robot"
    with pytest.raises(LeaseError, match="void: operator took the robot"):
        bench.begin(Motion((LIFT,), (0.9,)))
    with pytest.raises(OutrankedError, match="held by operator"):
        bench.begin(Motion((LIFT,), (0.9,)), "anew")
    bench.run(0.2)
    bench.renew("hand", Rank.OPERATOR)
    bench.run(0.2)
    bench.begin(Motion((LIFT,), (0.2,)), "hand", Rank.OPERATOR)
    for _ in range(20):
        for _ in range(2):
            bench.renew("hand", Rank.OPERATOR)
            bench.run(0.1)
    assert bench.ended[1:] == [(None, False)]
    assert bench.state.positions[LIFT] == pytest.approx(0.2, abs=0.002)


def test_autonomy_goes_on_when_the_operator_lets_go() -> None:
    bench = Bench()
    bench.renew("hand", Rank.OPERATOR)
    assert bench.guard.rank(bench.moment, CONFIG) is Rank.OPERATOR
    with pytest.raises(OutrankedError):
        bench.begin(Motion((LIFT,), (0.3,)))
    bench.run(CONFIG.lease_void_s + 0.1)
    assert bench.guard.rank(bench.moment, CONFIG) is Rank.AUTONOMY
    bench.begin(Motion((LIFT,), (0.3,)))
    bench.run(2.0)
    assert bench.ended == [(None, False)]


def test_nobody_takes_the_robot_from_an_equal_nor_with_a_bad_motion_and_the_runstop_is_above_all() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)), "hand", Rank.OPERATOR)
    with pytest.raises(LeaseError, match=r"'b'.* another operator has the robot, under 'hand'"):
        bench.begin(Motion((LIFT,), (0.2,)), "b", Rank.OPERATOR)
    other = Bench()
    other.begin(Motion((LIFT,), (0.9,)))
    with pytest.raises(OutOfLimitsError):
        other.begin(Motion((LIFT,), (3.0,)), "hand", Rank.OPERATOR)
    assert not bench.ended and not other.ended
    other.state = replace(other.state, runstopped=True)
    with pytest.raises(LatchedError):
        other.begin(Motion((LIFT,), (0.2,)), "hand", Rank.OPERATOR)


def test_of_two_operators_the_second_gets_the_robot_once_the_first_is_gone() -> None:
    bench = Bench()
    bench.renew("left", Rank.OPERATOR)
    with pytest.raises(LeaseError, match="another operator has the robot, under 'left'"):
        bench.guard.renew(Renewal("right", Rank.OPERATOR, bench.epoch, bench.moment.stamp_ns), bench.moment, CONFIG)
    bench.run(CONFIG.lease_void_s + 0.1)
    bench.renew("right", Rank.OPERATOR)
    assert bench.guard.rank(bench.moment, CONFIG) is Rank.OPERATOR
    bench.begin(Motion((LIFT,), (0.3,)), "right", Rank.OPERATOR)


@pytest.mark.parametrize("volts", [10.4, 1.0])
def test_with_an_empty_battery_autonomy_begins_nothing_and_an_operator_still_may(volts: float) -> None:
    bench = Bench()
    bench.state = replace(bench.state, volts=volts)
    with pytest.raises(BatteryLowError, match=r"less than 10\.5 V"):
        bench.begin(Motion((LIFT,), (0.5,)))
    assert not bench.sent
    bench.renew("o", Rank.OPERATOR)
    bench.begin(Motion((LIFT,), (0.21,)), "o")


@pytest.mark.parametrize("volts", [12.0, float("nan"), 0.0])
def test_a_battery_that_is_full_or_does_not_tell_keeps_nothing_back(volts: float) -> None:
    bench = Bench()
    bench.state = replace(bench.state, volts=volts)
    bench.begin(Motion((LIFT,), (0.25,)))
    bench.run(2.0)
    assert bench.ended == [(None, False)]
