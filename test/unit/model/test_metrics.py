"""The figures themselves, on predictions one can count by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from f2p.model.batch import TransitionBatch
from f2p.model.factory import create
from f2p.model.latent import ObjectLatent
from f2p.model.metrics import evaluate, f1, fallen, position_errors, predictions


def test_f1_by_hand() -> None:
    predicted = np.array([True, True, False, False])
    truth = np.array([True, False, True, False])
    assert f1(predicted, truth) == pytest.approx(0.5)
    assert f1(truth, truth) == 1.0 and f1(~truth, truth) == 0.0
    assert f1(np.zeros(3, bool), np.zeros(3, bool)) == 1.0


def test_position_errors_are_told_apart(batch: TransitionBatch) -> None:
    exact = position_errors(batch.displacements, batch)
    assert (
        exact["grasped"] == exact["grasped_median"] == exact["grasped_placed"] == 0
        and exact["static"] == 0
        and "carried" not in exact
    )
    still = position_errors(np.zeros_like(batch.displacements), batch)
    lengths = np.linalg.norm(batch.displacements, axis=-1)
    assert still["grasped"] == pytest.approx(lengths[np.arange(len(batch)), batch.object_index].mean())
    assert still["static"] == 0


@pytest.mark.parametrize("profile", ["default", "literal"])
def test_an_untrained_model_is_measured_beside_persistence(batch: TransitionBatch, profile: str) -> None:
    metrics = evaluate(create(profile), batch)
    changed = (batch.binary_before != batch.binary_after) & batch.mask[:, :, None, None]
    assert metrics.changed_relations == int(changed.sum()) > 0
    assert metrics.persistence.changed_accuracy == 0.0
    assert 0 <= metrics.changed_accuracy <= 1 and metrics.transitions == len(batch)
    persistent = metrics.persistence.accuracy_next
    present = (batch.mask[:, :, None] & batch.mask[:, None, :]).sum() - batch.mask.sum()
    assert persistent == pytest.approx(1 - metrics.changed_relations / (9 * present))


@pytest.mark.parametrize("profile", ["default", "literal"])
def test_what_is_next_is_not_what_is_now(batch: TransitionBatch, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the model moves objects, the figures of what is next are those of the moved clouds, seen anew."""
    model, true = create(profile, seed=2), torch.from_numpy(batch.displacements)

    def advance(latent: ObjectLatent, *_: object) -> tuple[ObjectLatent, torch.Tensor]:
        return latent, true[:, : latent.mask.shape[1]]

    monkeypatch.setattr(model, "advance", advance)
    found = predictions(model, batch)
    seen = model.observe(torch.from_numpy(batch.points_before) + true.unsqueeze(-2), torch.from_numpy(batch.mask))
    anew, pairs = model.relations(seen).binary.detach().numpy(), found.pairs
    sure = np.abs(anew[pairs]) > 1e-4
    assert np.array_equal(found.binary_next[pairs][sure], (anew > 0)[pairs][sure])
    assert not np.array_equal(found.binary_next[pairs], found.binary_now[pairs])


def test_what_falls_is_told_apart(batch: TransitionBatch) -> None:
    displacements = batch.displacements.copy()
    displacements[0, batch.object_index[0], 2] -= 0.4
    changed = dataclasses.replace(batch, displacements=displacements)
    assert fallen(changed).tolist() == [True] + [False] * (len(batch) - 1) and not fallen(batch).any()
    errors = position_errors(batch.displacements, changed)
    assert errors["grasped_fallen"] == pytest.approx(0.4, rel=1e-4)
    assert errors["grasped_placed"] == errors["grasped_median"] == 0
