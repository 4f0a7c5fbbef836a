"""How a budget is dealt out among kinds of transitions and scenes."""

from __future__ import annotations

import pytest

from f2p.learner.literal import LiteralConfig
from f2p.learner.targeted import Split, TargetedConfig, split

OURS, LITERAL = TargetedConfig(), LiteralConfig()


@pytest.mark.parametrize(
    ("transitions", "config", "carried", "wanted"),
    [
        (33, OURS, 3, Split(20, 6, 6)),
        (10, OURS, 3, Split(5, 2, 2)),
        (5, OURS, 3, Split(2, 1, 1)),
        (2, OURS, 3, Split(1, 0, 0)),
        (33, OURS, 1, Split(26, 6, 0)),
        (21, LITERAL, 3, Split(20, 0, 0)),
    ],
)
def test_shares_are_kept_and_the_particles_come_first(
    transitions: int, config: TargetedConfig, carried: int, wanted: Split
) -> None:
    """Where one object alone moved none can be put elsewhere first: that share was left unspent."""
    assert split(transitions, config, carried) == wanted


def test_any_budget_is_spent_to_the_last() -> None:
    for transitions in range(2, 120):
        whole = split(transitions, OURS, 3)
        parts = (whole, *whole.parted(0.4))
        total, before, after = (one.particles + one.counter_examples + one.elsewhere for one in parts)
        assert total == transitions - 1 == before + after
        assert whole.particles >= 1 and min(before, after) >= 0
