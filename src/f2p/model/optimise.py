"""One loop for all training: seeded step by step, so that it can stop and go on with the same result."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from f2p.files import write_whole
from f2p.model.errors import DivergedError, TrainingError
from f2p.model.recipe import PlateauConfig, StageConfig
from f2p.model.threads import no_denormals

Progress = Callable[[str, float, str], None]

StepLoss = Callable[[np.random.Generator], dict[str, Tensor]]
"""Draws a minibatch (one shard of it) and returns the terms of its loss."""


class Plateau:
    """The rate of a stage that ends when what is new is predicted well: constant, then a cosine to zero.

    Well is a small share of how badly it was predicted before, or as well as it gets.
    """

    def __init__(self, config: PlateauConfig, stage: StageConfig, loss: Callable[[], float]) -> None:
        """Take the loss of what is new from a function; it is asked at once for how it was before."""
        self._config, self._stage, self._loss = config, stage, loss
        self._enough, self._best, self._waited, self.last = config.learned * loss(), math.inf, 0, stage.steps

    def rate_at(self, step: int) -> float:
        """Learning rate of one step."""
        tail = min(self._config.tail, self._stage.steps)
        fallen = max(0.0, 1.0 - (self.last - step) / tail)
        return self._stage.rate * 0.5 * (1 + math.cos(math.pi * fallen))

    def look(self, done: int) -> None:
        """Look at the validation part after `done` steps, if it is time, and perhaps bring the end nearer."""
        config = self._config
        if done < config.least or done % config.every or done + config.tail >= self.last:
            return
        new = self._loss()
        gained = new < (1.0 - config.gain) * self._best
        self._best, self._waited = (new, 0) if gained else (self._best, self._waited + 1)
        if new <= self._enough or self._waited >= config.patience:
            self.last = done + config.tail


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often a stage is written down."""

    path: Path
    origin: str
    """Digest of all that the training rests on: only a checkpoint of the same one is gone on from."""
    every: int = 500


def run_stage(
    name: str,
    model: nn.Module,
    parameters: list[nn.Parameter],
    loss: StepLoss,
    config: StageConfig,
    seed: tuple[int, ...],
    progress: Progress | None = None,
    checkpoint: Checkpoint | None = None,
    plateau: Plateau | None = None,
) -> list[float]:
    """Minimise `loss` over `parameters` with Adam.

    Every step draws from a generator of (seed, step): a stage that goes on from its checkpoint ends with the same
    weights as one that was never stopped.

    Returns:
        The loss of every step that ran now.

    Raises:
        DivergedError: The loss is not finite.
        TrainingError: The checkpoint does not fit.
    """
    optimiser = torch.optim.Adam(parameters, lr=config.rate, fused=True)
    first = _restored(name, model, optimiser, checkpoint) if checkpoint else 0
    history: list[float] = []
    with (
        no_denormals(),
        ThreadPoolExecutor(config.shards, initializer=torch.set_flush_denormal, initargs=(True,)) as pool,
    ):
        for step in range(first, config.steps):
            if plateau is not None and step >= plateau.last:
                break
            for group in optimiser.param_groups:
                group["lr"] = config.rate_at(step) if plateau is None else plateau.rate_at(step)
            history.append(_step(loss, optimiser, parameters, config, (*seed, step), pool))
            if not math.isfinite(history[-1]):
                raise DivergedError(name, history[-1], step)
            if plateau is not None:
                plateau.look(step + 1)
            if progress is not None:
                last = config.steps if plateau is None else plateau.last
                progress(name, (step + 1) / last, f"step {step + 1} of {last}, loss {history[-1]:.3f}")
            if checkpoint and ((step + 1) % checkpoint.every == 0 or step + 1 == config.steps):
                _written(name, step + 1, model, optimiser, checkpoint)
    return history


