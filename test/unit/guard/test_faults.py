"""What ends a motion, and that nothing resumes by itself: the guard's own end, who asked, who is needed, contacts."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from f2p.guard.beats import Beat
from f2p.guard.errors import (
    DependencyLostError,
    DriverFailedError,
    GuardInactiveError,
    LeaseError,
    StaleJointsError,
)
from f2p.guard.leases import MOST_LEASES, Rank, Renewal
from f2p.robot.protocol import ARM, LIFT, TRANSLATE, Motion

from .bench import CONFIG, TICK_S, Bench

UP, FORWARD = Motion((LIFT,), (0.9,)), Motion((TRANSLATE,), (0.9,))


def moving(**how: object) -> Bench:
    """A bench whose base drives."""
    bench = Bench(**how)
    bench.begin(FORWARD)
    bench.run(0.5)
    assert not bench.ended and bench.sent
    return bench


@pytest.mark.parametrize("why", ["it was deactivated", "it was shut down", "an error ended it", "it was told to end"])
def test_a_guard_that_is_not_active_any_more_ends_the_motion_and_stops_the_robot(why: str) -> None:
    """Finding 1: the base went 0.66 m on after `ros2 lifecycle set /guard shutdown`, and the action succeeded."""
    bench = moving()
    sent, stops = len(bench.sent), bench.stops
    bench.guard.halt(why, bench.moment, CONFIG)
    assert isinstance(bench.ended[0][0], GuardInactiveError) and str(bench.ended[0][0]) == why
    assert bench.stops > stops and not bench.guard.standing
    bench.run(1.0)
    assert len(bench.sent) == sent and bench.guard.standing and not bench.guard.latched
    with pytest.raises(GuardInactiveError):
        bench.guard.begin(UP, "a", bench.state, bench.moment, CONFIG, lambda *_: None, bool)


def test_a_halted_guard_still_proves_that_the_robot_stands() -> None:
    bench = moving(coasting=True)
    bench._target = (FORWARD, (5.0,))
    bench.guard.halt("it was shut down", bench.moment, CONFIG)
    bench.run(1.0)
    assert bench.runstops == 1 and "did not come to rest" in bench.guard.latched


def test_a_base_that_rolls_on_is_seen_though_its_joints_stand() -> None:
    """Joint states tell nothing of the base; its speed comes with the odometry."""
    bench = moving()
    bench.guard.stop(bench.moment, CONFIG)
    bench._move = lambda: setattr(bench, "state", replace(bench.state, velocities={TRANSLATE: 0.1}))
    bench.run(1.0)
    assert bench.runstops == 1


def test_after_a_restart_of_the_guard_an_old_lease_does_not_count() -> None:
    """Finding 4: the skill moved on by itself after the guard's restart."""
    bench = moving()
    bench.guard.halt("it was deactivated", bench.moment, CONFIG)
    bench.guard.activate(8, bench.moment)
    bench.run(0.5)
    with pytest.raises(LeaseError, match="another activation"):
        bench.renew()
    with pytest.raises(LeaseError, match="nobody renews"):
        bench.guard.begin(UP, "a", bench.state, bench.moment, CONFIG, lambda *_: None, bool)
    bench.renew("new", epoch=8)
    bench.guard.begin(UP, "new", bench._seen(), bench.moment, CONFIG, lambda *_: None, bool)


def test_a_guard_that_begins_stops_what_moves() -> None:
    """What it was that moved, nobody knows any more."""
    bench = Bench()
    bench.guard.halt("it was deactivated", bench.moment, CONFIG)
    stops = bench.stops
    bench.guard.activate(8, bench.moment)
    assert bench.stops == stops + 1


def test_a_lease_that_was_silent_is_void_for_ever() -> None:
    bench = moving()
    bench.renewing = False
    bench.run(0.4)
    assert isinstance(bench.ended[0][0], LeaseError)
    bench.run(0.5)
    with pytest.raises(LeaseError, match=r"void: it was not renewed for"):
        bench.begin(UP)
    bench.begin(UP, "new")


@pytest.mark.parametrize("skew_s", [-0.6, 0.6])
def test_renewals_stamped_away_from_now_either_way_or_older_than_the_last_do_not_count(skew_s: float) -> None:
    bench = Bench()
    stamp_ns = bench.moment.stamp_ns
    with pytest.raises(LeaseError, match="from now"):
        bench.guard.renew(Renewal("b", stamp_ns=stamp_ns + round(skew_s * 1e9), epoch=7), bench.moment, CONFIG)
    bench.guard.renew(Renewal("b", stamp_ns=stamp_ns, epoch=7), bench.moment, CONFIG)
    with pytest.raises(LeaseError, match="older than the last"):
        bench.guard.renew(Renewal("b", stamp_ns=stamp_ns - 1, epoch=7), bench.moment, CONFIG)


