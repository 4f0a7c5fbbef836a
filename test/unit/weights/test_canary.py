"""After a swap: a drop brings the old weights back, chance hardly ever does."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.events import Noted
from f2p.weights.canary import CanaryConfig, Rate, verdict, watched, worse


def test_a_rate_is_worse_as_far_as_its_attempts_say_so() -> None:
    assert worse(Rate(5, 10), Rate(5, 10)) == pytest.approx(0.5, abs=1e-3)
    assert worse(Rate(18, 20), Rate(0, 3)) > 0.99 > worse(Rate(18, 20), Rate(2, 3)) > 0.5
    assert worse(Rate(2, 20), Rate(3, 3)) < 0.01


def test_nothing_is_said_without_attempts_or_after_the_watch() -> None:
    assert verdict(Rate(0, 0), Rate(0, 5)) == verdict(Rate(20, 20), Rate(0, 0)) == ""
    assert verdict(Rate(20, 20), Rate(5, 11)) == "", "the watch is over"
    why = verdict(Rate(18, 20), Rate(0, 3))
    assert why.startswith("0 of 3 attempts reached their goal after the swap, 18 of 20 before it: P(worse) = 0.9")


@pytest.mark.parametrize(("after", "low", "high"), [(0.9, 0.0, 0.12), (0.3, 0.9, 1.0)])
def test_how_often_weights_come_back(after: float, low: float, high: float) -> None:
    """Of weights as good as those before, and of weights that are much worse, in 200 swaps each."""
    rng, back = np.random.default_rng(0), 0
    for _ in range(200):
        old = Rate(int(rng.binomial(20, 0.9)), 20)
        reached = np.cumsum(rng.random(10) < after)
        back += any(verdict(old, Rate(int(count), done + 1)) for done, count in enumerate(reached))
    assert low <= back / 200 <= high


def attempt(weights: str, reached: bool, counts: bool = True) -> Noted:
    return Noted("attempt", "", weights=weights, facts={"reached": reached, "counts": counts})


def test_what_must_go_is_read_from_what_happened() -> None:
    swap = Noted("swap", "", weights="new", facts={"previous": "old"})
    before = [attempt("old", True)] * 9 + [attempt("old", False)]
    bad = [attempt("new", False)] * 3
    assert watched([*before, swap, *bad])[0] == "new"
    assert watched([*before, swap, *([attempt("new", False, counts=False)] * 9)]) == ("", ""), "no fault of theirs"
    assert watched([*before, swap, *([attempt("other", False)] * 9)]) == ("", "")
    assert watched([*before, swap, *bad, Noted("rollback", "", weights="old", facts={"previous": "new"})]) == (
        "",
        "",
    )
    assert watched([*before, swap, *bad], CanaryConfig(attempts=0)) == ("", "")
    assert watched(before) == watched([]) == ("", "")
