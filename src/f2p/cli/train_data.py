"""Pre-training data on disk: shards that are made once, each reproducible from (seed, index), and read together."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from f2p.model.batch import TransitionBatch, concatenate, pack
from f2p.sim.pretraining import SHARD, generate_shard

Progress = Callable[[str, float, str], None]

_PACKING = 7
"""Keeps the random choice of points apart from the random choice of scenes."""


def shard_path(folder: Path, seed: int, index: int, count: int) -> Path:
    """Where shard `index` with `count` transitions lies."""
    return folder / f"pretrain-s{seed}-{index:04d}-{count}.safetensors"


def make_shard(folder: Path, seed: int, index: int, count: int) -> Path:
    """Simulate and write one shard, unless it is there and sound."""
    path = shard_path(folder, seed, index, count)
    if not path.with_suffix(".json").exists():
        transitions = generate_shard(index, count, seed)
        batch = pack(transitions, np.random.default_rng((seed, index, _PACKING)))
        batch.save(path, {"seed": seed, "shard": index, "source": "f2p.sim.pretraining"})
    return path


def pretraining_data(
    folder: Path, executions: int, seed: int, workers: int, progress: Progress
) -> tuple[TransitionBatch, str]:
    """Make what is missing of `executions` transitions in `folder` and read them all.

    Returns:
        The transitions, in an order that does not depend on `workers`, and the digest of all shards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = [min(SHARD, executions - first) for first in range(0, executions, SHARD)]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = {pool.submit(make_shard, folder, seed, i, n): n for i, n in enumerate(counts)}
        done = 0
        for job in as_completed(jobs):
            job.result()
            done += jobs[job]
            progress("simulate", done / executions, f"{done} of {executions} executions")
    shards = [TransitionBatch.load(shard_path(folder, seed, i, n)) for i, n in enumerate(counts)]
    digest = hashlib.sha256("".join(shard.sha256 for shard in shards).encode()).hexdigest()
    return concatenate(shards), digest