def test_a_flood_of_leases_is_bounded_and_never_costs_an_operator_his() -> None:
    bench = Bench()
    bench.renew("hand", Rank.OPERATOR)
    for number in range(10 * MOST_LEASES):
        bench.renew(f"flood-{number}")
    assert len(bench.guard._leases._held) <= MOST_LEASES
    assert bench.guard.rank(bench.moment, CONFIG) is Rank.OPERATOR


@pytest.mark.parametrize("dead", ["executor", "orchestrator", "manager", "perception"])
def test_the_silence_of_a_process_that_motions_depend_on_ends_them_within_300_ms(dead: str) -> None:
    """Finding 4: with the orchestrator killed the skill ran on to its end, with the manager nothing changed."""
    bench = moving(vital=("manager", "executor", "perception", "orchestrator"), speed=0.15)
    where, stops = bench.state.base[0], bench.stops
    bench.dead.add(dead)
    bench.run(CONFIG.beat_hold_s + 2 * TICK_S)
    assert isinstance(bench.guard.holding, DependencyLostError) and bench.stops == stops + 1
    bench.run(0.3 - CONFIG.beat_hold_s - 2 * TICK_S)
    error = bench.ended[0][0]
    assert isinstance(error, DependencyLostError) and f"{dead} has been silent" in str(error)
    assert bench.state.base[0] - where <= 0.05
    sent = len(bench.sent)
    bench.dead.clear()
    bench.run(2.0)
    assert len(bench.sent) == sent and bench.guard.holding is None
    with pytest.raises(LeaseError, match=f"void: {dead} has been silent"):
        bench.begin(UP)
    bench.begin(UP, "new")


def test_a_process_that_is_gone_for_the_kernel_ends_the_motion_at_the_next_look_until_it_beats_again() -> None:
    """Its silence was waited for, 0.15 s; the base went a centimetre and a half meanwhile."""
    bench = moving(vital=("executor",))
    bench.beats["executor"] = replace(bench.beats["executor"], gone=True)
    bench.dead.add("executor")
    bench.run(TICK_S)
    error = bench.ended[0][0]
    assert isinstance(error, DependencyLostError) and "executor is gone, or was stopped; nothing moves" in str(error)
    bench.run(1.0)
    with pytest.raises(LeaseError, match="void"):
        bench.guard.begin(UP, "a", bench._seen(), bench.moment, CONFIG, lambda *_: None, bool)
    bench.beats["executor"] = Beat(101, bench.now)
    bench.dead.clear()
    bench.run(0.5)
    bench.renew("b")
    bench.guard.begin(UP, "b", bench._seen(), bench.moment, CONFIG, lambda *_: None, bool)


def test_nothing_begins_by_itself_while_a_process_is_silent_but_an_operator_may_move() -> None:
    bench = Bench(vital=("perception",))
    bench.dead.add("perception")
    bench.run(1.0)
    with pytest.raises(DependencyLostError, match=r"perception has been silent for 1\.\d\d s; nothing moves by itself"):
        bench.begin(UP, "new")
    bench.begin(Motion((LIFT,), (0.22,)), "hand", Rank.OPERATOR)
    for _ in range(8):
        bench.run(0.08)
        bench.renew("hand", Rank.OPERATOR)
    assert bench.ended == [(None, False)]


def test_a_late_process_holds_and_the_motion_goes_on_once_the_robot_was_seen_to_stand() -> None:
    bench = moving(vital=("manager",))
    bench.dead.add("manager")
    bench.run(CONFIG.beat_hold_s + 3 * TICK_S)
    sent = len(bench.sent)
    bench.dead.clear()
    bench.run(2 * TICK_S)
    assert bench.guard.holding is not None and len(bench.sent) == sent, "not before it stands"
    bench.run(8.0)
    assert bench.ended == [(None, False)]


def test_a_process_in_place_of_another_ends_what_that_had_a_part_in() -> None:
    """Killed and back before anybody missed it: what it knew of the motion is gone all the same."""
    bench = moving(vital=("executor",))
    bench.beats["executor"] = Beat(999, bench.now)
    bench.run(TICK_S)
    assert isinstance(bench.ended[0][0], DependencyLostError) and "another process" in str(bench.ended[0][0])
    with pytest.raises(LeaseError, match="void: executor is another process"):
        bench.begin(UP)


def test_a_process_that_beats_but_is_not_active_counts_as_silent() -> None:
    bench = moving(vital=("orchestrator",))
    bench._beat = lambda: None
    for _ in range(20):
        bench.beats["orchestrator"] = replace(bench.beats["orchestrator"], received_s=bench.now, active=False)
        bench.run(TICK_S)
    assert isinstance(bench.ended[0][0], DependencyLostError)


