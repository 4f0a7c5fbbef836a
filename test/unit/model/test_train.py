"""Training: it learns, it is seeded, it can stop and go on, fine-tuning leaves its parent alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from f2p.model import train
from f2p.model.architectures.points2plans import Points2Plans
from f2p.model.batch import TransitionBatch
from f2p.model.errors import TrainingError
from f2p.model.factory import create
from f2p.model.optimise import Plateau
from f2p.model.recipe import FinetuneConfig, LossConfig, PlateauConfig, PretrainConfig, StageConfig, literal_finetuning
from f2p.model.train import _parts, finetune, pretrain
from f2p.model.transitions import Transitions

SHORT = PretrainConfig(
    joint=StageConfig(steps=3, batch=4, shards=2, warmup=0),
    frozen=StageConfig(steps=4, batch=4, shards=2, warmup=0),
    checkpoint_every=2,
)


def weights(model: Points2Plans) -> torch.Tensor:
    """All parameters in one vector."""
    return torch.cat([value.detach().flatten() for value in model.parameters()])


def test_pretraining_is_seeded(batch: TransitionBatch) -> None:
    made = []
    for seed in (0, 0, 1):
        model = create("default", seed=0)
        losses = pretrain(model, batch, SHORT, seed)
        assert len(losses) == 7
        made.append(weights(model))
    assert torch.equal(made[0], made[1]) and not torch.equal(made[0], made[2])


class StoppedError(Exception):
    """Raised by a progress callback, as a person would."""


@pytest.mark.parametrize(("stage", "fraction"), [("joint", 1.0), ("frozen", 0.75)])
def test_a_stopped_training_goes_on_with_the_same_result(
    batch: TransitionBatch, tmp_path: Path, stage: str, fraction: float
) -> None:
    whole = create("default", seed=0)
    pretrain(whole, batch, SHORT, 3)

    def stop(name: str, done: float, _: str) -> None:
        if name == stage and done >= fraction:
            raise StoppedError

    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(StoppedError):
        pretrain(create("default", seed=0), batch, SHORT, 3, stop, path)
    with safe_open(path, framework="pt") as file:
        progress = json.loads(file.metadata()["progress"])
    assert (progress["stage"], progress["step"]) == (stage, 2)
    again = create("default", seed=0)
    pretrain(again, batch, SHORT, 3, checkpoint=path)
    assert torch.equal(weights(whole), weights(again))


def test_a_foreign_checkpoint_is_named(batch: TransitionBatch, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="no checkpoint"):
        pretrain(create("default"), batch, SHORT, 0, checkpoint=path)


def test_a_checkpoint_of_another_training_is_refused(batch: TransitionBatch, tmp_path: Path) -> None:
    """It was gone on from whatever the seed, the recipe and the data, and its result recorded as theirs."""
    path, short = tmp_path / "checkpoint.safetensors", dataclasses.replace(SHORT, frozen=StageConfig(steps=0))
    pretrain(create("default", seed=0), batch, short, 0, checkpoint=path)
    assert pretrain(create("default", seed=0), batch, short, 0, checkpoint=path) == []
    for model, data, config, seed in (
        (create("default", seed=0), batch, short, 1),
        (create("default", seed=0), batch, dataclasses.replace(short, jitter=0.0), 0),
        (create("default", seed=0), batch.take(slice(1, None)), short, 0),
        (create("default", seed=1), batch, short, 0),
        (create("literal", seed=0), batch, short, 0),
    ):
        with pytest.raises(TrainingError, match="is of a training with another seed, recipe, data or start weights"):
            pretrain(model, data, config, seed, checkpoint=path)


def test_a_loss_that_is_not_finite_stops_training(batch: TransitionBatch) -> None:
    broken = dataclasses.replace(batch, displacements=np.full_like(batch.displacements, np.nan))
    with pytest.raises(TrainingError, match="nan"):
        pretrain(create("default"), broken, SHORT, 0)


@pytest.mark.parametrize("profile", ["default", "literal"])
def test_remembered_features_are_those_of_encoding_anew(batch: TransitionBatch, profile: str) -> None:
    model, data = create(profile, seed=4), Transitions(batch)
    rows = data.in_order(np.array([0, 5, 7]))
    with torch.no_grad():
        encoding = model.encoding(data)
        fresh = encoding.latents(rows)
        encoding.freeze()
        remembered = encoding.latents(rows)
    for one, other in zip(fresh, remembered, strict=True):
        assert torch.allclose(one.features, other.features, atol=1e-5)


def test_latents_of_a_data_set_can_be_moved_like_observed_ones(batch: TransitionBatch) -> None:
    """The literal profile encodes again what is moved: every latent must bring its clouds along."""
    model, data = create("literal", seed=4), Transitions(batch)
    rows = data.rows(np.array([1, 2]), np.random.default_rng(0), 16, 0.1)
    width = rows.labels.mask.shape[1]
    clouds = [torch.from_numpy(side)[rows.index, :width] for side in (batch.points_before, batch.points_after)]
    step = torch.tensor([0.1, -0.2, 0.3]).expand(2, width, 3)
    frozen = model.encoding(data)
    frozen.freeze()
    with torch.no_grad():
        for latents, shift in (
            (model.encoding(data).latents(rows), rows.shift),
            (frozen.latents(rows), 0.0 * rows.shift),
        ):
            for latent, points in zip(latents, clouds, strict=True):
                there = model.observe(points + (shift + step).unsqueeze(-2), rows.labels.mask, rows.ids)
                moved = model.moved(latent, step)
                changed = rows.labels.mask & (data.moved[rows.index, :width] | (latent is latents[0]))
                assert torch.allclose(moved.features[changed], there.features[changed], atol=1e-4)
                assert not torch.allclose(moved.features, latent.features, atol=1e-2)


def test_shifting_a_scene_shifts_centroids_and_nothing_else(batch: TransitionBatch) -> None:
    data = Transitions(batch)
    encoding = create("default").encoding(data)
    rows = data.rows(np.array([1, 2]), np.random.default_rng(0), 16, 0.1)
    plain = dataclasses.replace(rows, shift=torch.zeros_like(rows.shift))
    with torch.no_grad():
        one, other = encoding.latents(rows)[0], encoding.latents(plain)[0]
    difference = (one.centroid - other.centroid)[one.mask]
    assert torch.allclose(difference, rows.shift.expand_as(one.centroid)[one.mask], atol=1e-6)
    assert rows.shift.abs().max() <= 0.1 and torch.equal(one.shape, other.shape)
    assert all(len(set(row.tolist())) == len(row) for row in rows.ids)


def test_finetuning_learns_in_a_copy_and_keeps_perception(batch: TransitionBatch) -> None:
    model = create("default", seed=0)
    before = weights(model)
    stage = StageConfig(steps=60, batch=4, rate=1e-3, warmup=0)
    new, replay = batch.take(slice(0, 4)), batch.take(slice(4, None))
    config = FinetuneConfig(stage=stage, replayed=4, losses=LossConfig(moved_weight=20.0, prediction=4.0))
    tuned, losses = finetune(model, new, replay, config, 0)
    assert torch.equal(before, weights(model)) and not tuned.training
    kept = model.groups["encoder"] + model.groups["embedding"] + model.groups["decoders"]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    for (name, old), (_, value) in zip(model.named_parameters(), tuned.named_parameters(), strict=True):
        assert value.requires_grad
        if name.startswith(kept):
            assert torch.equal(old, value)
    again, _ = finetune(model, new, replay, config, 0)
    assert torch.equal(weights(tuned), weights(again))


def test_networks_of_skills_that_taught_nothing_stay_as_they_are(batch: TransitionBatch) -> None:
    """They drifted on a few old transitions shown again and again: what a drawer taught spoiled placements in it."""
    old = dataclasses.replace(batch.take(slice(4, None)), skills=("push",))
    config = FinetuneConfig(stage=StageConfig(steps=3, batch=4, warmup=0), replayed=4)
    model = create("default", seed=0)
    tuned, _ = finetune(model, batch.take(slice(0, 4)), old, config, 0)
    changed = {".".join(name.split(".")[:2]) for (name, a), b in zip(
        model.named_parameters(), tuned.parameters(), strict=True) if not torch.equal(a, b)}  # fmt: skip
    assert {one for one in changed if one.startswith("dynamics.")} == {"dynamics.pick_place"}
    assert "position_decoder.layers" in changed, "which all skills share"


def test_literal_finetuning_trains_everything_on_the_new_transitions_alone(batch: TransitionBatch) -> None:
    config = literal_finetuning()
    assert (config.stage.steps, config.stage.rate, config.replayed, config.freeze) == (200, 1e-4, 0, ())
    short = dataclasses.replace(config, stage=dataclasses.replace(config.stage, steps=2))
    model = create("literal", seed=0)
    tuned, losses = finetune(model, batch.take(slice(0, 3)), None, short, 0)
    assert len(losses) == 2
    changed = {name.split(".")[0] for (name, a), b in zip(model.named_parameters(), tuned.parameters(), strict=True)
               if not torch.equal(a, b)}  # fmt: skip
    assert {"encoder", "identity", "dynamics", "binary_decoder"} <= changed


def test_replay_must_be_given_where_it_is_asked_for(batch: TransitionBatch) -> None:
    with pytest.raises(TrainingError, match="replay"):
        finetune(create("default"), batch, None, FinetuneConfig(), 0)


def test_loss_terms_can_be_turned_off(batch: TransitionBatch) -> None:
    config = dataclasses.replace(SHORT, losses=LossConfig(detection=0, latent=0, prediction=0, position=0))
    model = create("default", seed=0)
    before = weights(model)
    assert max(pretrain(model, batch, config, 0)) == 0
    assert torch.equal(before, weights(model))


def test_a_plateau_ends_the_stage_with_a_rate_of_zero() -> None:
    """Most steps of a round had changed nothing: it ends a tail after the last looks that showed no gain."""
    stage, config = StageConfig(steps=100, rate=1.0), PlateauConfig(every=5, patience=2, least=10, gain=0.1, tail=20)
    losses = iter([2.0, 1.9, 1.2, 1.15, 1.12])
    plateau = Plateau(config, stage, lambda: next(losses))
    for done in range(1, 26):
        assert plateau.rate_at(done - 1) == 1.0 and plateau.last == 100
        plateau.look(done)
    assert plateau.last == 45
    rates = [plateau.rate_at(step) for step in range(25, 46)]
    assert rates[0] == 1.0 and rates == sorted(rates, reverse=True) and rates[-1] == pytest.approx(0.0)
    plateau.look(30)  # falling already: nobody looks any more


def test_a_stage_ends_sooner_where_what_is_new_is_predicted_far_better_than_before() -> None:
    """What goes with a drawer needs three times the steps of what goes with a box: one number for both is wrong."""
    stage = StageConfig(steps=100, rate=1.0)
    config = PlateauConfig(every=5, patience=3, least=10, gain=0.1, tail=20, learned=0.5)
    for losses, last in (([1.6, 0.9], 35), ([0.9, 9.0], 30), ([2.0, 1.9, 1.95, 1.85], 45)):
        asked = iter([2.0, *losses])
        plateau = Plateau(config, stage, lambda asked=asked: next(asked))
        for done in range(1, plateau.last):
            plateau.look(done)
        assert plateau.last == last


def test_finetuning_stops_when_what_is_held_out_is_learned(batch: TransitionBatch) -> None:
    short = PlateauConfig(every=2, patience=1, least=2, gain=0.9, tail=3, learned=0.0)
    config = FinetuneConfig(stage=StageConfig(steps=40, batch=2, warmup=0), replayed=1, held_out=0.5, plateau=short)
    _, losses = finetune(create("default", seed=0), batch, batch, config, seed=0)
    assert len(losses) == 7
    _, losses = finetune(create("default", seed=0), batch, batch, dataclasses.replace(config, plateau=None), seed=0)
    assert len(losses) == 40


def test_a_skill_of_which_little_is_new_is_learned_as_well_and_nobody_waits_for_it(
    batch: TransitionBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten pushes among fifty grasps a minibatch had one or two: a search went on believing in pushes."""
    skill = (np.arange(len(batch)) >= 10).astype(np.int64)
    new = dataclasses.replace(batch, skill=skill, skills=("pick_place", "push"))
    asked: list[np.ndarray] = []
    whole = train._loss_terms

    def recorded(model: Any, data: Transitions, encoding: Any, rows: np.ndarray, *rest: Any) -> dict[str, torch.Tensor]:
        asked.append(rows)
        return whole(model, data, encoding, rows, *rest)

    monkeypatch.setattr(train, "_loss_terms", recorded)
    plateau = PlateauConfig(every=2, patience=1, least=2, gain=0.9, tail=3, learned=0.0)
    config = FinetuneConfig(
        stage=StageConfig(steps=8, batch=5, warmup=0), replayed=1, mirrored=False, held_out=0.0, plateau=plateau
    )
    finetune(create("default", seed=0), new, batch, config, seed=0, always=[0])
    looks = [rows for rows in asked if len(rows) == 10]
    drawn = [rows[rows < 12] for rows in asked if len(rows) != 10]
    assert looks and all(skill[rows].max() == 0 for rows in looks), "only the skill that failed says when it is enough"
    assert drawn and all(np.sum(skill[rows]) == 2 and len(rows) >= 5 for rows in drawn)


@pytest.mark.parametrize("new", [5, 10, 33, 99, 100, 140])
@pytest.mark.parametrize("both", [True, False])
def test_the_failed_step_is_always_learned_from(new: int, both: bool) -> None:
    """Held out by chance, nothing was learned of it: the gate refused five of eight rounds of ten transitions."""
    config, first = FinetuneConfig(mirrored=both), 2 * new if both else new
    for seed in range(20):
        rng = np.random.default_rng(seed)
        (fresh, old), looked_at = _parts(new, first + 100, config, [new - 1], rng)
        assert new - 1 in fresh and min(old) >= first
        held = np.setdiff1d(np.arange(first), fresh)
        assert len(held) == (new // 20 * (1 + both) if new >= 100 else 0)
        assert set(held % new) == set(held[held < new])  # neither it nor its mirror image
        assert set(looked_at) == (set(held[held < new]) if len(held) else set(range(new)))
        assert len(old) == 100
