"""How a budget is dealt out among kinds of transitions and scenes."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.learner.literal import LiteralConfig
from f2p.learner.shares import Split, TargetedConfig, split
from f2p.learner.targeted import _counter_examples, _dealt
from f2p.sim.world import reconstruct
from f2p.types import Failure, Particles, SkillCall

OURS, LITERAL = TargetedConfig(), LiteralConfig()


@pytest.mark.parametrize(
    ("transitions", "config", "carried", "others", "wanted"),
    [
        (33, OURS, 3, 1, Split(20, 6, 6, 0)),
        (10, OURS, 3, 1, Split(5, 2, 2, 0)),
        (5, OURS, 3, 1, Split(2, 1, 1, 0)),
        (2, OURS, 3, 1, Split(1, 0, 0, 0)),
        (60, OURS, 3, 1, Split(20, 15, 11, 13)),
        (60, OURS, 3, 0, Split(20, 28, 11, 0)),
        (33, OURS, 1, 0, Split(20, 12, 0, 0)),
        (21, LITERAL, 3, 1, Split(20, 0, 0, 0)),
    ],
)
def test_shares_are_kept_and_the_particles_come_first(
    transitions: int, config: TargetedConfig, carried: int, others: int, wanted: Split
) -> None:
    """Where one object alone moved none can be put elsewhere first: that share was left unspent."""
    assert split(transitions, config, carried, others) == wanted


@pytest.mark.parametrize("others", [0, 2])
def test_any_budget_is_spent_to_the_last(others: int) -> None:
    for transitions in range(2, 120):
        whole = split(transitions, OURS, 3, others)
        parts = (whole, *whole.parted(0.4))
        total, before, after = (sum(vars(one).values()) for one in parts)
        assert total == transitions - 1 == before + after
        assert whole.particles >= 1 and min(min(vars(one).values()) for one in parts) >= 0


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


def test_in_every_second_counter_example_some_of_what_moved_along_is_elsewhere(failure: Failure) -> None:
    """A search took the second of two out of a box, which was believed to take the other along."""
    before = failure.outcome.before
    world, carried = reconstruct(before), [before.index("object_1"), before.index("object_2")]
    count = 12
    particles = Particles(
        before.names,
        np.repeat(world.poses[None], count, axis=0),
        (failure.outcome.call,) * count,
        np.zeros(count),
        np.zeros(count),
    )
    poses, calls = _counter_examples(world, particles, count, carried, seed=0)
    away = np.linalg.norm(poses[:, carried, :2] - world.poses[carried, :2], axis=-1) > 0.05
    assert len(calls) == count and not away[::2].any() and away[1::2].any(axis=1).sum() >= 5
    for row, call in enumerate(calls):
        acted = before.index(call.object)
        assert call.object != "box" and not np.any(away[row][np.array(carried) == acted]), "what is grasped stays"
