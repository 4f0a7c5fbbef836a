"""Pre-training in two stages (everything together, then with a frozen encoder) and fine-tuning on a few transitions."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from f2p.model.architectures.protocol import Architecture, Encoding, architecture_of, parameters_outside
from f2p.model.batch import TransitionBatch, concatenate, mirrored
from f2p.model.errors import TrainingError
from f2p.model.factory import weights_bytes
from f2p.model.losses import transition_losses
from f2p.model.optimise import Checkpoint, Plateau, StepLoss, restored_weights, run_stage, stage_of
from f2p.model.recipe import FinetuneConfig, PretrainConfig, StageConfig
from f2p.model.threads import limit_threads
from f2p.model.transitions import Progress, Transitions

LEAST_HELD = 5
"""New transitions that say how well new ones are predicted (ours: one alone ended it with the others not learned)."""

OTHERS = 0.4
"""So many transitions of each other skill stand beside one of the skill that failed in a minibatch (ours: of ten pushes
among fifty grasps few were in any, and they were not learned: off by nine centimetres, the grasps by two)."""

Parts = tuple[np.ndarray, np.ndarray]
"""Numbers of new and of old transitions."""


def pretrain(
    model: Architecture,
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
        progress: Called after every step.
        checkpoint: Where to write the state of training; resumes if the file exists.

    Returns:
        The loss of every step.

    Raises:
        TrainingError: The checkpoint is of another training.
        DivergedError: The loss is not finite.
    """
    limit_threads()
    saving = None
    if checkpoint:
        saving = Checkpoint(checkpoint, _origin(model, data, config, seed), config.checkpoint_every)
    stage, _ = stage_of(saving) if saving else ("", 0)
    known = Transitions(data)
    encoding = model.encoding(known)
    losses: list[float] = []
    if stage != "frozen":
        count = max(1, int(len(data) * config.joint_share))
        step = _step(model, known, encoding, count, config.joint, config)
        model.train()
        trained = parameters_outside(model, ())
        losses += run_stage("joint", model, trained, step, config.joint, (seed, 1), progress, saving)
    elif checkpoint:
        restored_weights(model, checkpoint)
    if config.frozen.steps:
        encoding.freeze(progress)
        step = _step(model, known, encoding, len(known), config.frozen, config)
        model.train()
        trained = parameters_outside(model, ("encoder",))
        losses += run_stage("frozen", model, trained, step, config.frozen, (seed, 2), progress, saving)
    model.eval().requires_grad_(True)
    return losses


def _origin(model: Architecture, data: TransitionBatch, config: PretrainConfig, seed: int) -> str:
    """Return the digest of all that decides what a training ends with."""
    made_of = {"architecture": architecture_of(model), "config": asdict(model.config)}
    facts = {"seed": seed, "training": asdict(config), "model": made_of, "data": data.sha256}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode() + weights_bytes(model)).hexdigest()


def finetune(
    model: Architecture,
    new: TransitionBatch,
    replay: TransitionBatch | None,
    config: FinetuneConfig,
    seed: int,
    progress: Progress | None = None,
    always: Sequence[int] = (),
) -> tuple[Architecture, tuple[float, ...]]:
    """Return a copy of `model` that has learned from `new` transitions, minibatches filled up with `replay`.

    What only skills use that `new` does not show stays as it is: learned from a few old transitions again and again,
    it drifted as far as what was to learn, and what a drawer taught spoiled placements in it (ours).

    Args:
        model: In eval mode; it stays as it is.
        new: What shall be learned.
        replay: Old transitions, so that they are not forgotten.
        config: The recipe.
        seed: Of order, identities, shifts, and of what is held out.
        progress: Called after every step.
        always: Which of `new` are never held out: the failed step itself, without which the gate refused five of eight.
            Its skill is the one that says when enough is learned (ours: others go on getting better, and nobody waits).

    Raises:
        TrainingError: Replay is asked for and none is given.
        DivergedError: The loss is not finite.
    """
    limit_threads()
    if config.replayed and (replay is None or not len(replay)):
        raise TrainingError("this recipe replays old transitions and was given none; pass some or set replayed to 0")
    tuned = copy.deepcopy(model)
    looks = [new, mirrored(new)] if config.mirrored else [new]
    data = Transitions(concatenate([*looks, replay] if config.replayed and replay is not None else looks))
    encoding = tuned.encoding(data)
    if "encoder" in config.freeze:
        encoding.freeze(progress)
    if set(config.freeze) >= {"encoder", "embedding", "decoders"}:  # then no step can change what is detected
        config = replace(config, losses=replace(config.losses, detection=0.0))
    learned, looked_at = _parts(len(new), len(data), config, always, np.random.default_rng((seed, 4)))
    most = new.skill[always[0]] if len(always) else np.bincount(new.skill).argmax()
    draw = _minibatches(new.skill, int(most), learned, config, np.asarray(always, np.int64))
    failed = looked_at[new.skill[looked_at] == most] if most in new.skill[looked_at] else looked_at

    def step(rng: np.random.Generator) -> dict[str, Tensor]:
        return _loss_terms(tuned, data, encoding, draw(rng), rng, config)

    def look() -> float:
        with torch.no_grad():
            terms = _loss_terms(tuned, data, encoding, failed, np.random.default_rng((seed, 5)), config)
        return float(terms["position"])

    tuned.train()
    plateau = Plateau(config.plateau, config.stage, look) if config.plateau else None
    trained = parameters_outside(tuned, config.freeze, set(new.skills))
    losses = run_stage("finetune", tuned, trained, step, config.stage, (seed, 3), progress, plateau=plateau)
    return tuned.eval().requires_grad_(True), tuple(losses)


