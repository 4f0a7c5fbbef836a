"""How weights are trained, as numbers alone: stages, losses, what stays as it is. To ask for them takes no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from f2p.settings import Settings, group, number, setting


@dataclass(frozen=True)
class StageConfig(Settings):
    """One stretch of optimisation."""

    steps: int = number(1000, "steps", low=0, high=10_000_000)
    batch: int = number(32, "transitions per step; 0: all there are", low=0, high=100_000, source="Points2Plans")
    rate: float = number(1e-3, "learning rate of Adam at its highest", low=1e-7, high=1.0)
    cosine: bool = setting(True, "let the rate fall to zero on a cosine")
    warmup: int = number(50, "steps over which the rate rises", low=0, high=100_000)
    clip: float = number(10.0, "norm beyond which gradients are scaled down", low=1e-3, high=1e9)
    shards: int = number(1, "parts of a step's minibatch that are worked on at once", low=1, high=64)
    """Part of the recipe, not of the machine: the result does not depend on the number of cores. With dropout, 1."""

    def rate_at(self, step: int) -> float:
        """Learning rate of one step."""
        rise = min(1.0, (step + 1) / (self.warmup + 1))
        fall = 0.5 * (1 + math.cos(math.pi * step / max(self.steps, 1))) if self.cosine else 1.0
        return self.rate * rise * fall


@dataclass(frozen=True)
class PlateauConfig(Settings):
    """When a stage has learned what it can: then its rate falls to zero, and it ends."""

    every: int = number(25, "steps from one look at the validation part to the next", low=1, high=100_000)
    patience: int = number(
        6, "looks without a gain after which it is over", low=1, high=1000,
        source="ours: what goes with a drawer was learned all at once, after 200 steps of nothing",
    )  # fmt: skip
    least: int = number(100, "steps before the first look", low=0, high=100_000)
    gain: float = number(0.05, "share by which the loss must have fallen to be a gain", low=0.0, high=1.0)
    learned: float = number(
        0.45, "share of its position loss before from which on what is new is learned", low=0.0, high=1.0,
        source="ours: a fifth of the error; what is learned in fewer steps takes fewer",
    )  # fmt: skip
    tail: int = number(100, "steps in which the rate falls to zero afterwards", low=1, high=100_000)


@dataclass(frozen=True)
class LossConfig(Settings):
    """Weights of the terms; all 1 is the plain sum of A.11.2."""

    detection: float = number(1.0, "weight of the detection loss", low=0.0, high=100.0, source="A.11.2")
    latent: float = number(1.0, "weight of the latent regularisation", low=0.0, high=100.0, source="A.11.2")
    position: float = number(1.0, "weight of the position loss", low=0.0, high=100.0, source="A.11.2")
    prediction: float = number(1.0, "weight of the prediction loss", low=0.0, high=100.0, source="A.11.2")
    position_a: float = number(12.0, "a of the position loss", low=0.0, high=1e3, source="A.11.2")
    position_b: float = number(5.0, "b of the position loss", low=0.0, high=1e3, source="A.11.2")
    moved_weight: float = number(
        1.0, "weight of segments that move among those that do not, in the position loss", low=0.1, high=100.0
    )
    moved_threshold: float = number(0.005, "a displacement beyond this has moved", unit="m", low=0.0, high=1.0)
    binary_weight: float = number(
        1.0, "weight of binary relations that change, in the prediction losses", low=0.1, high=100.0
    )
    geometric: float = number(
        0.0, "weight of the prediction loss of clouds moved as predicted", low=0.0, high=100.0,
        source="ours: it is what the geometric rollout decodes",
    )  # fmt: skip


@dataclass(frozen=True)
class PretrainConfig(Settings):
    """The two stages of pre-training."""

    joint: StageConfig = group(lambda: StageConfig(steps=3600, batch=24, shards=2), "first stage: everything learns")
    frozen: StageConfig = group(
        lambda: StageConfig(steps=18_000, batch=64, shards=2), "second stage: the encoder stays as it is"
    )
    losses: LossConfig = group(
        lambda: LossConfig(moved_weight=4.0, binary_weight=4.0, geometric=1.0),
        "what moves and what changes counts more, since most objects stay where and as they are",
    )
    jitter: float = number(0.1, "shift of whole scenes along x and y", unit="m", low=0.0, high=1.0, source="ours")
    joint_share: float = number(
        1.0, "share of the transitions that the first stage sees", low=0.01, high=1.0, source="ours: encoding is dear"
    )
    checkpoint_every: int = number(250, "steps between checkpoints", low=1, high=10_000_000)


def literal_pretraining() -> PretrainConfig:
    """Adam 1e-4 and the whole network to the end, as A.11.2 says: 10 epochs of 10,000 executions."""
    joint = StageConfig(steps=3125, batch=32, rate=1e-4, cosine=False, warmup=0)
    return PretrainConfig(joint=joint, frozen=StageConfig(steps=0), losses=LossConfig(), jitter=0.0)


@dataclass(frozen=True)
class FinetuneConfig(Settings):
    """Fine-tuning on the data of one failure; the defaults grew from those of method.md 6 and 8."""

    stage: StageConfig = group(
        lambda: StageConfig(steps=600, batch=10, warmup=0),
        "`batch` counts new transitions per step; 0 takes all of them. With a plateau, `steps` are the most",
    )
    plateau: PlateauConfig | None = group(
        PlateauConfig,
        "ends it when what is new is learned, or does not get better; none: never",
    )
    held_out: float = number(
        0.05, "share of the new transitions that is only looked at", low=0.0, high=0.5,
        source="ours: one alone may be of the easiest kind; if these are fewer than five, all are looked at as learned",
    )  # fmt: skip
    mirrored: bool = setting(
        True, "learn from the new transitions also with left and right exchanged",
        source="ours: twice the data without simulating",
    )  # fmt: skip
    replayed: int = number(5, "old transitions per step", low=0, high=10_000, source="ours: repairs the old tasks")
    freeze: tuple[str, ...] = setting(
        ("encoder", "embedding", "decoders"), "groups of parameters that stay as they are, of encoder, embedding, "
        "decoders, dynamics", source="ours, measured: the effect fails, not the eye; literally nothing is frozen",
    )  # fmt: skip
    losses: LossConfig = group(
        lambda: LossConfig(moved_weight=20.0, prediction=4.0, latent=8.0),
        "what moves counts most: that is what was not known; relations keep up with it; and what is predicted shall "
        "look as what is seen, since the networks of other skills go on from it and were taught with nothing else",
    )
    jitter: float = number(0.1, "shift of whole scenes along x and y", unit="m", low=0.0, high=1.0, source="ours")


def literal_finetuning() -> FinetuneConfig:
    """200 epochs on the new transitions alone, Adam 1e-4, all layers (A.11.2)."""
    stage = StageConfig(steps=200, batch=0, rate=1e-4, cosine=False, warmup=0)
    plain = FinetuneConfig(stage=stage, plateau=None, mirrored=False, replayed=0, freeze=(), losses=LossConfig())
    return replace(plain, jitter=0.0)
