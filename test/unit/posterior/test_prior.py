"""The bounded uniform prior stays uniform through its squash."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from f2p.posterior.config import SvgdConfig
from f2p.posterior.errors import BoundsError
from f2p.posterior.prior import UniformPrior
from f2p.posterior.svgd import Coordinates, svgd

torch.set_num_threads(1)


def prior(dimensions: int = 2) -> UniformPrior:
    low = torch.linspace(-3.0, 1.0, dimensions)
    return UniformPrior(low, low + torch.linspace(0.1, 2.0, dimensions))


def test_log_density_is_the_jacobian() -> None:
    box = UniformPrior(torch.tensor([-2.0]), torch.tensor([4.0]))
    u = torch.linspace(-4.0, 4.0, 41, dtype=torch.float64)[:, None]
    step = 1e-6
    slope = (box.squash(u + step) - box.squash(u - step)) / (2 * step) / 6.0
    torch.testing.assert_close(box.log_density(u).exp(), slope[:, 0], atol=1e-7, rtol=1e-5)


def test_density_integrates_to_one() -> None:
    u = torch.linspace(-12.0, 12.0, 20_001, dtype=torch.float64)[:, None]
    assert float(torch.trapezoid(prior(1).log_density(u).exp(), u[:, 0])) == pytest.approx(1.0, abs=1e-6)


def test_slopes_are_the_derivative_of_shares() -> None:
    u = torch.randn(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    numeric = (prior().shares(u + 1e-6) - prior().shares(u - 1e-6)) / 2e-6
    torch.testing.assert_close(prior().slopes(u), numeric, atol=1e-8, rtol=1e-6)


def test_particles_under_the_prior_alone_stay_uniform() -> None:
    box = prior(1)
    start = 0.2 * torch.randn(20, 1, generator=torch.Generator().manual_seed(0))
    coordinates = Coordinates(((0,),), box.shares, box.slopes)
    found = svgd(box.log_density, start, SvgdConfig(iterations=800), coordinates).variables
    shares = np.sort(box.shares(found)[:, 0].numpy())
    expected = (np.arange(20) + 0.5) / 20
    assert np.abs(shares - expected).max() < 0.12
    assert shares.std() == pytest.approx(12**-0.5, abs=0.05)


def test_draws_are_uniform_and_squash_inverts() -> None:
    box = prior()
    u = box.draw(4000, torch.Generator().manual_seed(0))
    x = box.squash(u)
    assert bool(((x >= box.low) & (x <= box.high)).all())
    torch.testing.assert_close(((x - box.low) / (box.high - box.low)).mean(0), torch.full((2,), 0.5), atol=0.03, rtol=0)
    torch.testing.assert_close(box.squash(box.unsquash(x)), x, atol=2e-3, rtol=0)


def test_values_outside_and_huge_variables_stay_finite() -> None:
    box = prior()
    assert torch.isfinite(box.unsquash(torch.tensor([[-100.0, 100.0]]))).all()
    u = torch.tensor([[300.0, -300.0]], requires_grad=True)
    density = box.log_density(u)
    (gradient,) = torch.autograd.grad(density.sum(), u)
    assert torch.isfinite(density).all()
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_empty_bounds_are_refused(low: float, high: float) -> None:
    with pytest.raises(BoundsError, match="must be finite and low < high"):
        UniformPrior(torch.tensor([0.0, low]), torch.tensor([1.0, high]))
