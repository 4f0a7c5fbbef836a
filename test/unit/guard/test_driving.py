"""The base by velocity: under a lease, bounded, watched, and with a stop and the proof of rest at its end."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from f2p.guard.driver import NAVIGATION, POSITION
from f2p.guard.errors import GuardBusyError, GuardError, LatchedError, LeaseError, OutrankedError, WrongModeError
from f2p.guard.leases import Rank
from f2p.robot.protocol import LIFT, Motion

from .bench import CONFIG, TICK_S, Bench


def driving(rank: Rank = Rank.OPERATOR) -> Bench:
    """A bench in navigation mode whose base drives for a second."""
    bench = Bench()
    bench.renew("hand", rank)
    with pytest.raises(WrongModeError, match="asked to change"):
        bench.drive(0.1)
    assert bench.modes == [NAVIGATION]
    for _ in range(10):
        ask(bench, rank)
    return bench


def ask(bench: Bench, rank: Rank = Rank.OPERATOR) -> None:
    """One velocity more, and a renewal."""
    bench.renew("hand", rank)
    bench.drive(0.1, -0.2)
    bench.run(0.1)


def test_a_velocity_is_passed_on_at_every_tick_while_it_is_asked_for() -> None:
    bench = driving()
    assert set(bench.twists) == {(0.1, -0.2)} and len(bench.twists) >= 45


def test_silence_of_whoever_drives_ends_in_a_stop_and_the_proof_of_rest() -> None:
    """A zero velocity was sent once: where it was lost, only the driver's own patience ended the driving."""
    bench = driving()
    stops, asked = bench.stops, bench.twists.count((0.1, -0.2))
    for _ in range(4):
        bench.renew("hand", Rank.OPERATOR)
        bench.run(0.08)
    passed = bench.twists.count((0.1, -0.2))
    assert bench.stops == stops + 1 and passed < asked + CONFIG.twist_after_s / TICK_S + 2
    assert bench.twists.count((0.0, 0.0)) >= 2 and bench.twists[-1] == (0.0, 0.0)
    bench.run(0.5)
    assert bench.twists.count((0.1, -0.2)) == passed and bench.guard.standing
    told = len(bench.twists)
    bench.run(0.5)
    assert len(bench.twists) == told, "it stands: nothing is said any more"


@pytest.mark.parametrize("end", ["lease", "runstop", "mode", "states", "halt", "stop"])
def test_a_velocity_ends_with_what_it_hangs_on(end: str) -> None:
    bench = driving()
    stops = bench.stops
    if end == "runstop":
        bench.state = replace(bench.state, runstopped=True)
    elif end == "mode":
        bench.state = replace(bench.state, mode=POSITION)
    elif end == "states":
        bench.silent = True
    elif end == "halt":
        bench.guard.halt("it was deactivated", bench.moment, CONFIG)
    elif end == "stop":
        bench.guard.stop(bench.moment, CONFIG)
    for _ in range(2):
        if end != "lease":
            bench.renew("hand", Rank.OPERATOR) if end != "halt" else None
        bench.run(0.1)
    passed = bench.twists.count((0.1, -0.2))
    assert bench.stops > stops
    bench.run(0.2)
    assert bench.twists.count((0.1, -0.2)) == passed


@pytest.mark.parametrize("speed", [math.nan, math.inf, -math.inf, 0.151, -0.151, 1e308])
def test_a_velocity_that_is_not_finite_or_too_fast_is_refused(speed: float) -> None:
    bench = driving()
    passed = len(bench.twists)
    with pytest.raises(GuardError, match="velocity"):
        bench.drive(speed)
    with pytest.raises(GuardError, match="velocity"):
        bench.drive(0.0, speed * 4)
    assert len(bench.twists) == passed


def test_nobody_drives_without_a_lease_while_latched_or_over_a_motion() -> None:
    bench = Bench()
    with pytest.raises(LeaseError, match="nobody renews"):
        bench.drive(0.1)
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.renew("b")
    with pytest.raises(GuardBusyError):
        bench.drive(0.1, lease="b")
    bench.state = replace(bench.state, runstopped=True)
    with pytest.raises(LatchedError):
        bench.drive(0.1, lease="b")


def test_an_operator_who_drives_ends_the_motion_of_autonomy_and_its_lease() -> None:
    bench = Bench()
    bench.begin(Motion((LIFT,), (0.9,)))
    bench.run(0.5)
    bench.renew("hand", Rank.OPERATOR)
    with pytest.raises(GuardBusyError):
        bench.drive(0.1)
    assert isinstance(bench.ended[0][0], OutrankedError)
    for _ in range(10):
        bench.renew("hand", Rank.OPERATOR)
        bench.run(0.05)
    with pytest.raises(WrongModeError):
        bench.drive(0.1)
    ask(bench)
    assert bench.twists
    with pytest.raises(LeaseError, match="void: operator took the robot"):
        bench.begin(Motion((LIFT,), (0.3,)))


def test_motions_of_joints_wait_for_the_end_of_driving_and_ask_for_their_mode() -> None:
    bench = driving(Rank.AUTONOMY)
    with pytest.raises(GuardBusyError):
        bench.begin(Motion((LIFT,), (0.3,)), "hand")
    bench.run(CONFIG.twist_after_s + 0.5)
    with pytest.raises(WrongModeError):
        bench.begin(Motion((LIFT,), (0.3,)), "anew")
    bench.begin(Motion((LIFT,), (0.3,)), "anew")
    assert bench.modes == [NAVIGATION, POSITION]


def test_the_mode_is_not_changed_over_a_goal_that_the_driver_still_has() -> None:
    bench = Bench()
    bench.state = replace(bench.state, goal_joints=(LIFT,), mode=POSITION)
    bench.renew("hand", Rank.OPERATOR)
    bench.obeys = False
    with pytest.raises(GuardBusyError, match="still has a goal"):
        bench.drive(0.1)
    assert bench.clears == 1 and not bench.modes


def test_a_stop_by_silence_says_so() -> None:
    bench = driving()
    told: list[str] = []
    bench.guard._log = told.append
    for _ in range(12):
        bench.renew("hand", Rank.OPERATOR)
        bench.run(TICK_S)
    assert told[0].startswith("driving ended: no velocity was asked for in 0.2")
