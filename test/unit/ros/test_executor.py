"""How a skill's end is told: a deadline is no request, and everything else keeps its code."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.guard.errors import LatchedError
from f2p.loop.errors import DeadlineError
from f2p.robot.errors import MotionCancelledError, RunstoppedError
from f2p.ros.messages.convert import duration_from_msg
from f2p.ros.nodes.executor import result_of
from f2p.ros.remote.guard import GuardClient
from f2p.types import Execution


def test_a_skill_that_its_deadline_stopped_says_so() -> None:
    """It said "stopped on request", and nobody had asked."""
    result = result_of(Execution(False, MotionCancelledError.code, str(MotionCancelledError()), 231.0), 230.0)
    assert result.error_code == DeadlineError.code and duration_from_msg(result.duration) == 231.0
    assert result.error_msg == "the skill did not end within 230 s and was stopped where it was"


def test_other_ends_are_passed_on_as_they_are() -> None:
    result = result_of(Execution(False, 423, "met something", 5.0), 230.0)
    assert (result.error_code, result.error_msg, result.duration.sec) == (423, "met something", 5)
    assert result_of(Execution(True, 0, "", 5.0), 230.0).error_code == 0
    assert result_of(Execution(False, 441, "over the edge", refused=True), 230.0).refused and not result.refused


def test_whoever_moves_hears_why_the_guard_latched() -> None:
    """It was told to release a button that nobody had pressed."""
    with pytest.raises(RunstoppedError, match=r"runstop is on \(joint states fell silent after a stop\)"):
        GuardClient._raise_for(LatchedError.code, "joint states fell silent after a stop")
