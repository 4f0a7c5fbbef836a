"""A step takes what plain Adam takes, in less time: same draws, same clipping, same weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from f2p.model.architectures.protocol import architectures, parameters_outside
from f2p.model.batch import TransitionBatch
from f2p.model.factory import create
from f2p.model.losses import transition_losses
from f2p.model.optimise import run_stage
from f2p.model.recipe import LossConfig, StageConfig
from f2p.model.rowwise import perceptron
from f2p.model.threads import no_denormals
from f2p.model.transitions import Transitions

TINY = 1e-30


def flushes() -> bool:
    """Tell whether a product of this thread that is too small is zero."""
    return float(torch.tensor(TINY) * torch.tensor(1e-10)) == 0.0


def loss_of(model: nn.Module, rng: np.random.Generator) -> Tensor:
    """Draw a minibatch, and a dropout from torch's own generator."""
    inputs = torch.from_numpy(rng.standard_normal((8, 4)).astype(np.float32))
    return functional.dropout(model(inputs), 0.5).square().sum()


@pytest.mark.parametrize("clip", [1e-2, 1e9])
def test_steps_are_those_of_plain_adam(clip: float) -> None:
    torch.manual_seed(0)
    model, plain = perceptron(4, 16, 3), perceptron(4, 16, 3)
    plain.load_state_dict(model.state_dict())
    stage = StageConfig(steps=6, rate=1e-2, clip=clip, warmup=2)
    drawn = torch.get_rng_state()
    losses = run_stage("toy", model, [*model.parameters()], lambda rng: {"x": loss_of(model, rng)}, stage, (7,))
    assert torch.equal(torch.get_rng_state(), drawn), "what others draw must not follow from a training"
    adam = torch.optim.Adam(plain.parameters())
    for step in range(6):
        adam.param_groups[0]["lr"] = stage.rate_at(step)
        torch.manual_seed(int(np.random.default_rng((7, step)).integers(2**31)))
        loss = loss_of(plain, np.random.default_rng((7, step, 0)))
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(plain.parameters(), clip)
        adam.step()
        assert losses[step] == pytest.approx(float(loss.detach()), rel=1e-5)
    for one, other in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


@pytest.fixture
def flushing() -> Iterator[None]:
    """A processor that can take tiny numbers as zero; as it was afterwards."""
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor keeps tiny numbers")
    torch.set_flush_denormal(False)
    yield
    torch.set_flush_denormal(False)


@pytest.mark.usefixtures("flushing")
def test_tiny_numbers_are_zero_within_and_come_back_whatever_happens() -> None:
    with pytest.raises(KeyError), no_denormals():
        assert flushes()
        raise KeyError
    assert not flushes()


@pytest.mark.usefixtures("flushing")
@pytest.mark.parametrize("shards", [1, 3])
def test_every_shard_of_a_step_takes_tiny_numbers_as_zero(shards: int) -> None:
    """Attention that is sure leaves them in gradients: products took four times as long."""
    model, seen = perceptron(4, 3), list[bool]()

    def loss(rng: np.random.Generator) -> dict[str, Tensor]:
        seen.append(flushes())
        return {"x": loss_of(model, rng)}

    run_stage("toy", model, [*model.parameters()], loss, StageConfig(steps=2, shards=shards), (0,))
    assert len(seen) == 2 * shards and all(seen) and not flushes()


@pytest.mark.parametrize("name", sorted(architectures))
def test_no_step_copies_gradients_for_what_is_done_in_place(batch: TransitionBatch, name: str) -> None:
    """ReLU on the view that a linear layer returns was one part in twenty of a step of fine-tuning."""
    model, data = create(architecture=name, seed=0), Transitions(batch)
    encoding = model.encoding(data)
    encoding.freeze()
    parameters_outside(model, ("encoder", "embedding", "decoders"))
    rows = data.rows(data.by_skill(np.arange(len(data)))[0], np.random.default_rng(0), model.max_segments, 0.1)
    before, after = encoding.latents(rows)
    acted = rows.skill, rows.object_index
    predicted = model.advance(before, *acted, rows.parameters)
    terms = transition_losses(model, before, after, predicted, acted, rows.labels, LossConfig())
    waiting, known = [torch.stack([*terms.values()]).sum().grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in known:
            known.add(node)
            waiting += [following for following, _ in node.next_functions]
    assert len(known) > 50
    assert not [node for node in known if node.name() == "torch::autograd::CopySlices"]
