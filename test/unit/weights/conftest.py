"""A store of a tiny architecture: three tensors, so that thousands of files can be tried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from f2p.weights.checks import sha256_of, tensors_of
from f2p.weights.manifest import Manifest
from f2p.weights.store import WeightsStore

Tensors = dict[str, torch.Tensor]


def tiny(seed: int) -> Tensors:
    """Weights of the tiny architecture."""
    generator = torch.Generator().manual_seed(seed)
    return {
        "layer.weight": torch.randn(24, 16, generator=generator),
        "layer.bias": torch.randn(24, generator=generator),
        "steps": torch.tensor([3], dtype=torch.int64),
    }


def expected(_: Manifest) -> dict[str, list[Any]]:
    """What the tiny architecture has."""
    return tensors_of(tiny(0))


@pytest.fixture
def make() -> Callable[..., tuple[bytes, Manifest]]:
    """Bytes and manifest of tiny weights: `make(seed, parent)` or `make(tensors)`."""

    def made(tensors: int | Tensors = 0, parent: str | None = None, **facts: Any) -> tuple[bytes, Manifest]:
        tensors = tiny(tensors) if isinstance(tensors, int) else tensors
        data = save(tensors)
        return data, Manifest(sha256_of(data), "tiny", "tiny", {}, tensors_of(tensors), parent, **facts)

    return made


@pytest.fixture
def store(tmp_path: Path) -> WeightsStore:
    """An empty store."""
    return WeightsStore(tmp_path / "store", expected)


@pytest.fixture
def filled(store: WeightsStore, make: Callable[..., tuple[bytes, Manifest]]) -> WeightsStore:
    """A store with a champion."""
    store.publish(store.put(*make(1)), parent=None)
    return store


@pytest.fixture(scope="session")
def simulated() -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """A simulator, the bodies of the golden scene, and four transitions in which the filled box is carried."""
    import numpy as np

    from f2p.sim.mujoco import MujocoSimulator
    from f2p.sim.world import reconstruct
    from f2p.types import SkillCall
    from f2p.weights.golden import golden_scene

    simulator, world = MujocoSimulator(), reconstruct(golden_scene())
    calls = [SkillCall("pick_place", "box", np.array([0.0, -1.25 + 0.02 * k, 0.0, 0.0])) for k in range(4)]
    batch = simulator.simulate(world.bodies, np.repeat(world.poses[None], 4, axis=0), calls, seed=0)
    return simulator, world.bodies, batch.kept
