"""The four losses of A.11.2, over the segments that are there, and one of what a skill reshapes (ours)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from f2p.model.protocol import Latent, RelationLogits, SkillEffectModel
from f2p.model.recipe import LossConfig
from f2p.relation.table import unary_specs
from f2p.types import UNARY_RELATIONS


@dataclass(frozen=True, eq=False)
class Labels:
    """What is true of B transitions, as tensors; shapes as in TransitionBatch."""

    mask: Tensor
    unary_before: Tensor
    unary_after: Tensor
    binary_before: Tensor
    binary_after: Tensor
    displacements: Tensor


def pair_mask(mask: Tensor) -> Tensor:
    """Mark the ordered pairs of two different segments that are there. Shape (B, n, n)."""
    different = ~torch.eye(mask.shape[1], dtype=torch.bool)
    return mask.unsqueeze(2) & mask.unsqueeze(1) & different


def meaningful(unary: Tensor) -> Tensor:
    """1 where a unary relation means something for an object, by truth (B, n, kinds); see `UnarySpec.only_of`."""
    every = torch.ones_like(unary[..., 0])
    of = [every if spec.only_of is None else unary[..., UNARY_RELATIONS.index(spec.only_of)] for spec in unary_specs()]
    return torch.stack(of, -1)


def relation_loss(
    logits: RelationLogits, unary: Tensor, binary: Tensor, mask: Tensor, pair_weights: Tensor | None = None
) -> Tensor:
    """Return cross entropy of unary plus binary relations; the state of a drawer counts for drawers only (A10)."""
    unary_weights = meaningful(unary) * mask.unsqueeze(-1)
    weights = pair_mask(mask).unsqueeze(-1).to(binary.dtype).expand_as(binary)
    if pair_weights is not None:
        weights = weights * pair_weights
    one = functional.binary_cross_entropy_with_logits(logits.unary, unary, unary_weights, reduction="sum")
    two = functional.binary_cross_entropy_with_logits(logits.binary, binary, weights, reduction="sum")
    return one / unary_weights.sum().clamp_min(1) + two / weights.sum().clamp_min(1)


def position_loss(predicted: Tensor, labels: Labels, config: LossConfig) -> Tensor:
    """Return b·√(a·|δp − truth|), the mean absolute error within the root (Points2Plans) and kept from zero (ours)."""
    moved = labels.displacements.norm(dim=-1) > config.moved_threshold
    weights = labels.mask * torch.where(moved, config.moved_weight, 1.0)
    error = (predicted - labels.displacements).abs().mean(-1)
    mean = (error * weights).sum() / weights.sum().clamp_min(1e-6)
    return config.position_b * torch.sqrt(config.position_a * mean + 1e-8)


def transition_losses(
    model: SkillEffectModel,
    before: Latent,
    after: Latent,
    predicted: tuple[Latent, Tensor],
    acted: tuple[str, Tensor],
    labels: Labels,
    config: LossConfig,
) -> dict[str, Tensor]:
    """Return the weighted terms; their sum is the loss. What weighs nothing is not computed.

    Args:
        model: Decodes the latents.
        before: Encoded observation before the skill.
        after: Encoded observation after it.
        predicted: Latent and displacements that `model.advance` made of `before`.
        acted: The skill, and the segments that it acted on (B,).
        labels: The truth.
        config: Weights.
    """
    (latent, displacements), (skill, object_index) = predicted, acted
    terms = {}
    if config.detection:
        detected = [
            relation_loss(model.relations(before), labels.unary_before, labels.binary_before, labels.mask),
            relation_loss(model.relations(after), labels.unary_after, labels.binary_after, labels.mask),
        ]
        terms["detection"] = config.detection * (detected[0] + detected[1]) / 2
    regularisation = latent.difference(after)[labels.mask].mean()
    changed = labels.binary_before != labels.binary_after
    weights = torch.where(changed, config.binary_weight, 1.0)

    def prediction_loss(of: Latent) -> Tensor:
        return relation_loss(model.relations(of), labels.unary_after, labels.binary_after, labels.mask, weights)

    if config.geometric:
        moved = model.moved(before, displacements.detach())
        if model.reshapes(skill):
            moved = model.reshaped(moved, latent, object_index)
        terms["geometric"] = config.geometric * prediction_loss(moved)
    if model.reshapes(skill):
        off = model.shape_error(latent, after, object_index).mean()
        terms["shape"] = config.position * config.position_b * torch.sqrt(config.position_a * off + 1e-8)
    return terms | {
        "latent": config.latent * regularisation,
        "position": config.position * position_loss(displacements, labels, config),
        "prediction": config.prediction * prediction_loss(latent),
    }
