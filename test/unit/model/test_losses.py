"""The four losses: what they count, what they ignore."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from f2p.model.factory import create
from f2p.model.losses import Labels, pair_mask, position_loss, relation_loss, transition_losses
from f2p.model.protocol import RelationLogits
from f2p.model.recipe import LossConfig


def labels(mask: list[list[bool]], displacements: torch.Tensor) -> Labels:
    """Labels of which only the mask and the displacements matter."""
    empty = torch.zeros(0)
    return Labels(torch.tensor(mask), empty, empty, empty, empty, displacements)


def test_position_loss_is_the_formula_of_the_appendix() -> None:
    truth = torch.zeros(1, 2, 3)
    loss = position_loss(torch.full((1, 2, 3), 0.1), labels([[True, True]], truth), LossConfig())
    assert float(loss) == pytest.approx(5 * math.sqrt(12 * 0.1), rel=1e-5)


def test_position_loss_ignores_absent_segments_and_has_a_gradient_at_zero() -> None:
    predicted = torch.zeros(1, 2, 3, requires_grad=True)
    truth = torch.tensor([[[0.0] * 3, [9.0] * 3]])
    loss = position_loss(predicted, labels([[True, False]], truth), LossConfig())
    loss.backward()
    assert float(loss.detach()) < 1e-3 and torch.isfinite(predicted.grad).all()


def test_moved_weight_raises_the_share_of_what_moves() -> None:
    truth = torch.tensor([[[0.2, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    given = labels([[True, True]], truth)
    plain = position_loss(torch.zeros(1, 2, 3), given, LossConfig())
    weighted = position_loss(torch.zeros(1, 2, 3), given, dataclasses.replace(LossConfig(), moved_weight=9.0))
    assert float(weighted) == pytest.approx(float(plain) * math.sqrt(0.9 / 0.5), rel=1e-4)


def test_relation_loss_counts_present_pairs_only_and_drawer_states_of_drawers_only() -> None:
    unary, binary = torch.zeros(1, 3, 3), torch.zeros(1, 3, 3, 9)
    mask = torch.tensor([[True, True, False]])
    logits = RelationLogits(torch.zeros(1, 3, 3), torch.zeros(1, 3, 3, 9))
    base = relation_loss(logits, unary, binary, mask)
    assert float(base) == pytest.approx(2 * math.log(2), rel=1e-5)
    logits.unary[0, 2], logits.unary[0, 0, 2] = 50.0, 50.0
    logits.binary[0, 0, 0], logits.binary[0, 2], logits.binary[0, :, 2] = 50.0, 50.0, 50.0
    assert float(relation_loss(logits, unary, binary, mask)) == pytest.approx(float(base), rel=1e-5)
    logits.binary[0, 0, 1, 4] = 50.0
    assert float(relation_loss(logits, unary, binary, mask)) > float(base) + 1


def test_pair_mask_has_no_diagonal() -> None:
    assert pair_mask(torch.tensor([[True, True, False]])).int().tolist() == [[[0, 1, 0], [1, 0, 0], [0, 0, 0]]]


def test_the_geometric_loss_teaches_the_decoders_what_the_geometric_rollout_decodes() -> None:
    model = create("default", seed=2)
    points, mask = 0.03 * torch.randn(2, 3, 128, 3), torch.ones(2, 3, dtype=torch.bool)
    latent = model.observe(points, mask)
    acted = "pick_place", torch.tensor([0, 1])
    advanced = model.advance(latent, *acted, torch.full((2, 4), 0.2))
    binary = torch.zeros(2, 3, 3, 9)
    truth = Labels(mask, torch.zeros(2, 3, 3), torch.zeros(2, 3, 3), binary, 1.0 - binary, torch.zeros(2, 3, 3))
    config = LossConfig(detection=0.0, latent=0.0, position=0.0, prediction=0.0, geometric=1.0)
    terms = transition_losses(model, latent, latent, advanced, acted, truth, config)
    moved = model.relations(model.moved(latent, advanced[1]))
    wanted = relation_loss(moved, truth.unary_after, truth.binary_after, mask)
    assert float(terms["geometric"].detach()) == pytest.approx(float(wanted.detach()), rel=1e-5)
    terms["geometric"].backward()
    assert model.binary_decoder.subject.weight.grad.abs().sum() > 0
    assert all(value.grad is None or not value.grad.any() for value in model.dynamics.parameters())
    assert "geometric" not in transition_losses(model, latent, latent, advanced, acted, truth, LossConfig())
