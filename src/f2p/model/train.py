"""Pre-training in two stages (everything together, then with a frozen encoder) and fine-tuning on a few transitions."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from f2p.model.batch import TransitionBatch, concatenate
from f2p.model.encoded import Encoded, Progress, Rows, Transitions, encode_rows
from f2p.model.errors import TrainingError
from f2p.model.factory import weights_bytes
from f2p.model.latent import Latent
from f2p.model.losses import LossConfig, transition_losses
from f2p.model.optimise import Checkpoint, StageConfig, StepLoss, restored_weights, run_stage, stage_of
from f2p.model.points2plans import Points2Plans
from f2p.settings import Settings, number

ENCODER = ("encoder.",)
"""Parameters that the shape features depend on."""

PERCEPTION = ("encoder.", "place.", "place_linear.", "identity.")
"""Parameters that latents of an observation depend on."""

DECODERS = ("unary_decoder.", "binary_decoder.")
"""Parameters that say which relations a latent shows. A failure of the effect is no failure of the eye: fine-tuning
leaves them alone, so that detection is not forgotten; what is carried is learned as well (ours: measured)."""


@dataclass(frozen=True)
class PretrainConfig(Settings):
    """The two stages of pre-training."""

    joint: StageConfig = field(default_factory=lambda: StageConfig(steps=900, batch=24, shards=2))
    frozen: StageConfig = field(default_factory=lambda: StageConfig(steps=5000, batch=64, shards=2))
    losses: LossConfig = field(default_factory=lambda: LossConfig(moved_weight=4.0, binary_weight=4.0, geometric=1.0))
    """Ours: what moves and what changes counts more, since most things stay where and as they are."""
    jitter: float = number(0.1, "shift of whole scenes along x and y", unit="m", low=0.0, high=1.0, source="ours")
    joint_share: float = number(
        1.0, "share of the transitions that the first stage sees", low=0.01, high=1.0, source="ours: encoding is dear"
    )
    checkpoint_every: int = 250


def literal_pretraining() -> PretrainConfig:
    """Adam 1e-4 and the whole network to the end, as A.11.2 says: 10 epochs of 10,000 executions."""
    joint = StageConfig(steps=3125, batch=32, rate=1e-4, cosine=False, warmup=0)
    return PretrainConfig(joint=joint, frozen=StageConfig(steps=0), losses=LossConfig(), jitter=0.0)


@dataclass(frozen=True)
class FinetuneConfig(Settings):
    """Fine-tuning on the data of one failure; the defaults grew from those of method.md 6 and 8."""

    stage: StageConfig = field(default_factory=lambda: StageConfig(steps=800, batch=10, warmup=0))
    """`batch` counts new transitions per step; 0 takes all of them."""
    replayed: int = number(5, "old transitions per step", low=0, high=10_000, source="ours: repairs the old tasks")
    freeze: tuple[str, ...] = PERCEPTION + DECODERS
    """Prefixes of parameters that stay as they are; nothing is frozen in the literal recipe."""
    losses: LossConfig = field(default_factory=lambda: LossConfig(moved_weight=4.0))
    jitter: float = number(0.1, "shift of whole scenes along x and y", unit="m", low=0.0, high=1.0, source="ours")


def literal_finetuning() -> FinetuneConfig:
    """200 epochs on the new transitions alone, Adam 1e-4, all layers (A.11.2)."""
    stage = StageConfig(steps=200, batch=0, rate=1e-4, cosine=False, warmup=0)
    return FinetuneConfig(stage=stage, replayed=0, freeze=(), losses=LossConfig(), jitter=0.0)


def pretrain(
    model: Points2Plans,
    data: TransitionBatch,
    config: PretrainConfig,
    seed: int,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> list[float]:
    """Train `model` in place: everything together, then with the encoder frozen and its features remembered.

    Args:
        model: A fresh model, or one to go on with.
        data: Transitions.
        config: Stages, losses, augmentation.
        seed: Of order, identities, shifts and dropout.
        progress: Told after every step.
        checkpoint: Where to write the state of training; an existing file is gone on from.

    Returns:
        The loss of every step.

    Raises:
        TrainingError: The checkpoint is of another training.
        DivergedError: The loss is not finite.
    """
    saving = None
    if checkpoint:
        saving = Checkpoint(checkpoint, _origin(model, data, config, seed), config.checkpoint_every)
    stage, _ = stage_of(saving) if saving else ("", 0)
    known = Transitions(data)
    losses: list[float] = []
    if stage != "frozen":
        count = max(1, int(len(data) * config.joint_share))
        step = _joint_step(model, known, count, config)
        model.train()
        losses += run_stage("joint", model, _trained(model, ()), step, config.joint, (seed, 1), progress, saving)
    elif checkpoint:
        restored_weights(model, checkpoint)
    if config.frozen.steps:
        encoded = Encoded(model, known, progress)
        step = _frozen_step(model, encoded, config)
        model.train()
        trained = _trained(model, ENCODER)
        losses += run_stage("frozen", model, trained, step, config.frozen, (seed, 2), progress, saving)
    model.eval().requires_grad_(True)
    return losses


def _origin(model: Points2Plans, data: TransitionBatch, config: PretrainConfig, seed: int) -> str:
    """Digest of all that decides what a training ends with."""
    facts = {"seed": seed, "training": asdict(config), "model": asdict(model.config), "data": data.sha256}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode() + weights_bytes(model)).hexdigest()


def finetune(
    model: Points2Plans,
    new: TransitionBatch,
    replay: TransitionBatch | None,
    config: FinetuneConfig,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Points2Plans, tuple[float, ...]]:
    """A copy of `model` that has learned from `new` transitions, minibatches filled up with `replay`.

    Raises:
        TrainingError: Replay is asked for and none is given.
        DivergedError: The loss is not finite.
    """
    if config.replayed and (replay is None or not len(replay)):
        raise TrainingError("this recipe replays old transitions and was given none; pass some or set replayed to 0")
    tuned = copy.deepcopy(model)
    counts = (config.stage.batch or len(new), config.replayed)
    data = Transitions(concatenate([new, replay]) if config.replayed and replay is not None else new)
    frozen = all(prefix in config.freeze for prefix in ENCODER)
    encoded = Encoded(tuned, data, progress) if frozen else None

    def step(rng: np.random.Generator) -> dict[str, Tensor]:
        chosen = rng.choice(len(new), min(counts[0], len(new)), replace=False)
        if config.replayed:
            old = rng.choice(len(data) - len(new), min(counts[1], len(data) - len(new)), replace=False)
            chosen = np.concatenate([chosen, old + len(new)])
        rows = data.rows(chosen, rng, tuned.config.identities, config.jitter)
        latents = encoded.latents(tuned, rows) if encoded else encode_rows(tuned, data, rows)
        return _loss_terms(tuned, rows, latents, config.losses)

    tuned.train()
    losses = run_stage("finetune", tuned, _trained(tuned, config.freeze), step, config.stage, (seed, 3), progress)
    return tuned.eval().requires_grad_(True), tuple(losses)


def _joint_step(model: Points2Plans, data: Transitions, count: int, config: PretrainConfig) -> StepLoss:
    """Minibatches of the first `count` transitions, encoded each time."""

    def step(rng: np.random.Generator) -> dict[str, Tensor]:
        chosen = rng.choice(count, min(config.joint.batch // config.joint.shards, count), replace=False)
        rows = data.rows(chosen, rng, model.config.identities, config.jitter)
        return _loss_terms(model, rows, encode_rows(model, data, rows), config.losses)

    return step


def _frozen_step(model: Points2Plans, encoded: Encoded, config: PretrainConfig) -> StepLoss:
    """Minibatches of all transitions from remembered features."""

    def step(rng: np.random.Generator) -> dict[str, Tensor]:
        count = min(config.frozen.batch // config.frozen.shards, len(encoded.data))
        chosen = rng.choice(len(encoded.data), count, replace=False)
        rows = encoded.data.rows(chosen, rng, model.config.identities, config.jitter)
        return _loss_terms(model, rows, encoded.latents(model, rows), config.losses)

    return step


def _trained(model: nn.Module, freeze: tuple[str, ...]) -> list[nn.Parameter]:
    """The parameters outside the prefixes `freeze`; the others stop asking for gradients."""
    trained = []
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(freeze) if freeze else True)
        if parameter.requires_grad:
            trained.append(parameter)
    return trained


def _loss_terms(
    model: Points2Plans, rows: Rows, latents: tuple[Latent, Latent], config: LossConfig
) -> dict[str, Tensor]:
    """The four losses of some rows."""
    before, after = latents
    predicted = model.advance(before, model.config.skills[0], rows.object_index, rows.parameters)
    return transition_losses(model, before, after, predicted, rows.labels, config)
