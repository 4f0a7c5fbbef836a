"""The bench of the promises runs at the robot's timing, whatever the simulated robot's configuration says."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.graph import graph
from f2p.guard.rules import GuardConfig
from f2p.ros.session.promises import robot_timing


def test_each_process_that_runs_gets_the_robots_patience_back() -> None:
    """A value of a node that does not run by itself, the console, ended the bench before it began."""
    timing = robot_timing()
    assert timing["guard"]["beat_void_s"] == GuardConfig().beat_void_s and timing["executor"]["guard.silent_s"] == 0.3
    assert set(timing) <= {spec.name for spec in graph.nodes("sim")}
