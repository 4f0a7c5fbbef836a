"""Proportions with intervals and the calibration of a belief: what every table of results needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


def wilson_interval(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion (95 % by default).

    Args:
        successes: Trials that succeeded.
        trials: All trials.
        z: Normal quantile of the wanted confidence.

    Returns:
        Lower and upper bound; (0, 1) without trials.
    """
    if trials == 0:
        return 0.0, 1.0
    rate = successes / trials
    spread = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    middle, scale = rate + z * z / (2 * trials), 1 + z * z / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


@dataclass(frozen=True)
class BeliefCalibration:
    """How well P(goal) agrees with what happened."""

    mean_belief: float
    success_rate: float
    gap: float
    """|mean belief − success rate|."""
    expected_error: float
    """Expected calibration error over `bins` equal bins, weighted by their counts."""
    bins: tuple[tuple[float, float, int], ...]
    """(mean belief, success rate, count) of each bin that holds trials: a reliability diagram."""


def calibration(beliefs: np.ndarray, successes: np.ndarray, bins: int = 5) -> BeliefCalibration:
    """Return the reliability of beliefs against outcomes.

    Args:
        beliefs: P(goal) of each executed plan. Shape (trials,).
        successes: Whether the goal was true afterwards. Shape (trials,).
        bins: Number of equal bins on [0, 1].

    Returns:
        The summary; all zeros without trials.
    """
    beliefs, successes = np.asarray(beliefs, float), np.asarray(successes, float)
    if beliefs.size == 0:
        return BeliefCalibration(0.0, 0.0, 0.0, 0.0, ())
    bin_of_trial = np.minimum((beliefs * bins).astype(int), bins - 1)
    rows = tuple(
        (
            float(beliefs[bin_of_trial == k].mean()),
            float(successes[bin_of_trial == k].mean()),
            int(sum(bin_of_trial == k)),
        )
        for k in range(bins)
        if (bin_of_trial == k).any()
    )
    error = sum(abs(belief - rate) * count for belief, rate, count in rows) / beliefs.size
    mean_belief, rate = float(beliefs.mean()), float(successes.mean())
    return BeliefCalibration(mean_belief, rate, abs(mean_belief - rate), float(error), rows)