def test_a_guard_that_stood_still_itself_ends_the_motion() -> None:
    """Stopped and continued, it finds messages that waited for it, and takes them for fresh ones."""
    bench = moving()
    sent = len(bench.sent)
    bench.now += 1.0
    with contextlib.suppress(LeaseError):
        bench.renew()
    bench.run(1.0)
    assert "the guard itself stood still for 1.0" in str(bench.ended[0][0]) and len(bench.sent) == sent


def test_the_goal_after_a_contact_may_be_told_of_it_once_more() -> None:
    """Finding 2: three of three lifts after a touch rose 5 cm of 10."""
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.3,)))
    bench.run(0.3)
    bench.answer(False, 100)
    stops = bench.stops
    bench.run(TICK_S)
    assert bench.ended == [(None, True)] and bench.stops == stops + 1, "what pressed is stopped"
    bench.run(0.4)
    bench.ended.clear()
    bench.begin(Motion((LIFT,), (0.4,)))
    bench.run(2 * TICK_S)
    bench.answer(False, 100)
    bench.run(3.0)
    assert bench.ended == [(None, False)] and bench.state.positions[LIFT] == pytest.approx(0.4, abs=0.003)


def test_a_contact_told_twice_or_later_or_of_a_step_over_another_is_one() -> None:
    twice = Bench()
    twice.begin(UP)
    twice.run(2 * TICK_S)
    twice.answer(False, 100)
    twice.run(0.3)
    assert not twice.ended and len(twice.sent) == 2
    twice.answer(False, 100)
    twice.run(TICK_S)
    assert twice.ended == [(None, True)]
    later = Bench()
    later.begin(UP)
    later.run(CONFIG.contact_echo_s + 3 * TICK_S)
    later.answer(False, 100)
    later.run(TICK_S)
    assert later.ended == [(None, True)]
    streaming = Bench()
    streaming.begin(UP)
    while len(streaming.sent) < 3:
        streaming.run(TICK_S)
    streaming.answer(False, 100)
    streaming.run(TICK_S)
    assert streaming.ended == [(None, True)]


def test_a_step_after_an_echo_waits_for_fresh_joint_states() -> None:
    bench = Bench()
    bench.begin(UP)
    bench.run(2 * TICK_S)
    bench.answer(False, 100)
    run = bench.guard._running.run
    bench._seen = lambda: replace(bench.state, received_s=run._echo_s - 0.001)
    bench.run(0.1)
    assert len(bench.sent) == 1


def test_a_goal_for_other_joints_waits_until_the_driver_has_ended_the_one_it_has() -> None:
    """Finding 3: 4 of 173 such pre-emptions hung the driver, which then published nothing for 20 s."""
    bench = Bench(goal_joints=True)
    bench.begin(Motion((LIFT,), (0.25,)))
    bench.run(2.0)
    assert bench.ended == [(None, False)] and bench.state.goal_joints == (LIFT,)
    bench.obeys, sent = False, len(bench.sent)
    bench.state = replace(bench.state, positions={**bench.state.positions, ARM: 0.0})
    bench.begin(Motion((ARM,), (0.04,)))
    bench.run(0.5)
    assert bench.clears == 1 and len(bench.sent) == sent
    bench.state = replace(bench.state, goal_joints=())
    bench.run(1.0)
    assert len(bench.sent) > sent and bench.ended == [(None, False)] * 2


def test_a_driver_that_does_not_end_its_goal_is_told_of() -> None:
    bench = Bench(goal_joints=True, obeys=False)
    bench.state = replace(bench.state, goal_joints=(ARM,))
    bench.begin(UP)
    bench.run(CONFIG.clear_within_s + 0.2)
    error = bench.ended[0][0]
    assert isinstance(error, DriverFailedError) and "does not end its goal for wrist" in str(error)
    assert not bench.sent


def test_a_step_over_one_for_the_same_joints_is_not_waited_for() -> None:
    bench = Bench(goal_joints=True)
    bench.begin(Motion((LIFT,), (0.5,)))
    bench.run(3.5)
    assert bench.ended == [(None, False)] and not bench.clears


def test_joint_states_that_stop_during_a_hold_end_it() -> None:
    bench = moving()
    bench.silent = True
    bench.run(0.4)
    assert isinstance(bench.ended[0][0], StaleJointsError)


def test_each_look_is_told_to_whoever_stops_the_robot_when_there_are_none() -> None:
    bench = Bench()
    looks = len(bench.looks)
    bench.run(1.0)
    assert len(bench.looks) - looks == round(1.0 / TICK_S) and bench.looks[-1] == (bench.now, CONFIG.lease_void_s)
