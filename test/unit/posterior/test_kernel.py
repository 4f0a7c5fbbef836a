"""Kernels: gradients against differences, equivariance, and finite where particles coincide."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from f2p.posterior.kernel import LEAST_BANDWIDTH, ComparedParticles, bandwidth, kernels, rbf
from f2p.registry import UnknownNameError

torch.set_num_threads(1)
BLOCKS = ((0, 1, 2), (3, 4, 5))


def drawn(count: int, dimensions: int, seed: int) -> Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def direction(name: str, x: Tensor, scores: Tensor, blocks: tuple[tuple[int, ...], ...] = BLOCKS) -> Tensor:
    return kernels.make(name).direction(ComparedParticles(x, torch.ones_like(x), blocks), scores)


@given(st.integers(2, 9), st.integers(1, 6), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_gradient_of_the_kernel_matches_differences(count: int, dimensions: int, seed: int) -> None:
    x = drawn(count, dimensions, seed)
    values, gradients = rbf(x)
    scale = float(bandwidth(torch.cdist(x, x) ** 2))
    step = 1e-6
    for column in range(dimensions):
        moved = x.clone()
        moved[0, column] += step
        up = torch.exp(-((moved[:1] - x) ** 2).sum(-1) / scale)
        moved[0, column] -= 2 * step
        down = torch.exp(-((moved[:1] - x) ** 2).sum(-1) / scale)
        numeric = (up - down) / (2 * step)
        torch.testing.assert_close(gradients[0, 1:, column], numeric[1:], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(values, values.T)


def test_direction_is_equation_3_written_out() -> None:
    x, scores = drawn(7, 6, 1), drawn(7, 6, 2)
    values, gradients = rbf(x)
    expected = torch.stack([sum(values[j, i] * scores[j] + gradients[j, i] for j in range(7)) / 7 for i in range(7)])
    torch.testing.assert_close(direction("single", x, scores), expected)


def test_per_object_is_equation_3_for_each_object_alone() -> None:
    x, scores = drawn(7, 6, 3), drawn(7, 6, 4)
    parts = [direction("single", x[:, list(block)], scores[:, list(block)]) for block in BLOCKS]
    torch.testing.assert_close(direction("per_object", x, scores), torch.cat(parts, 1))


def test_fixed_context_enters_the_kernel_but_does_not_move() -> None:
    x, context, scores = drawn(6, 3, 5), drawn(6, 4, 6), drawn(6, 3, 7)
    whole = ComparedParticles(torch.cat([x, context], 1), torch.ones_like(x), (tuple(range(7)),))
    for name in ("per_object", "single"):
        with_context = kernels.make(name).direction(whole, scores)
        assert with_context.shape == (6, 3)
        assert not torch.allclose(with_context, direction(name, x, scores, ((0, 1, 2),)))


@pytest.mark.parametrize("name", kernels.names)
def test_order_of_particles_does_not_matter(name: str) -> None:
    x, scores = drawn(9, 6, 8), drawn(9, 6, 9)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(direction(name, x, scores)[order], direction(name, x[order], scores[order]))


@pytest.mark.parametrize("name", kernels.names)
@pytest.mark.parametrize("spread", [0.0, 1e-12, 1e-3, 1e6])
@pytest.mark.parametrize("count", [1, 2, 20])
def test_finite_however_near_or_far_particles_are(name: str, spread: float, count: int) -> None:
    x = spread * drawn(count, 6, 10)
    assert torch.isfinite(direction(name, x, torch.zeros_like(x))).all()
    assert torch.isfinite(direction(name, x.float(), torch.ones(count, 6))).all()


def test_bandwidth_is_floored_and_not_differentiated() -> None:
    assert float(bandwidth(torch.zeros(5, 5))) == pytest.approx(LEAST_BANDWIDTH)
    x = drawn(5, 2, 0).requires_grad_(True)
    assert not bandwidth(torch.cdist(x, x) ** 2).requires_grad


def test_unknown_kernel_names_the_choices() -> None:
    with pytest.raises(UnknownNameError, match="independent, per_object, single"):
        kernels.get("matern")
