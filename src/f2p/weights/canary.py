"""After a swap the next attempts are watched: where the new weights do worse than the old, those come back.

Rates of few attempts say little, so the question is how probable it is that the new rate is below the old one, each
with a uniform prior (two independent Beta posteriors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.events import Noted
from f2p.settings import Settings, number


@dataclass(frozen=True)
class CanaryConfig(Settings):
    """How long new weights are watched, and when they go."""

    attempts: int = number(10, "attempts after a swap that are watched; 0: none", low=0, high=1000,
                           source="promises.md 5.16")  # fmt: skip
    before: int = number(20, "attempts of the old weights that they are held against", low=1, high=1000)
    sure: float = number(0.98, "P(new rate < old rate) from which on the old weights come back", low=0.5, high=1.0,
                         source="ours: see test_canary for what that costs")  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """How many of some attempts reached their goal."""

    reached: int
    attempts: int

    def __str__(self) -> str:
        return f"{self.reached} of {self.attempts}"


def worse(old: Rate, new: Rate) -> float:
    """Return the probability that the rate behind `new` is below that behind `old`."""
    from scipy.stats import beta

    at = np.linspace(0.0, 1.0, 2001)
    density = beta.pdf(at, 1 + old.reached, 1 + old.attempts - old.reached)
    below = beta.cdf(at, 1 + new.reached, 1 + new.attempts - new.reached)
    return float(np.trapezoid(density * below, at))


def verdict(old: Rate, new: Rate, config: CanaryConfig | None = None) -> str:
    """Return why the old weights must come back; empty while there is no reason."""
    config = config or CanaryConfig()
    if not old.attempts or not new.attempts or new.attempts > config.attempts:
        return ""
    probability = worse(old, new)
    if probability < config.sure:
        return ""
    return (
        f"{new} attempts reached their goal after the swap, {old} before it: "
        f"P(worse) = {probability:.3f}, at most {config.sure:g} is taken"
    )


def watched(events: Sequence[Noted], config: CanaryConfig | None = None) -> tuple[str, str]:
    """Return weights that must go and why, from what happened; two empty texts where none must.

    Args:
        events: Of the kinds swap, rollback and attempt, oldest first.
        config: How long is watched.
    """
    config = config or CanaryConfig()
    last = next((row for row in reversed(range(len(events))) if events[row].kind in ("swap", "rollback")), None)
    if last is None or events[last].kind == "rollback" or not events[last].facts.get("previous"):
        return "", ""
    new, old = events[last].weights, events[last].facts["previous"]
    before = [one for one in events[:last] if one.kind == "attempt" and one.weights == old][-config.before :]
    after = [one for one in events[last:] if one.kind == "attempt" and one.weights == new]
    why = verdict(_rate(before), _rate(after), config)
    return (new, why) if why else ("", "")


def _rate(attempts: Sequence[Noted]) -> Rate:
    """Count attempts; those that ended for another reason than what was predicted say nothing of the weights."""
    told = [one for one in attempts if one.facts.get("counts")]
    return Rate(sum(bool(one.facts.get("reached")) for one in told), len(told))
