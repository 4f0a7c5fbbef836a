"""Features of clouds are remembered for the encoder and the clouds that they are of, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from f2p.model import encoded
from f2p.model.architectures.protocol import Architecture
from f2p.model.batch import TransitionBatch
from f2p.model.factory import create
from f2p.model.remembered import FeatureMemory
from f2p.model.transitions import Transitions


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> FeatureMemory:
    """A memory that other tests do not know."""
    own = FeatureMemory()
    monkeypatch.setattr(encoded, "MEMORY", own)
    return own


def frozen_latent(model: Architecture, batch: TransitionBatch) -> tuple[torch.Tensor, int]:
    """Features of the first rows under the frozen encoder, and how many clouds were encoded for them."""
    data, told = Transitions(batch), []
    encoding = model.encoding(data)
    encoding.freeze(lambda stage, done, text: told.append(text))
    before, after = encoding.latents(data.in_order(np.arange(len(batch))))
    return torch.cat([before.features, after.features]), int(told[-1].split()[-2]) if told else 0


def test_a_replay_set_is_encoded_once(memory: FeatureMemory, batch: TransitionBatch) -> None:
    """Two seconds of every round went into it."""
    model = create(seed=0)
    first, encoded_first = frozen_latent(model, batch)
    again, encoded_again = frozen_latent(model, batch)
    assert encoded_first > 0 and encoded_again == 0
    torch.testing.assert_close(again, first)


def test_another_encoder_is_asked_itself(memory: FeatureMemory, batch: TransitionBatch) -> None:
    """Remembered features of an old encoder would be learned from without a word."""
    frozen_latent(create(seed=0), batch)
    other, count = frozen_latent(create(seed=1), batch)
    assert count > 0
    fresh, _ = frozen_latent(create(seed=1), batch.take([0, 1]))
    torch.testing.assert_close(other[:2, : fresh.shape[1]], fresh[:2])


def test_the_longest_unused_is_forgotten() -> None:
    memory = FeatureMemory(most=2)
    for name in (b"a", b"b"):
        memory.keep(name, torch.zeros(1))
    memory.found([b"a"])
    memory.keep(b"c", torch.zeros(1))
    assert [one is None for one in memory.found([b"a", b"b", b"c"])] == [False, True, False]


def test_what_a_file_holds_is_not_encoded_again(memory: FeatureMemory, batch: TransitionBatch, tmp_path: Path) -> None:
    """A robot that is restarted spent three seconds of its next round on what it knew."""
    path, model = tmp_path / "features.safetensors", create(seed=0)
    with memory.lasting(path):
        first, encoded_first = frozen_latent(model, batch)
    memory.forget()
    with memory.lasting(path):
        again, encoded_again = frozen_latent(model, batch)
    assert encoded_first > 0 and encoded_again == 0 and torch.equal(again, first)


@pytest.mark.parametrize(
    "content", [b"", b"\x10" * 300, save({"no digest": torch.zeros(2, 3, 4)}), save({"ab": torch.zeros(1)})]
)
def test_a_damaged_file_costs_time_alone(
    memory: FeatureMemory, batch: TransitionBatch, tmp_path: Path, content: bytes
) -> None:
    path, model = tmp_path / "features.safetensors", create(seed=0)
    path.write_bytes(content)
    with memory.lasting(path):
        _, count = frozen_latent(model, batch)
    memory.forget()
    with memory.lasting(path):
        _, again = frozen_latent(model, batch)
    assert count > 0 and again == 0
