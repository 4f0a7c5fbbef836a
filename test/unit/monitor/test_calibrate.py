"""The conformal threshold keeps its promise: on exchangeable scores false alarms stay below alpha."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.monitor.calibrate import calibrate
from f2p.monitor.errors import BadScoreError, NotEnoughRunsError


def test_nineteen_runs_are_the_fewest_for_five_percent() -> None:
    assert calibrate(range(19)).threshold == 18.0
    with pytest.raises(
        NotEnoughRunsError, match=r"18 successful runs cannot bound false alarms at 5.0%; record at least 19"
    ):
        calibrate(range(18))
    assert calibrate(range(99)).threshold == 94.0


def test_false_alarms_stay_at_alpha_whatever_the_distribution() -> None:
    rng = np.random.default_rng(0)
    alarms = []
    for _ in range(2000):
        scores = rng.gamma(0.5, 2.0, 60)
        alarms.append(scores[-1] > calibrate(scores[:-1]).threshold)
    assert 0.03 < np.mean(alarms) <= 0.06


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=19, max_size=200), st.floats(0.05, 0.5))
def test_at_most_a_share_alpha_of_the_recorded_runs_lies_above(scores: list[float], false_alarms: float) -> None:
    found = calibrate(scores, false_alarms)
    assert found.runs == len(scores) and np.mean(np.array(scores) > found.threshold) <= false_alarms


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(BadScoreError, match="2 of the scores are not finite"):
        calibrate([1.0] * 30 + [np.nan, np.inf])
