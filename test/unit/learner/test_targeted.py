"""How a budget is dealt out among kinds of transitions and scenes."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.learner.literal import LiteralConfig
from f2p.learner.targeted import Split, TargetedConfig, _dealt, split
from f2p.types import Particles, SkillCall

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


def particles_at(starts: np.ndarray, moves: np.ndarray) -> Particles:
    """A box that stands at `starts` and is moved by `moves`, both (M, 2), on a table."""
    poses = np.zeros((len(starts), 2, 4))
    poses[:, 1, :2] = starts
    calls = tuple(SkillCall("pick_place", "box", np.array([*move, 0.0, 0.0])) for move in moves)
    return Particles(("table", "box"), poses, calls, np.zeros(len(starts)), np.zeros(len(starts)))


def test_a_small_budget_takes_particles_that_are_far_apart_and_far_from_the_failure() -> None:
    """With five transitions both particles did nearly the same, and 22 of 32 trials succeeded."""
    rng = np.random.default_rng(0)
    crowd = rng.normal(0.0, 0.01, (10, 2))
    starts, moves = np.vstack([crowd, [[0.0, 0.0], [0.5, 0.0]]]), np.vstack([crowd, [[0.9, 0.0], [0.0, -0.4]]])
    taken, rest = _dealt(particles_at(starts, moves), 2, np.zeros((1, 4)))
    assert sorted(call.parameter[0] for call in taken.calls) == [0.0, 0.9] and len(rest.calls) == 10
    same, others = _dealt(particles_at(starts, moves), 12, np.zeros((1, 4)))
    assert same is others and len(same.calls) == 12
