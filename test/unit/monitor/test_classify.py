"""Causes: one test per rule of decisions D2 and D3, each with the sentence it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from f2p.monitor.classify import classify
from f2p.monitor.compare import compare
from f2p.monitor.errors import DifferentScenesError
from f2p.scene.errors import SceneError
from f2p.types import Cause, Execution, Outcome, Relations

CARRIED = ("box", "object_1", "object_2")


def cause(outcome: Outcome, replayed: Relations | None, detected: Relations | None = None) -> tuple[Cause, str]:
    """Classify with a network that sees what geometry sees, unless told otherwise."""
    seen = detected or outcome.observed_before
    found = classify(outcome, compare(outcome), lambda: replayed, lambda: seen, outcome.observed_before)
    return found.cause, found.explanation


def nobody() -> Relations:
    """A network or a simulator that must not be asked."""
    pytest.fail("it was asked")


def test_nobody_is_asked_where_the_skill_or_the_eye_has_said_it_all(outcome_of: Callable[..., Outcome]) -> None:
    failed = outcome_of(CARRIED, execution=Execution(False, 402, "grasp lost"))
    hidden = replace(outcome_of(CARRIED), unseen=("box",))
    for outcome, expected in ((failed, Cause.EXECUTION), (hidden, Cause.PERCEPTION)):
        assert classify(outcome, compare(outcome), nobody, nobody, outcome.observed_before).cause is expected


def test_a_network_that_cannot_be_asked_leaves_the_cause_unknown(outcome_of: Callable[..., Outcome]) -> None:
    def fails() -> Relations:
        raise SceneError("model_server did not answer within 45 s")

    outcome = outcome_of(CARRIED)
    found = classify(outcome, compare(outcome), nobody, fails, outcome.observed_before)
    assert found.cause is Cause.UNKNOWN
    assert "could not be asked" in found.explanation and "within 45 s" in found.explanation


def test_the_rebuilt_scene_does_what_the_world_did(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    found, text = cause(outcome, outcome.observed_after)
    assert found is Cause.MODEL and "the model was wrong" in text and "pick_place(box)" in text


def test_the_rebuilt_scene_does_what_was_predicted(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    found, text = cause(outcome, outcome.prediction.relations)
    assert found is Cause.SIMULATION_GAP and "the world did not" in text


def test_what_was_grasped_did_not_arrive(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(("box",), by=np.array([0.0, -0.25, 0.0]))
    found, text = cause(outcome, outcome.prediction.relations)
    assert found is Cause.EXECUTION and "box ended 1.00 m from where" in text


def test_a_skill_that_was_not_executed(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED, execution=Execution(False, 402, "grasp lost"))
    assert cause(outcome, outcome.observed_after) == (
        Cause.EXECUTION, "pick_place(box) was not executed: grasp lost"
    )  # fmt: skip


def test_network_and_geometry_saw_different_objects(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    wrong = Relations(outcome.before.names, outcome.observed_before.unary, 1.0 - outcome.observed_before.binary)
    found, text = cause(outcome, outcome.observed_after, wrong)
    assert found is Cause.PERCEPTION and "look again" in text


def test_an_outcome_that_was_not_seen_contradicts_nothing(outcome_of: Callable[..., Outcome]) -> None:
    """A box on the floor, or behind something tall: it is the eye's failure until somebody has seen it."""
    outcome = outcome_of(CARRIED)
    found, text = cause(replace(outcome, unseen=("box", "object_1")), outcome.observed_after)
    assert found is Cause.PERCEPTION and "box, object_1 were not seen" in text
    assert cause(replace(outcome, unseen=("object_1",)), outcome.observed_after)[0] is Cause.MODEL


def test_neither_side_or_no_replay(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    assert cause(outcome, None)[0] is Cause.UNKNOWN
    half = outcome.observed_after.binary.copy()
    names = outcome.before.names
    half[names.index("object_1")] = outcome.prediction.relations.binary[names.index("object_1")]
    half[:, names.index("object_1")] = outcome.prediction.relations.binary[:, names.index("object_1")]
    found, text = cause(outcome, Relations(names, outcome.observed_after.unary, half))
    assert found is Cause.UNKNOWN and "neither side" in text


def test_only_model_failures_come_from_a_replay_that_agrees(outcome_of: Callable[..., Outcome]) -> None:
    """A small-gap alarm without a single contradiction is still decided by whom the replay is nearer to."""
    outcome = outcome_of()
    quiet = replace(compare(outcome), contradictions=())
    found = classify(outcome, quiet, lambda: outcome.observed_after, nobody, outcome.observed_before)
    assert found.cause is Cause.MODEL


def test_other_objects_are_refused(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    other = Relations(("cup",), np.zeros((1, 3)), np.zeros((1, 1, 9)))
    with pytest.raises(DifferentScenesError, match="a second opinion is about cup"):
        cause(outcome, other)
