"""ln H and ln p in numbers, and which relations they are taken over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from f2p.posterior.modes import PLACED
from f2p.posterior.objective import RelationSet, after_set, before_set, involved, log_entropy, log_likelihood
from f2p.scene.relations import relations_of
from f2p.types import BINARY_RELATIONS, Failure, Relations, Scene

torch.set_num_threads(1)


Maker = Callable[..., Scene]


def named(chosen: RelationSet, names: tuple[str, ...]) -> set[tuple[str, str, str]]:
    return {
        (BINARY_RELATIONS[k], names[i], names[j])
        for i, j, k in zip(chosen.subjects.tolist(), chosen.objects.tolist(), chosen.kinds.tolist(), strict=True)
    }


def test_log_entropy_is_the_entropy_where_that_can_be_computed() -> None:
    z = torch.linspace(-15.0, 15.0, 61, dtype=torch.float64)
    p = torch.sigmoid(z)
    entropy = -(p * p.log() + (1 - p) * torch.log1p(-p))
    torch.testing.assert_close(log_entropy(z).exp(), entropy, rtol=1e-6, atol=0.0)


def test_log_entropy_keeps_value_and_gradient_where_the_model_is_confidently_wrong() -> None:
    z = torch.tensor([-40.0, -18.0, 0.0, 18.0, 40.0], requires_grad=True)
    values = log_entropy(z)
    (gradient,) = torch.autograd.grad(values.sum(), z)
    assert torch.isfinite(values).all()
    assert float(values.detach()[3]) == pytest.approx(-18.0 + np.log(19.0), abs=1e-3)
    assert gradient[0] > 0.9 and gradient[1] > 0.9 and gradient[3] < -0.9 and gradient[4] < -0.9


def test_log_entropy_gradient_matches_differences() -> None:
    z = torch.tensor([-9.0, -3.0, -0.5, 0.7, 6.0, 10.0, 30.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(log_entropy(z).sum(), z)
    numeric = (log_entropy(z.detach() + 1e-6) - log_entropy(z.detach() - 1e-6)) / 2e-6
    torch.testing.assert_close(gradient, numeric, atol=1e-6, rtol=1e-6)
    assert float(gradient[4]) == pytest.approx(-0.85, abs=0.02)  # method.md 5.0: -0.85 at 6, -0.91 at 10
    assert float(gradient[5]) == pytest.approx(-0.91, abs=0.02)


def test_log_entropy_is_finite_for_any_logit() -> None:
    z = torch.tensor([-1e30, -1e3, 1e3, 1e30])
    assert torch.isfinite(log_entropy(z)).all()


def test_log_likelihood_is_bernoulli() -> None:
    logits, values = torch.tensor([[2.0, -1.0]]), torch.tensor([1.0, 0.0])
    p = torch.sigmoid(logits[0])
    assert float(log_likelihood(logits, values)) == pytest.approx(float(p[0].log() + (1 - p[1]).log()), abs=1e-6)


def test_before_set_holds_placing_relations_of_movables_and_their_supports(make_scene: Maker) -> None:
    scene = make_scene()
    relations = relations_of(scene)
    chosen = before_set(scene, relations, None)
    rows = named(chosen, scene.names)
    assert ("inside", "object_1", "box") in rows and ("above", "box", "table_a") in rows
    assert {relation for relation, _, _ in rows} == set(PLACED)
    assert not any({subject, other} == {"table_a", "table_b"} for _, subject, other in rows)
    entries = torch.stack([chosen.subjects, chosen.objects, chosen.kinds], 1).tolist()
    movable, box, inside = scene.index("object_1"), scene.index("box"), BINARY_RELATIONS.index("inside")
    assert chosen.values[entries.index([movable, box, inside])] == 1.0
    assert chosen.values[entries.index([box, movable, inside])] == 0.0


def test_what_the_model_detects_wrongly_is_left_out(make_scene: Maker) -> None:
    scene = make_scene()
    relations = relations_of(scene)
    detected = np.array(relations.binary)
    i, j, k = scene.index("object_1"), scene.index("box"), BINARY_RELATIONS.index("inside")
    detected[i, j, k] = 0.1
    rows = named(before_set(scene, relations, detected), scene.names)
    assert ("inside", "object_1", "box") not in rows and ("inside", "object_2", "box") in rows


def test_furniture_that_carries_nothing_is_not_involved(make_scene: Maker) -> None:
    scene = make_scene()
    kept = replace(scene, segments=tuple(item for item in scene.segments if item.name != "landmark"))
    assert [kept.names[index] for index in involved(kept, relations_of(kept))] == [
        "table_a", "box", "object_1", "object_2", "object_3",
    ]  # fmt: skip


def test_after_set_is_the_pairs_that_were_mispredicted(failure: Failure) -> None:
    one = replace(failure, contradictions=failure.contradictions[:1])
    chosen, source = after_set(one)
    first = one.contradictions[0]
    assert source == "contradictions"
    assert len(chosen) == 2 * len(BINARY_RELATIONS)
    assert {frozenset(row[1:]) for row in named(chosen, failure.outcome.before.names)} == {
        frozenset((first.subject, first.object))
    }


def test_after_set_falls_back_and_says_so(failure: Failure) -> None:
    assert after_set(replace(failure, contradictions=()))[1] == "differences"
    agreeing = replace(
        failure.outcome, prediction=replace(failure.outcome.prediction, relations=failure.outcome.observed_after)
    )
    chosen, source = after_set(replace(failure, contradictions=(), outcome=agreeing))
    assert source == "acted_on"
    assert all("box" in row[1:] for row in named(chosen, failure.outcome.before.names))


def test_relations_are_aligned_by_name_whatever_their_order(make_scene: Maker) -> None:
    scene = make_scene()
    relations = relations_of(scene)
    order = list(reversed(range(len(scene.names))))
    turned = Relations(
        tuple(scene.names[i] for i in order), relations.unary[order], relations.binary[np.ix_(order, order)]
    )
    np.testing.assert_array_equal(turned.binary_of(scene.names), relations.binary)
    stranger = Relations(("a",), np.zeros((1, 3)), np.ones((1, 1, 9)))
    assert stranger.binary_of(scene.names).sum() == 0


def test_entries_are_picked_where_they_belong(failure: Failure) -> None:
    chosen, _ = after_set(failure)
    binary = torch.arange(7 * 7 * 9, dtype=torch.float32).view(1, 7, 7, 9)

    class Numbered:
        """Every entry has its number as its logit."""

        def pair_logits(self, latent: object, subjects: torch.Tensor, objects: torch.Tensor) -> torch.Tensor:
            return binary[:, subjects, objects]

    expected = binary[:, chosen.subjects, chosen.objects, chosen.kinds]
    torch.testing.assert_close(chosen.logits(Numbered(), None), expected)
