"""Stein variational gradient descent on densities whose spread is known."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from torch import Tensor

from f2p.clock import SystemClock
from f2p.posterior.config import SvgdConfig
from f2p.posterior.errors import NotFiniteError
from f2p.posterior.svgd import Coordinates, Stop, scored, svgd

torch.set_num_threads(1)


SIGMA = 0.5


def modes_of(dimensions: int, count: int) -> Tensor:
    """One mode at the origin, or two that are 4 apart along the first dimension."""
    modes = torch.zeros(count, dimensions)
    if count == 2:
        modes[0, 0], modes[1, 0] = -2.0, 2.0
    return modes


@functools.cache
def found_spread(kernel: str, dimensions: int, count: int, seed: int = 0, iterations: int = 400) -> tuple[float, int]:
    """Spread per dimension of 20 particles within their modes, and how many modes have any."""
    modes = modes_of(dimensions, count)

    def log_density(x: Tensor) -> Tensor:
        return torch.logsumexp(-(x[:, None] - modes).square().sum(-1) / (2.0 * SIGMA**2), -1)

    initial = 1.5 * torch.randn(20, dimensions, generator=torch.Generator().manual_seed(seed))
    blocks = tuple(tuple(range(i, min(i + 4, dimensions))) for i in range(0, dimensions, 4))
    config = SvgdConfig(kernel=kernel, iterations=iterations)
    found = svgd(log_density, initial, config, Coordinates(blocks)).variables
    mode = (found[:, None] - modes).square().sum(-1).argmin(1)
    residuals = torch.cat([found[mode == k] - found[mode == k].mean(0) for k in mode.unique()])
    return float(residuals.square().mean().sqrt()), len(mode.unique())


def bowl(x: Tensor) -> Tensor:
    return -x.square().sum(-1)


def coordinates(dimensions: int) -> Coordinates:
    return Coordinates((tuple(range(dimensions)),))


@pytest.mark.parametrize("dimensions", [2, 12, 28])
@pytest.mark.parametrize("count", [1, 2])
def test_per_object_kernel_keeps_the_spread(dimensions: int, count: int) -> None:
    spread, reached = found_spread("per_object", dimensions, count)
    assert 0.34 <= spread <= SIGMA + 0.05
    assert spread >= 0.35 or count == 1
    assert reached == count


@pytest.mark.parametrize(("dimensions", "count"), [(12, 1), (28, 1), (28, 2)])
def test_single_kernel_loses_spread_in_many_dimensions(dimensions: int, count: int) -> None:
    assert found_spread("single", dimensions, count)[0] < 0.8 * found_spread("per_object", dimensions, count)[0]


@pytest.mark.parametrize("dimensions", [2, 12, 28])
def test_without_repulsion_particles_collapse_within_modes(dimensions: int) -> None:
    spread, reached = found_spread("independent", dimensions, 2, iterations=600)
    assert spread < 1e-3
    assert reached == 2


def test_mean_of_a_gaussian_is_found() -> None:
    center = torch.tensor([3.0, -1.0])
    start = torch.randn(20, 2, generator=torch.Generator().manual_seed(1))
    config = SvgdConfig(iterations=400)
    found = svgd(lambda x: -(x - center).square().sum(-1), start, config, coordinates(2)).variables
    torch.testing.assert_close(found.mean(0), center, atol=0.05, rtol=0.0)


def test_scores_are_the_gradient() -> None:
    x = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def log_density(x: Tensor) -> Tensor:
        return torch.sin(x).sum(-1) + x[:, 0] * x[:, 1]

    _, gradient = scored(log_density, x)
    for row in range(6):
        for column in range(3):
            step = torch.zeros_like(x)
            step[row, column] = 1e-6
            numeric = (log_density(x + step)[row] - log_density(x - step)[row]) / 2e-6
            assert float(gradient[row, column]) == pytest.approx(float(numeric), abs=1e-6)


@pytest.mark.parametrize("kernel", ["per_object", "single", "independent"])
@pytest.mark.parametrize("spread", [0.0, 1e-12])
@pytest.mark.parametrize("count", [1, 2, 20])
def test_degenerate_starts_end_finite_with_a_reason(kernel: str, spread: float, count: int) -> None:
    start = 1.0 + spread * torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
    result = svgd(bowl, start, SvgdConfig(kernel=kernel, iterations=120), coordinates(3))
    assert torch.isfinite(result.variables).all()
    assert torch.isfinite(result.log_density).all()
    assert result.trace.stop in (Stop.CONVERGED, Stop.ITERATIONS)
    if kernel != "independent" and count > 1:
        assert result.trace.counts["jittered"] > 0
        assert float(result.variables.std(0).min()) > 0.05


def test_no_gradient_and_no_repulsion_ends_at_once_and_says_so() -> None:
    config = SvgdConfig(kernel="independent", iterations=50)
    result = svgd(lambda x: torch.zeros(len(x)), torch.zeros(4, 2), config, coordinates(2))
    assert result.trace.stop is Stop.FLAT
    assert torch.equal(result.variables, torch.zeros(4, 2))


def test_particles_whose_gradient_is_not_finite_are_counted_and_the_rest_goes_on() -> None:
    def log_density(x: Tensor) -> Tensor:
        return torch.where(x[:, 0] > 5.0, torch.sqrt(-x[:, 0]), bowl(x))

    start = torch.tensor([[6.0, 0.0], [1.0, 1.0], [-1.0, 0.5]])
    result = svgd(log_density, start, SvgdConfig(iterations=30), coordinates(2))
    assert result.trace.counts["not_finite"] > 0
    assert torch.isfinite(result.variables).all()
    assert float(result.variables[1:].abs().max()) < 3.0
    assert torch.isfinite(result.log_density[1:]).all()


def test_density_that_is_finite_nowhere_is_an_error() -> None:
    with pytest.raises(NotFiniteError, match="not finite for any particle"):
        svgd(lambda x: x.sum(-1) * torch.nan, torch.zeros(3, 2), SvgdConfig(), coordinates(2))


def test_steep_densities_are_clipped_and_counted() -> None:
    result = svgd(lambda x: 1e8 * bowl(x), torch.ones(4, 2), SvgdConfig(iterations=20), coordinates(2))
    assert result.trace.counts["clipped"] > 0
    assert torch.isfinite(result.variables).all()


class _Leaping(SystemClock):
    """A clock on which every look takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic_s(self) -> float:
        self.now += 1.0
        return self.now


