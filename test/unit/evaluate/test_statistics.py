"""Intervals and calibration: figures a reader will quote."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f2p.evaluate.rows import Row, Setting
from f2p.evaluate.statistics import calibration, wilson_interval


def test_wilson_agrees_with_the_textbook() -> None:
    low, high = wilson_interval(8, 10)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-3)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_rate_and_stays_in_the_unit_interval(case: tuple[int, int]) -> None:
    successes, trials = case
    low, high = wilson_interval(successes, trials)
    assert 0.0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1.0


def test_a_boast_is_seen_by_the_calibration() -> None:
    honest = calibration(np.array([0.0] * 5 + [1.0] * 5), np.array([0] * 5 + [1] * 5))
    boast = calibration(np.full(10, 0.99), np.array([1] * 6 + [0] * 4))
    assert honest.gap == 0.0 and honest.expected_error == 0.0
    assert boast.gap == pytest.approx(0.39) and boast.expected_error == pytest.approx(0.39)


def test_row_has_the_agreed_names_in_order() -> None:
    row = Row(Setting("transport", "points2plans", 3, "original", "given"), 50, 10, 0.15, {"old_f1": 0.9}).as_json()
    assert list(row)[:11] == [
        "task",
        "architecture",
        "objects",
        "learner",
        "skeleton",
        "trials",
        "successes",
        "success_rate",
        "low",
        "high",
        "chance",
    ]
    assert row["success_rate"] == pytest.approx(0.2) and row["old_f1"] == 0.9