def _step(
    loss: StepLoss,
    optimiser: torch.optim.Optimizer,
    parameters: list[nn.Parameter],
    config: StageConfig,
    seed: tuple[int, ...],
    pool: ThreadPoolExecutor,
) -> float:
    """Take one step of Adam on the mean of the shards' losses; dropout draws from the step's own seed."""

    def shard(index: int) -> tuple[float, tuple[Tensor | None, ...]]:
        total = torch.stack(list(loss(np.random.default_rng((*seed, index))).values())).sum()
        return float(total.detach()), torch.autograd.grad(total, parameters, allow_unused=True)

    with torch.random.fork_rng(devices=[]):
        # not torch.manual_seed, which writes down a stack trace for devices that are not there: 1 ms
        torch.default_generator.manual_seed(int(np.random.default_rng(seed).integers(2**31)))
        results = list(pool.map(shard, range(config.shards))) if config.shards > 1 else [shard(0)]
    for index, parameter in enumerate(parameters):
        parts = [part for _, grads in results if (part := grads[index]) is not None]
        parameter.grad = _mean(parts, config.shards) if parts else None
    _clipped(parameters, config.clip)
    optimiser.step()
    return sum(value for value, _ in results) / config.shards


def _clipped(parameters: list[nn.Parameter], most: float) -> None:
    """Scale gradients down to a norm of `most`, as `clip_grad_norm_` does, which also multiplies all others by one."""
    norm = nn.utils.get_total_norm([parameter.grad for parameter in parameters if parameter.grad is not None])
    if not norm <= most:
        nn.utils.clip_grads_with_norm_(parameters, most, norm)


def _mean(parts: list[Tensor], count: int) -> Tensor:
    """Return the sum of the shards' gradients over their number, in a fixed order."""
    return parts[0] if count == 1 else torch.stack(parts).sum(0) / count


def _written(name: str, step: int, model: nn.Module, optimiser: torch.optim.Optimizer, checkpoint: Checkpoint) -> None:
    """Write weights and the state of Adam, by rename. Raises OSError where the disk is full."""
    tensors = {f"model/{key}": value.contiguous() for key, value in model.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"adam/{index}/{key}": value.contiguous() for key, value in state.items()}
    progress = {"stage": name, "step": step, "origin": checkpoint.origin}
    write_whole(checkpoint.path, save(tensors, metadata={"progress": json.dumps(progress)}))


def stage_of(checkpoint: Checkpoint) -> tuple[str, int]:
    """Return the stage and step that were written down; ("", 0) where nothing was.

    Raises:
        TrainingError: It is a foreign file, or of a training that rests on something else.
    """
    path = checkpoint.path
    if not path.exists():
        return "", 0
    try:
        with safe_open(path, framework="pt") as file:
            progress = json.loads(file.metadata()["progress"])
        stage, step, origin = str(progress["stage"]), int(progress["step"]), progress.get("origin")
    except Exception as error:
        raise TrainingError(f"{path} is no checkpoint to resume from: {error}; remove it to start anew") from error
    if origin != checkpoint.origin:
        raise TrainingError(
            f"{path} is of a training with another seed, recipe, data or start weights; go on with those it was begun "
            f"with, or remove it to start anew"
        )
    return stage, step


def restored_weights(model: nn.Module, path: Path) -> None:
    """Load the weights of a checkpoint. Raises TrainingError when they are of another model."""
    with safe_open(path, framework="pt") as file:
        names = [name for name in file.keys() if name.startswith("model/")]  # noqa: SIM118 - not a dict
        weights = {name.removeprefix("model/"): file.get_tensor(name) for name in names}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError(f"{path} was written by another model; remove it to start anew") from error


def _restored(name: str, model: nn.Module, optimiser: torch.optim.Optimizer, checkpoint: Checkpoint) -> int:
    """Load a checkpoint of this stage, if there is one, and return the step to go on with."""
    stage, step = stage_of(checkpoint)
    if stage != name:
        return 0
    restored_weights(model, checkpoint.path)
    state: dict[int, dict[str, Tensor]] = {}
    with safe_open(checkpoint.path, framework="pt") as file:
        for key in file.keys():  # noqa: SIM118 - not a dict
            if key.startswith("adam/"):
                _, index, entry = key.split("/")
                state.setdefault(int(index), {})[entry] = file.get_tensor(key)
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return step
