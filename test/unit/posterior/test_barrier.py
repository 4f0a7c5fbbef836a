"""Gaps of yawed boxes against the exact ones of geometry.py."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.geometry import pairwise_gaps
from f2p.posterior.barrier import gaps, log_barrier


@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_sign_of_the_gap_is_that_of_the_exact_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    poses = np.column_stack([rng.uniform(-0.2, 0.2, (2, 2)), np.zeros(2), rng.uniform(-3, 3, 2)])
    sizes = rng.uniform(0.02, 0.2, (2, 3))
    exact = pairwise_gaps(poses[:, :3], sizes, poses[:, 3])[0, 1]
    first, second = torch.as_tensor(poses)
    gap = float(gaps(first, torch.as_tensor(sizes[0]), second, torch.as_tensor(sizes[1])))
    assert (gap > 0) == (exact > 0)
    assert gap <= exact + 1e-9


def test_depth_of_two_squares_side_by_side() -> None:
    size = torch.tensor([0.1, 0.1, 0.1])
    at = torch.tensor([0.0, 0.0, 0.0, 0.0])
    assert float(gaps(at, size, torch.tensor([0.08, 0.0, 0.0, 0.0]), size)) == pytest.approx(-0.02)


def test_barrier_is_flat_with_room_and_proportional_to_depth_without() -> None:
    gap = torch.tensor([0.1, -0.1, -0.2])
    values = log_barrier(gap, 0.004)
    assert abs(float(values[0])) < 1e-6
    torch.testing.assert_close(values[2] / values[1], torch.tensor(2.0))
