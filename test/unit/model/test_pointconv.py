"""The encoder: sizes of A.11.2, invariances, neighbourhoods."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from f2p.model.pointconv import PointConv, PointConvConfig, SampleNorm, neighbourhoods


@pytest.fixture(scope="module")
def clouds() -> torch.Tensor:
    """Four clouds of 128 points."""
    return torch.from_numpy(np.random.default_rng(1).normal(size=(4, 128, 3)).astype(np.float32))


@pytest.fixture(scope="module")
def encoder() -> PointConv:
    """A fresh encoder."""
    torch.manual_seed(0)
    return PointConv(PointConvConfig())


def test_channels_are_those_of_the_appendix(encoder: PointConv) -> None:
    layers = (encoder.first, encoder.second, encoder.third)
    assert [(layer.features.in_features, layer.features.out_features) for layer in layers] == [
        (6, 32),
        (35, 64),
        (67, 128),
    ]


def test_neighbourhoods_match_brute_force(clouds: torch.Tensor) -> None:
    config = PointConvConfig()
    neighbours = neighbourhoods(clouds, config)
    distance = torch.cdist(clouds.double(), clouds.double())
    expected = distance.topk(8, largest=False).indices
    assert (neighbours.near_1.sort(-1).values == expected.sort(-1).values).float().mean() > 0.999
    density = torch.exp(-distance.square() / (2 * config.bandwidth_2**2)).mean(-1) / (2.5 * config.bandwidth_2)
    assert torch.allclose(neighbours.inverse_2.double(), 1 / density, rtol=1e-3)
    assert neighbours.near_1.shape == (4, 128, 8) and neighbours.near_2.shape == (4, 16, 16)
    assert all(len(set(row.tolist())) == 16 for row in neighbours.picked)


def test_neighbourhoods_do_not_change_under_rigid_motion(clouds: torch.Tensor) -> None:
    turn = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    one, other = (neighbourhoods(points, PointConvConfig()) for points in (clouds, clouds @ turn.T + 0.7))
    assert torch.equal(one.picked, other.picked)
    assert (one.near_1 == other.near_1).float().mean() > 0.999
    assert torch.allclose(one.inverse_1, other.inverse_1, rtol=1e-2)


def test_features_are_deterministic_and_ignore_the_order_of_points(encoder: PointConv, clouds: torch.Tensor) -> None:
    features = encoder(clouds)
    assert features.shape == (4, 128)
    assert torch.equal(features, encoder(clouds, neighbourhoods(clouds, encoder.config)))
    shuffled = clouds[:, torch.randperm(128, generator=torch.Generator().manual_seed(0))]
    assert torch.allclose(features, encoder(shuffled), atol=1e-3)


def test_one_repeated_point_gives_finite_features_and_gradients(encoder: PointConv) -> None:
    points = torch.full((2, 128, 3), 0.3, requires_grad=True)
    features = encoder(points)
    features.sum().backward()
    assert torch.isfinite(features).all() and torch.isfinite(points.grad).all()


def test_sample_norm_is_group_norm_with_one_group() -> None:
    values = torch.randn(3, 5, 7, 4, generator=torch.Generator().manual_seed(0))
    norm = SampleNorm(4)
    expected = torch.nn.functional.group_norm(values.permute(0, 3, 1, 2), 1).permute(0, 2, 3, 1)
    assert torch.allclose(norm(values), expected, atol=1e-5)