def test_time_limit_ends_the_run() -> None:
    result = svgd(bowl, torch.ones(4, 2), SvgdConfig(iterations=100, limit_s=5.0), coordinates(2), clock=_Leaping())
    assert result.trace.stop is Stop.TIME
    assert len(result.trace.direction_norm) < 10


def test_history_is_of_equal_length_and_falls() -> None:
    start = 3.0 * torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    trace = svgd(bowl, start, SvgdConfig(iterations=300), coordinates(2)).trace
    assert len(trace.direction_norm) == len(trace.log_density) == len(trace.spread)
    assert trace.direction_norm[-1] < 0.2 * trace.direction_norm[0]
    assert np.all(np.isfinite(trace.spread))


def test_groups_are_runs_of_their_own() -> None:
    start = torch.randn(12, 2, generator=torch.Generator().manual_seed(0))
    start[6:] += 5.0
    config = SvgdConfig(iterations=60, tolerance=0.0)

    def found(rows: slice, groups: tuple[tuple[int, ...], ...] | None) -> Tensor:
        return svgd(bowl, start[rows], config, Coordinates(((0, 1),), groups=groups)).variables

    together = found(slice(12), (tuple(range(6)), tuple(range(6, 12))))
    torch.testing.assert_close(together[:6], found(slice(6), None))
    torch.testing.assert_close(together[6:], found(slice(6, 12), None))
    assert not torch.allclose(together, found(slice(12), None), atol=1e-2)


def test_same_seed_same_particles() -> None:
    first, second = (svgd(bowl, torch.ones(5, 2), SvgdConfig(iterations=40), coordinates(2), seed=3) for _ in range(2))
    assert torch.equal(first.variables, second.variables)
