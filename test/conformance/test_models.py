"""Every architecture in every profile keeps the contract of `SkillEffectModel`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from f2p.model.architectures.protocol import Architecture, architectures
from f2p.model.factory import create

CASES = [
    (architecture, profile) for architecture in architectures for profile in architectures.get(architecture).profiles
]


@pytest.fixture(params=CASES, ids="-".join)
def model(request: pytest.FixtureRequest) -> Architecture:
    """One architecture in one profile."""
    architecture, profile = request.param
    return create(profile, architecture, seed=2)


@pytest.fixture
def points() -> torch.Tensor:
    """One scene of five clouds."""
    rng = np.random.default_rng(0)
    return torch.from_numpy((rng.normal(size=(1, 5, 128, 3)) * 0.03 + rng.normal(size=(1, 5, 1, 3))).astype(np.float32))


def test_shapes(model: Architecture, points: torch.Tensor) -> None:
    latent = model.observe(points, torch.ones(1, 5, dtype=torch.bool))
    index, parameters = torch.zeros(6, dtype=torch.long), torch.zeros(6, 4)
    after, displacements = model.advance(latent, "pick_place", index, parameters)
    assert after.features.shape == (6, 5, 256) and displacements.shape == (6, 5, 3)
    moved = model.moved(latent, torch.zeros(6, 5, 3))
    assert moved.features.shape == (6, 5, 256)
    assert torch.allclose(moved.features[3], latent.features[0], atol=1e-4)
    logits = model.relations(moved)
    assert logits.unary.shape == (6, 5, 3) and logits.binary.shape == (6, 5, 5, 9)


def test_answers_repeat_in_eval_mode(model: Architecture, points: torch.Tensor) -> None:
    answers = []
    for _ in range(2):
        latent = model.observe(points, torch.ones(1, 5, dtype=torch.bool))
        after, _ = model.advance(latent, "pick_place", torch.tensor([1]), torch.full((1, 4), 0.3))
        answers.append(model.relations(after).binary)
    assert torch.equal(*answers)


def test_parameters_and_translations_have_gradients(model: Architecture, points: torch.Tensor) -> None:
    generator = torch.Generator().manual_seed(0)
    for value in model.parameters():
        if not value.any():  # what starts at zero has something to say once it is trained
            value.data = 0.05 * torch.randn(value.shape, generator=generator)
    latent = model.observe(points, torch.ones(1, 5, dtype=torch.bool)).detached()
    translations, parameters = torch.zeros(1, 5, 3, requires_grad=True), torch.full((1, 4), 0.1, requires_grad=True)
    after, displacements = model.advance(model.moved(latent, translations), "pick_place", torch.tensor([2]), parameters)
    (model.relations(after).binary.sum() + displacements.sum()).backward()
    for value in (translations, parameters):
        assert value.grad is not None and torch.isfinite(value.grad).all() and value.grad.abs().max() > 0


def test_identities_may_be_any_of_the_known_ones(model: Architecture, points: torch.Tensor) -> None:
    mask = torch.ones(1, 5, dtype=torch.bool)
    one = model.observe(points, mask, torch.tensor([[0, 1, 2, 3, 4]]))
    other = model.observe(points, mask, torch.tensor([[15, 3, 8, 0, 11]]))
    assert torch.equal(one.shape, other.shape) and not torch.equal(one.identity, other.identity)
