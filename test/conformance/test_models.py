"""Every architecture in every profile keeps the contract of `SkillEffectModel`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from f2p.action.protocol import width_of
from f2p.model.architectures.protocol import GROUPS, Architecture, architecture_of, architectures
from f2p.model.batch import MAX_SEGMENTS
from f2p.model.batch import TransitionBatch as Batch
from f2p.model.factory import SHIPPED, create, load_weights, save_weights, weights_bytes
from f2p.model.metrics import evaluate
from f2p.model.predictor import TorchPredictor
from f2p.model.recipe import FinetuneConfig, PretrainConfig, StageConfig
from f2p.model.train import finetune, pretrain
from f2p.model.transitions import Transitions
from f2p.monitor.compare import compare
from f2p.posterior.config import PosteriorConfig, SvgdConfig
from f2p.posterior.infer import infer
from f2p.sim.protocol import make_simulator
from f2p.sim.world import reconstruct
from f2p.types import Cause, Execution, Failure, Goal, Outcome, SkillCall
from f2p.weights.golden import golden_answers, golden_gap, golden_scene
from f2p.weights.manifest import Manifest
from f2p.weights.modules import expected_tensors, manifest_for
from f2p.weights.service import WeightsService
from f2p.weights.store import WeightsStore

SHORT = PretrainConfig(joint=StageConfig(steps=1, batch=4, warmup=0), frozen=StageConfig(steps=2, batch=4, warmup=0))

CASES = [
    (architecture, profile) for architecture in architectures for profile in architectures.get(architecture).profiles
]


@pytest.fixture(params=CASES, ids="-".join)
def model(request: pytest.FixtureRequest) -> Architecture:
    """One architecture in one profile."""
    architecture, profile = request.param
    return create(profile, architecture, seed=2)


@pytest.fixture(scope="module")
def replay() -> Batch:
    """A few transitions of the data that models are trained on."""
    return Batch.load(SHIPPED / "replay.safetensors").take(slice(0, 6))


def given_something_to_say(model: Architecture) -> None:
    """Fill what starts at zero and is something else once it is trained."""
    generator = torch.Generator().manual_seed(0)
    for value in model.parameters():
        if not value.any():
            value.data = 0.05 * torch.randn(value.shape, generator=generator)


@pytest.fixture
def points() -> torch.Tensor:
    """One scene of five clouds."""
    rng = np.random.default_rng(0)
    return torch.from_numpy((rng.normal(size=(1, 5, 128, 3)) * 0.03 + rng.normal(size=(1, 5, 1, 3))).astype(np.float32))


def test_shapes(model: Architecture, points: torch.Tensor) -> None:
    latent = model.observe(points, torch.ones(1, 5, dtype=torch.bool))
    index, parameters = torch.zeros(6, dtype=torch.long), torch.zeros(6, 4)
    after, displacements = model.advance(latent, "pick_place", index, parameters)
    assert displacements.shape == (6, 5, 3) and after.difference(after.detached()).shape == (6, 5)
    still = model.moved(latent, torch.zeros(6, 5, 3))
    assert torch.allclose(still.difference(latent.expanded(6)), torch.zeros(6, 5), atol=1e-6)
    logits = model.relations(still)
    assert logits.unary.shape == (6, 5, 3) and logits.binary.shape == (6, 5, 5, 9)
    pairs = model.pair_logits(still, torch.tensor([1, 3]), torch.tensor([0, 2]))
    assert torch.allclose(pairs, torch.stack([logits.binary[:, 1, 0], logits.binary[:, 3, 2]], 1), atol=1e-5)
    assert model.max_segments >= MAX_SEGMENTS


def test_answers_repeat_in_eval_mode(model: Architecture, points: torch.Tensor) -> None:
    answers = []
    for _ in range(2):
        latent = model.observe(points, torch.ones(1, 5, dtype=torch.bool))
        after, _ = model.advance(latent, "pick_place", torch.tensor([1]), torch.full((1, 4), 0.3))
        answers.append(model.relations(after).binary)
    assert torch.equal(*answers)


def test_parameters_and_translations_have_gradients(model: Architecture, points: torch.Tensor) -> None:
    given_something_to_say(model)
    latent = model.observe(points, torch.ones(1, 5, dtype=torch.bool)).detached()
    translations, parameters = torch.zeros(1, 5, 3, requires_grad=True), torch.full((1, 4), 0.1, requires_grad=True)
    after, displacements = model.advance(model.moved(latent, translations), "pick_place", torch.tensor([2]), parameters)
    (model.relations(after).binary.sum() + displacements.sum()).backward()
    for value in (translations, parameters):
        assert value.grad is not None and torch.isfinite(value.grad).all() and value.grad.abs().max() > 0


def test_what_planning_takes_a_short_way_to_is_what_advance_says(model: Architecture, points: torch.Tensor) -> None:
    given_something_to_say(model)
    width, skill = width_of(model.config.skills[0]), model.config.skills[0]
    with torch.inference_mode():
        latent = model.observe(torch.cat([points, points + 0.3]), torch.ones(2, 5, dtype=torch.bool))
        parameters = 0.2 * torch.randn(2, width, generator=torch.Generator().manual_seed(3))
        index = torch.tensor([1, 0])
        expected = model.advance(latent, skill, index, parameters)[1]
        assert expected.abs().max() > 1e-3
        assert torch.allclose(model.displacements(latent, skill, index, parameters), expected, atol=1e-6)
        first, second = (latent.gathered((), torch.tensor([row])) for row in (0, 1))
        swapped = first.gathered([second], torch.tensor([1, 0]))
        back = model.advance(swapped, skill, index.flip(0), parameters.flip(0))[1].flip(0)
        assert torch.allclose(back, expected, atol=1e-6)


def test_identities_may_be_any_of_the_known_ones(model: Architecture, points: torch.Tensor) -> None:
    mask = torch.ones(1, 5, dtype=torch.bool)
    ids = torch.tensor([[model.max_segments - 1, 3, 8, 0, 11]])
    assert torch.isfinite(model.relations(model.observe(points, mask, ids)).binary).all()


def test_absent_segments_influence_nothing(model: Architecture, points: torch.Tensor) -> None:
    given_something_to_say(model)
    mask = torch.tensor([[True, True, True, True, False]])
    other = points.clone()
    other[:, 4] += 5.0
    answers = []
    with torch.no_grad():
        for clouds in (points, other):
            latent = model.observe(clouds, mask)
            after, displacements = model.advance(latent, "pick_place", torch.tensor([1]), torch.full((1, 4), 0.3))
            answers.append((model.relations(after).binary[:, :4, :4], displacements[:, :4]))
    for one, two in zip(*answers, strict=True):
        assert torch.allclose(one, two, atol=1e-5)


def test_every_parameter_is_in_one_group_that_recipes_know(model: Architecture) -> None:
    assert set(model.groups) == set(GROUPS)
    for name, _ in model.named_parameters():
        groups = [group for group, prefixes in model.groups.items() if name.startswith(prefixes)]
        assert len(groups) == 1, (name, groups)


def test_it_learns_and_comes_back_from_its_file_the_same(model: Architecture, replay: Batch, tmp_path: Path) -> None:
    losses = pretrain(model, replay, SHORT, 0)
    assert len(losses) == 3 and np.isfinite(losses).all() and not model.training
    path = tmp_path / "w.safetensors"
    manifest = save_weights(model, path, {})
    loaded, read = load_weights(path)
    assert read["architecture"] == architecture_of(model) == manifest["architecture"] and loaded.config == model.config
    golden = golden_answers(TorchPredictor(model, "w"))
    assert golden_answers(TorchPredictor(loaded, "w")) == golden and np.isfinite(golden).all()
    assert evaluate(loaded, replay).as_dict() == evaluate(model, replay).as_dict()


def test_what_is_remembered_once_the_encoder_is_frozen_is_what_is_seen(model: Architecture, replay: Batch) -> None:
    data = Transitions(replay)
    encoding, rows = model.encoding(data), data.in_order(np.array([0, 3]))
    width = rows.labels.mask.shape[1]
    with torch.no_grad():
        fresh = encoding.latents(rows)
        encoding.freeze()
        for side, remembered in enumerate(encoding.latents(rows)):
            seen = model.observe(data.clouds[side, rows.index, :width], rows.labels.mask)
            there = rows.labels.mask & (data.moved[rows.index, :width] if side else True)
            for other in (fresh[side], seen):
                assert remembered.difference(other)[there].max() < 1e-6


def test_it_is_swapped_in_a_store_and_fine_tuned_with_what_is_frozen_kept(
    model: Architecture, replay: Batch, tmp_path: Path
) -> None:
    store = WeightsStore(tmp_path / "store", expected_tensors)
    store.publish(store.put(*kept(model)), parent=None)
    holder = WeightsService(store).holder
    recipe = FinetuneConfig(stage=StageConfig(steps=2, batch=2, warmup=0, rate=1e-3), replayed=2)
    tuned, _ = finetune(model, replay.take(slice(0, 3)), replay, recipe, 0)
    changed = [name for name, value in tuned.state_dict().items() if not torch.equal(value, model.state_dict()[name])]
    assert changed and all(name.startswith(model.groups["dynamics"]) for name in changed)
    parent = store.champion
    content, manifest = kept(tuned, parent=parent)
    store.publish(store.put(content, manifest), parent=parent)
    holder.swap(store.champion)
    assert holder.weights_id == store.champion != parent
    assert golden_gap(golden_answers(holder.pin()), manifest.golden) < 1e-4
    assert holder.rollback().weights_id == parent


def kept(model: Architecture, **facts: str) -> tuple[bytes, Manifest]:
    """A model as a store takes it."""
    content = weights_bytes(model)
    return content, manifest_for(model, content, "test", **facts)


@pytest.mark.parametrize("name", architectures.names)
def test_scenes_are_inferred_around_a_failure_of_any_architecture(name: str) -> None:
    model, call = create("default", name, seed=2), SkillCall("pick_place", "box", np.array([0.0, -1.25, 0.0, 0.0]))
    given_something_to_say(model)
    world = reconstruct(golden_scene())
    (one,) = make_simulator("mujoco").simulate(world.bodies, world.poses[None], (call,), seed=0).kept
    prediction = TorchPredictor(model, "w").predict(one.before, (call,))[0]
    outcome = Outcome(
        one.before, call, one.after, prediction, one.relations_before, one.relations_after, Execution(True), "w"
    )
    found = compare(outcome)
    failure = Failure("f", outcome, Goal(()), None, Cause.MODEL, found.score, 2.0, found.contradictions)
    few = SvgdConfig(iterations=2)
    particles, _ = infer(failure, model, config=PosteriorConfig(particles=4, state_search=few, action_search=few))
    assert len(particles.calls) == 4 and np.isfinite(particles.poses).all()


def test_what_a_skill_opens_is_rolled_out_in_the_shape_predicted_of_it(
    model: Architecture, points: torch.Tensor
) -> None:
    """A cloud that is only moved shows a shut drawer for ever; every other segment stays as its cloud shows it."""
    given_something_to_say(model)
    assert not model.reshapes("pick_place")
    if not model.reshapes("slide_drawer"):
        return  # what encodes clouds where they are can only move them
    with torch.inference_mode():
        latent = model.observe(points, torch.ones(1, 5, dtype=torch.bool))
        index, distances = torch.tensor([2, 2]), torch.tensor([[0.1], [0.3]])
        after, displacements = model.advance(latent, "slide_drawer", index, distances)
        moved = model.moved(latent, displacements)
        opened = model.reshaped(moved, after, index)
        others = torch.arange(5) != 2
        assert torch.allclose(opened.difference(moved)[:, others], torch.zeros(2, 4), atol=1e-9)
        assert (model.relations(opened).unary - model.relations(moved).unary)[:, 2].abs().min() > 1e-4
        assert model.shape_error(opened, after, index).max() < 1e-6 < model.shape_error(moved, after, index).min()
        again = model.moved(opened, torch.zeros(2, 5, 3))
        assert torch.allclose(again.difference(opened), torch.zeros(2, 5), atol=1e-8), "the next step goes on from it"
