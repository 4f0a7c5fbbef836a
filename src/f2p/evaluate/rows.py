"""The row every evaluation prints: one setting, its successes and their interval, and chance beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from f2p.evaluate.statistics import calibration, wilson_interval

SKELETONS = ("given", "free")
"""The steps of a plan are the task's own, or searched for."""


@dataclass(frozen=True)
class Setting:
    """What distinguishes one row from another."""

    task: str
    architecture: str
    objects: int
    learner: str
    skeleton: str
    """Of `SKELETONS`."""
    transitions: int | None = None
    """Budget of simulated transitions; None: the learner's own."""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    setting: Setting
    trials: int
    successes: int
    chance: float
    """Success rate of random parameters for the given skeleton."""
    details: dict[str, object] = field(default_factory=dict)
    """Figures that stand beside success: calibration, carried error, old-task F1."""

    @property
    def rate(self) -> float:
        """Share of successes."""
        return self.successes / self.trials if self.trials else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, at 95 %."""
        return wilson_interval(self.successes, self.trials)

    def as_json(self) -> dict[str, object]:
        """Return the row as printed: the agreed names first, then the details."""
        low, high = self.interval
        setting = asdict(self.setting)
        transitions = setting.pop("transitions")
        counts = {"trials": self.trials, "successes": self.successes, "success_rate": self.rate}
        return (
            setting
            | counts
            | {"low": low, "high": high, "chance": self.chance, "transitions": transitions}
            | (self.details)
        )


def row_of(setting: Setting, results: Sequence[dict[str, Any]], by_chance: float) -> Row:
    """Put the trials of all learned models of one row together.

    Args:
        setting: Which row.
        results: Of each model: `learning`, and trials as mappings under the name of the skeleton.
        by_chance: Success rate of random parameters.
    """
    trials = [trial for result in results for trial in result[setting.skeleton]]
    beliefs = np.array([trial["belief"] for trial in trials])
    successes = np.array([trial["success"] for trial in trials], bool)
    carried = [trial["carried_error"] for trial in trials if trial["carried_error"] is not None]
    gates = [result["learning"]["gate"] for result in results if result["learning"].get("gate")]
    seconds = [result["learning"]["seconds"]["total"] for result in results if "seconds" in result["learning"]]
    reliability = calibration(beliefs, successes)
    worth = [_worth(result["learning"]) for result in results]
    plain = [
        trial["belief"] / one for one, result in zip(worth, results, strict=True) for trial in result[setting.skeleton]
    ]
    details: dict[str, object] = {
        "models": len(results),
        "passed_gate": sum(bool(result["learning"]["passed"]) for result in results),
        "mean_belief": reliability.mean_belief,
        "calibration_gap": reliability.gap,
        "calibration_gap_before": calibration(np.array(plain), successes).gap,
        "belief_worth": _mean(worth),
        "calibration_error": reliability.expected_error,
        "reliability": reliability.bins,
        "carried_error": _mean(carried),
        "carried_error_median": float(np.median(carried)) if carried else None,
        "old_f1_next": _mean([gate["replay_after"]["next"] for gate in gates]),
        "old_f1_next_before": _mean([gate["replay_before"]["next"] for gate in gates]),
        "learning_seconds": _mean(seconds),
    }
    return Row(setting, len(trials), int(successes.sum()), by_chance, details)


def _worth(learning: dict[str, Any]) -> float:
    """By what the beliefs of one learned model were multiplied."""
    found = learning.get("reliability") if learning.get("passed") else None
    return float(found["probability"]) if found else 1.0


def _mean(values: Sequence[float]) -> float | None:
    """Of some numbers; None of none."""
    return float(np.mean(values)) if values else None
