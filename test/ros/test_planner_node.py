"""Feedback of the planner: how many candidates were judged, and the best chance of the goal itself."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.ros.planner_node import FEEDBACK_S, Judged
from f2p.scene.goals import parse_goal

GOAL, OTHER = parse_goal("above(box, table_b)"), parse_goal("above(box, table_a)")


def test_feedback_counts_all_candidates_and_keeps_the_best_chance_of_the_goal() -> None:
    now, told = [0.0], []
    judged = Judged(
        GOAL,
        lambda one: told.append((one.candidates, one.best_probability)),
        SimpleNamespace(monotonic_s=lambda: now[0]),
    )
    judged(GOAL, np.array([0.25, 0.5]))
    judged(OTHER, np.array([0.9]))
    assert told == [(2, 0.5)], "no more than one a second"
    now[0] += FEEDBACK_S
    judged(GOAL, np.array([0.125, 0.25, 0.0]))
    assert told == [(2, 0.5), (6, 0.5)]
    now[0] += FEEDBACK_S
    judged(GOAL, np.array([]))
    assert told[-1] == (6, 0.5)