def _minibatches(
    skill: np.ndarray, most: int, learned: Parts, config: FinetuneConfig, always: np.ndarray
) -> Callable[[np.random.Generator], np.ndarray]:
    """Return what draws the rows of a minibatch: of the skill that failed, of each other that teaches, and old ones.

    The more are new, the more are old: with ten pushes beside fifty grasps old ones were forgotten (F1 .978 -> .953).

    Args:
        skill: Of each new transition; mirrored ones, if there are, follow in the same order.
        most: The skill that failed.
        learned: New rows, and old ones.
        config: How many.
        always: New rows that are in each.
    """
    fresh, old = learned
    batch, of = config.stage.batch or len(fresh), skill[fresh % len(skill)]
    parts = [(fresh[of == one], batch if one == most else round(OTHERS * batch)) for one in np.unique(of)]
    repeated = round(config.replayed * sum(size for _, size in parts) / batch)

    def draw(rng: np.random.Generator) -> np.ndarray:
        new = [rng.choice(part, min(size, len(part)), replace=False) for part, size in parts]
        replayed = rng.choice(old, min(repeated, len(old)), replace=False)
        return np.concatenate([np.union1d(np.concatenate(new), always), replayed])

    return draw


def _parts(
    new: int, count: int, config: FinetuneConfig, always: Sequence[int], rng: np.random.Generator
) -> tuple[Parts, np.ndarray]:
    """Transitions to learn from, new and old, and new ones that are looked at.

    Among `count` the new ones come first, then the same mirrored, if they are: what is held out is learned neither way.
    """
    first = 2 * new if config.mirrored else new
    fresh, old = rng.permutation(new), first + rng.permutation(count - first)
    fresh = np.concatenate([fresh[~np.isin(fresh, always)], np.asarray(always, np.int64)])
    held = min(int(config.held_out * new), new - len(always)) if config.plateau else 0
    held = held if held >= LEAST_HELD else 0
    learned = fresh[held:]
    if config.mirrored:
        learned = np.concatenate([learned, learned + new])
    return (learned, old), fresh[: held or new]


def _step(
    model: Architecture, data: Transitions, encoding: Encoding, count: int, stage: StageConfig, config: PretrainConfig
) -> StepLoss:
    """Return minibatches of the first `count` transitions."""
    size = min(stage.batch // stage.shards, count)

    def step(rng: np.random.Generator) -> dict[str, Tensor]:
        return _loss_terms(model, data, encoding, rng.choice(count, size, replace=False), rng, config)

    return step


def _loss_terms(
    model: Architecture,
    data: Transitions,
    encoding: Encoding,
    chosen: np.ndarray,
    rng: np.random.Generator,
    config: PretrainConfig | FinetuneConfig,
) -> dict[str, Tensor]:
    """Return the losses of the transitions `chosen`, each predicted by its own skill's network."""
    total: dict[str, Tensor] = {}
    for part in data.by_skill(chosen):
        rows = data.rows(part, rng, model.max_segments, config.jitter)
        before, after = encoding.latents(rows)
        acted = rows.skill, rows.object_index
        predicted = model.advance(before, *acted, rows.parameters)
        for name, term in transition_losses(model, before, after, predicted, acted, rows.labels, config.losses).items():
            share = term * (len(part) / len(chosen))
            total[name] = total[name] + share if name in total else share
    return total
