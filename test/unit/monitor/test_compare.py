"""Scores and contradictions: silence when all is as predicted, the carried contents named when it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from f2p.monitor.classify import classify
from f2p.monitor.compare import OTHERS, CompareConfig, compare, contradictions_text
from f2p.monitor.errors import DifferentScenesError
from f2p.scene.errors import UnknownRelationError
from f2p.types import UNARY_RELATIONS, Cause, Contradiction, Outcome, Relations, Scene, SkillCall


def test_a_prediction_that_came_true_scores_next_to_nothing(outcome_of: Callable[..., Outcome]) -> None:
    found = compare(outcome_of())
    assert found.score < 0.2 and found.contradictions == () and found.touched == ("box",)


def test_contents_that_travelled_along_contradict(outcome_of: Callable[..., Outcome]) -> None:
    found = compare(outcome_of(("box", "object_1", "object_2")))
    assert found.touched == ("box", "object_1", "object_2") and found.score > 5.0
    facts = {(one.relation, one.subject, one.object): one.observed for one in found.contradictions}
    assert facts["above", "object_1", "table_b"] is True and facts["above", "object_1", "table_a"] is False
    assert facts["inside", "object_2", "box"] is True
    gaps = [abs(one.predicted - one.observed) for one in found.contradictions]
    assert gaps == sorted(gaps, reverse=True)


def test_what_nobody_touched_cannot_alarm(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of()
    names, binary = outcome.before.names, outcome.observed_after.binary.copy()
    binary[names.index("landmark"), names.index("table_b")] = 0.0
    changed = replace(outcome, observed_after=replace(outcome.observed_after, binary=binary))
    assert compare(changed).score == compare(outcome).score


def test_what_was_not_seen_afterwards_cannot_alarm(outcome_of: Callable[..., Outcome]) -> None:
    """It keeps its old place in the scene after, which claims nothing: neither that it stayed nor that it went."""
    outcome = replace(outcome_of(("box", "object_1", "object_2")), unseen=("object_1", "object_2"))
    found = compare(outcome)
    assert found.score < 0.2 and found.contradictions == () and not found.contradicts(1.0)
    assert compare(replace(outcome, unseen=("box",))).contradicts(1.0), "nobody knows where the box is"


def test_weights_are_settings(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(("box", "object_1"))
    heavy = compare(outcome, CompareConfig(weights={"inside": 3.0})).score
    assert heavy > compare(outcome).score
    with pytest.raises(UnknownRelationError, match="insied"):
        compare(outcome, CompareConfig(weights={"insied": 3.0}))


def test_different_scenes_are_refused(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of()
    with pytest.raises(DifferentScenesError, match="the scene after is about table_a; expected table_a, table_b"):
        compare(replace(outcome, after=Scene(outcome.after.segments[:1])))


def test_words_state_each_fact_once() -> None:
    both = (
        Contradiction("below", "table_b", "object_1", 0.1, True),
        Contradiction("above", "object_1", "table_b", 0.1, True),
        Contradiction("contact", "box", "object_1", 0.1, True),
        Contradiction("contact", "object_1", "box", 0.1, True),
    )
    assert contradictions_text(both) == "above(object_1, table_b) is true, contact(box, object_1) is true"
    assert contradictions_text(both, most=1) == "above(object_1, table_b) is true and 1 more"
    assert "small gaps" in contradictions_text(())


def test_the_score_is_symmetric_in_who_was_wrong(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(("box", "object_1"))
    swapped = replace(
        outcome,
        prediction=replace(outcome.prediction, relations=outcome.observed_after),
        observed_after=outcome.prediction.relations,
    )
    assert np.isclose(compare(swapped).score, compare(outcome).score)


def test_what_happened_to_one_object_alone_contradicts_too(outcome_of: Callable[..., Outcome]) -> None:
    """A drawer that stayed shut: no pair of objects stands otherwise for it, and nobody noticed."""
    outcome = outcome_of()
    row, kinds = outcome.before.names.index("box"), {name: k for k, name in enumerate(UNARY_RELATIONS)}

    def said(relations: Relations, opened: float) -> Relations:
        unary = relations.unary.copy()
        unary[row, kinds["is_drawer"]], unary[row, kinds["drawer_open"]] = 1.0, opened
        return replace(relations, unary=unary)

    prediction = replace(outcome.prediction, relations=said(outcome.prediction.relations, 0.9))
    shut = replace(outcome, prediction=prediction, observed_after=said(outcome.observed_after, 0.0))
    found = compare(shut)
    assert [str(one) for one in found.contradictions] == ["drawer_open(box): predicted 0.90, observed False"]
    others = len(outcome.before.names) - 1
    assert found.score == pytest.approx(compare(outcome).score + 0.9 * OTHERS / others)
    assert contradictions_text(found.contradictions) == "drawer_open(box) is false"
    told = classify(shut, found, lambda: shut.observed_after, lambda: shut.observed_before, shut.observed_before)
    assert told.cause is Cause.MODEL
    untouched = replace(shut, call=SkillCall("pick_place", "landmark", shut.call.parameter), after=shut.before)
    still = replace(untouched, prediction=replace(prediction, displacements=np.zeros((len(shut.before.names), 3))))
    assert not [one for one in compare(still).contradictions if not one.object]


def test_that_a_thing_cannot_be_moved_is_nothing_that_happened(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of()
    found = outcome.prediction.relations
    unsure = replace(outcome.prediction, relations=replace(found, unary=1.0 - found.unary))
    assert compare(replace(outcome, prediction=unsure)).score == compare(outcome).score
