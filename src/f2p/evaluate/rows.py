"""The row every evaluation prints: one setting, its successes and their interval, and chance beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from f2p.evaluate.statistics import wilson_interval


@dataclass(frozen=True)
class Row:
    """One cell of a table."""

    task: str
    architecture: str
    objects: int
    learner: str
    skeleton: str
    """`given` or `free`."""
    trials: int
    successes: int
    chance: float
    """Success rate of random parameters for the given skeleton."""
    details: dict[str, object] = field(default_factory=dict)
    """Figures that stand beside success: calibration, carried error, old-task F1."""

    def as_json(self) -> dict[str, object]:
        """The row as printed: the agreed names first, then the details."""
        low, high = wilson_interval(self.successes, self.trials)
        row = asdict(self)
        details = row.pop("details")
        chance = row.pop("chance")
        rate = self.successes / self.trials if self.trials else 0.0
        return row | {"success_rate": rate, "low": low, "high": high, "chance": chance} | details
