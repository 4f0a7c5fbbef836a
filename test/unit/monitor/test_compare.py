"""Scores and contradictions: silence when all is as predicted, the carried contents named when it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from f2p.monitor.calibrate import MonitorConfig
from f2p.monitor.classify import classify
from f2p.monitor.compare import CompareConfig, compare, contradictions_text
from f2p.monitor.errors import DifferentScenesError
from f2p.scene.objects.hidden import HiddenConfig, recalled
from f2p.scene.objects.rays import Rays
from f2p.scene.objects.tracking import KnownObject
from f2p.scene.relations import relations_of
from f2p.types import (
    BINARY_RELATIONS,
    UNARY_RELATIONS,
    Cause,
    Contradiction,
    Outcome,
    Prediction,
    Relations,
    Scene,
    SkillCall,
    Transition,
)

from .conftest import shifted

ALARM = MonitorConfig().threshold


def expecting(outcome: Outcome, displacements: dict[str, list[float]]) -> Outcome:
    """The same step, of which a model had expected that these segments and no others move."""
    expected = np.array([displacements.get(name, [0.0, 0.0, 0.0]) for name in outcome.before.names])
    return replace(outcome, prediction=Prediction(outcome.prediction.relations, expected))


def test_a_prediction_that_came_true_scores_next_to_nothing(outcome_of: Callable[..., Outcome]) -> None:
    found = compare(outcome_of())
    assert found.score < 0.01 and found.contradictions == () and found.touched == ("box",)


def test_contents_that_travelled_along_contradict(outcome_of: Callable[..., Outcome]) -> None:
    found = compare(outcome_of(("box", "object_1", "object_2")))
    assert found.touched == ("box", "object_1", "object_2") and 0.9 < found.score < 1.0
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
    assert found.score < 0.01 and found.contradictions == () and not found.contradicts(ALARM)
    assert compare(replace(outcome, unseen=("box",))).contradicts(ALARM), "nobody knows where the box is"


@pytest.mark.parametrize("carried", [1, 3])
@pytest.mark.parametrize("way", [0.05, 0.2, 1.25])
def test_what_went_along_unexpected_alarms_however_many_and_however_far(
    outcome_of: Callable[..., Outcome], carried: int, way: float
) -> None:
    """A sum over relations came to more with each object, and to next to nothing after a short push."""
    contents = tuple(f"object_{index + 1}" for index in range(carried))
    moved = outcome_of(("box", *contents), np.array([0.0, -way, 0.0]))
    alone, all_of_it = ({name: [0.0, -way, 0.0] for name in names} for names in (("box",), ("box", *contents)))
    assert compare(expecting(moved, alone)).score == pytest.approx(way / (way + CompareConfig().slack))
    assert compare(expecting(moved, alone)).contradicts(ALARM)
    assert compare(expecting(moved, all_of_it)).score < 1e-9
    stayed = outcome_of(("box",), np.array([0.0, -way, 0.0]))
    assert compare(expecting(stayed, all_of_it)).score == pytest.approx(compare(expecting(moved, alone)).score)


def test_a_tenth_of_the_way_is_no_surprise_whatever_relations_flip(outcome_of: Callable[..., Outcome]) -> None:
    """Learned models expect contents a few centimetres short of where the box takes them, and then beside it."""
    names = ("box", "object_1", "object_2")
    outcome = outcome_of(names)
    expected = {"box": [0.0, -1.25, 0.0], "object_1": [0.0, -1.13, 0.0], "object_2": [0.0, -1.13, 0.0]}
    there = shifted(outcome.after, names[1:], np.array([0.0, 0.12, 0.0]))
    off = replace(expecting(outcome, expected), prediction=Prediction(
        relations_of(there), expecting(outcome, expected).prediction.displacements
    ))  # fmt: skip
    found = compare(off)
    assert len(found.contradictions) >= 4 and not found.contradicts(ALARM)


def test_what_was_put_into_something_and_is_not_in_it_alarms(outcome_of: Callable[..., Outcome]) -> None:
    """It lay on the drawer's case, a hand's breadth higher after a metre, and the drawer was shut without it."""
    outcome, inside = outcome_of(), BINARY_RELATIONS.index("inside")
    row, column = (outcome.before.names.index(name) for name in ("box", "landmark"))

    def believing(probability: float, subject: int, other: int) -> Outcome:
        binary = outcome.prediction.relations.binary.copy()
        binary[subject, other, inside] = probability
        relations = replace(outcome.prediction.relations, binary=binary)
        return replace(outcome, prediction=replace(outcome.prediction, relations=relations))

    assert compare(believing(0.9, row, column)).score == pytest.approx(0.9)
    assert compare(believing(0.4, row, column)).score < 0.01, "nor was it predicted"
    assert compare(believing(0.9, column, row)).score < 0.01, "of what it was put over, a few centimetres tell"


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
    assert "places are" in contradictions_text(())


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
    assert found.score == pytest.approx(0.9) and compare(outcome).score < 0.01
    assert contradictions_text(found.contradictions) == "drawer_open(box) is false"
    done = Transition(
        shut.before, shut.call, shut.after, shut.observed_before, shut.observed_after, np.zeros((row + 1, 3))
    )
    told = classify(shut, found, lambda: done, lambda: shut.observed_before, shut.observed_before)
    assert told.cause is Cause.MODEL
    untouched = replace(shut, call=SkillCall("pick_place", "landmark", shut.call.parameter), after=shut.before)
    unmoved = replace(untouched, prediction=replace(prediction, displacements=np.zeros((len(shut.before.names), 3))))
    assert not [one for one in compare(unmoved).contradictions if not one.object]


def test_that_a_thing_cannot_be_moved_is_nothing_that_happened(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of()
    found = outcome.prediction.relations
    unsure = replace(outcome.prediction, relations=replace(found, unary=1.0 - found.unary))
    assert compare(replace(outcome, prediction=unsure)).score == compare(outcome).score


def alike(scene: Scene, first: str, second: str) -> Scene:
    """`scene` with the names of two things exchanged, in their old order."""
    named = {first: second, second: first}
    renamed = {
        named.get(one.name, one.name): replace(one, name=named.get(one.name, one.name)) for one in scene.segments
    }
    return Scene(tuple(renamed[name] for name in scene.names))


def test_the_eye_may_mix_up_what_is_alike(outcome_of: Callable[..., Outcome]) -> None:
    """With seven objects in a box one in eight steps raised the alarm, of things that nobody had touched."""
    outcome = outcome_of()
    mixed = replace(outcome, after=alike(outcome.after, "object_1", "object_2"))
    assert {"object_1", "object_2"} <= set(compare(mixed).touched) and compare(mixed).score < 0.01
    with_box = outcome_of(("box", "object_1"))
    mixed = replace(with_box, after=alike(with_box.after, "object_1", "object_2"))
    assert compare(mixed).contradicts(ALARM), "one of them went, whichever it was"


def test_what_was_only_guessed_to_be_there_cannot_alarm(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(("object_1",), np.array([0.1, 0.0, 0.0]))
    outcome = replace(outcome, call=SkillCall("pick_place", "object_2", outcome.call.parameter))
    segment = outcome.before.segments[outcome.before.index("object_1")]
    known = KnownObject("object_1", segment.prior, segment.box.size, segment.box)
    nothing = Rays(np.zeros((0, 3)), np.array([0.0, 0.0, 1.3]), 0.012, 0.02)
    (guess,) = recalled([known], [], {}, nothing, HiddenConfig())
    segments = tuple(guess if one.name == "object_1" else one for one in outcome.before.segments)
    there = replace(outcome.prediction, relations=outcome.observed_after)
    still = expecting(replace(outcome, prediction=there), {})
    assert compare(still).contradicts(ALARM)
    assert compare(replace(still, before=Scene(segments))).score < 0.01
