"""Split-conformal threshold: scores of successful runs in, a threshold with a promised false-alarm rate out.

If the runs to come are exchangeable with the n recorded ones, a new successful run scores above the
ceil((n + 1)(1 - alpha))-th smallest recorded score with probability at most alpha (idea of FIPER and FAIL-Detect, D1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.monitor.errors import BadScoreError, NotEnoughRunsError
from f2p.settings import Settings, number


@dataclass(frozen=True)
class MonitorConfig(Settings):
    """When an outcome is a contradiction."""

    threshold: float = number(
        0.25,
        "scores above it are contradictions: shares of the way by which something was off",
        low=0.0,
        high=2.0,
        source="ours: a hundredth of what goes as predicted is above, what does not begins at .38 (docs/results.md)",
    )
    false_alarms: float = number(
        0.01, "share of successful runs that may alarm", low=1e-4, high=0.5, source="ours: promises.md 5.34 allows 0.05"
    )


@dataclass(frozen=True)
class Calibration:
    """A threshold and what it rests on."""

    threshold: float
    false_alarms: float
    runs: int


def calibrate(scores: Sequence[float], false_alarms: float = 0.05) -> Calibration:
    """Find the smallest threshold that keeps its promise.

    Args:
        scores: Scores of successful, uncontradicted runs that nothing else was tuned on.
        false_alarms: Share of successful runs that may alarm.

    Raises:
        NotEnoughRunsError: Fewer runs than 1 / false_alarms - 1.
        BadScoreError: Scores that are not finite.
    """
    values = np.sort(np.asarray(scores, dtype=np.float64))
    if not np.all(np.isfinite(values)):
        raise BadScoreError(int(np.sum(~np.isfinite(values))))
    # the epsilon keeps (n + 1)(1 - alpha) = 19.000000000000004 from asking for the twentieth of nineteen
    rank = math.ceil((len(values) + 1) * (1.0 - false_alarms) - 1e-9)
    if rank > len(values):
        raise NotEnoughRunsError(len(values), math.ceil(1.0 / false_alarms - 1e-9) - 1, false_alarms)
    return Calibration(float(values[rank - 1]), false_alarms, len(values))
