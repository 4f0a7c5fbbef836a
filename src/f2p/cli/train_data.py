"""Pre-training data on disk: shards that are made once, each reproducible from code, seed and index."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

import numpy as np

from f2p.model.batch import TransitionBatch, concatenate, pack
from f2p.sim.data.pretraining import DEFAULT, SHARD, PretrainingConfig, generate_shard
from f2p.sources import imports_digest

Progress = Callable[[str, float, str], None]

_PACKING = 7
"""Keeps the random choice of points apart from the random choice of scenes."""


def shard_path(folder: Path, seed: int, index: int, count: int) -> Path:
    """Return where shard `index` with `count` transitions lies."""
    return folder / f"pretrain-s{seed}-{index:04d}-{count}.safetensors"


def generator_digest(config: PretrainingConfig = DEFAULT) -> str:
    """Digest of what generates, labels and packs: this file, all of f2p that it imports, and the configuration."""
    told = json.dumps(asdict(config), sort_keys=True)
    return hashlib.sha256(f"{imports_digest(__name__)} {told}".encode()).hexdigest()


def make_shard(
    folder: Path, seed: int, index: int, count: int, generator: str, config: PretrainingConfig = DEFAULT
) -> Path:
    """Simulate and write one shard, unless it is there and was made by the same `generator`."""
    path = shard_path(folder, seed, index, count)
    if _generator_of(path) != generator:
        transitions = generate_shard(index, count, seed, config)
        batch = pack(transitions, np.random.default_rng((seed, index, _PACKING)))
        notes: dict[str, object] = {"seed": seed, "shard": index, "generator": generator, "config": asdict(config)}
        batch.save(path, notes)
    return path


def _generator_of(path: Path) -> str:
    """Return what made a shard; empty where there is none, or nobody can tell."""
    try:
        return str(json.loads(path.with_suffix(".json").read_bytes())["notes"]["generator"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return ""


def pretraining_data(
    folder: Path, executions: int, seed: int, workers: int, progress: Progress, config: PretrainingConfig = DEFAULT
) -> tuple[TransitionBatch, str]:  # fmt: skip
    """Make what is missing of `executions` transitions in `folder`, or was made by other code, and read them all.

    Returns:
        The transitions, in an order that does not depend on `workers`, and the digest of all shards read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    generator = generator_digest(config)
    counts = {index: min(SHARD, executions - index * SHARD) for index in range(-(-executions // SHARD))}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = {pool.submit(make_shard, folder, seed, i, n, generator, config): n for i, n in counts.items()}
        done = 0
        for job in as_completed(jobs):
            job.result()
            done += jobs[job]
            progress("simulate", done / executions, f"{done} of {executions} executions")
    shards = [TransitionBatch.load(shard_path(folder, seed, i, n)) for i, n in counts.items()]
    digest = hashlib.sha256("".join(shard.sha256 for shard in shards).encode()).hexdigest()
    return concatenate(shards), digest
