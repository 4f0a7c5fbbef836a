"""Features of clouds are remembered for the encoder and the clouds that they are of, and for nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

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
