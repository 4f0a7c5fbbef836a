"""Causes: one test per rule of decisions D2 and D3, each with the sentence it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from f2p.monitor.classify import classify
from f2p.monitor.compare import compare
from f2p.monitor.errors import DifferentScenesError
from f2p.plan.after import displaced
from f2p.scene.errors import SceneError
from f2p.scene.relations import relations_of
from f2p.types import Cause, Execution, Outcome, Relations, Transition

CARRIED = ("box", "object_1", "object_2")


def replay_of(outcome: Outcome, *moved: str) -> Transition:
    """What the simulator makes of it: the box goes where it shall, and what else it moves."""
    by = np.array([one in ("box", *moved) for one in outcome.before.names])[:, None] * outcome.call.parameter[:3]
    after = displaced(outcome.before, by)
    return Transition(outcome.before, outcome.call, after, outcome.observed_before, relations_of(after), by)


def cause(outcome: Outcome, replayed: Transition | None, detected: Relations | None = None) -> tuple[Cause, str]:
    """Classify with a network that sees what geometry sees, unless told otherwise."""
    seen = detected or outcome.observed_before
    found = classify(outcome, compare(outcome), lambda: replayed, lambda: seen, outcome.observed_before)
    return found.cause, found.explanation


def nobody() -> Any:
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
    found, text = cause(outcome, replay_of(outcome, *CARRIED))
    assert found is Cause.MODEL and "the model was wrong" in text and "pick_place(box)" in text


def test_the_rebuilt_scene_does_what_was_predicted(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    found, text = cause(outcome, replay_of(outcome))
    assert found is Cause.SIMULATION_GAP and "the world did not" in text


def test_what_was_grasped_did_not_arrive(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(("box",), by=np.array([0.0, -0.25, 0.0]))
    found, text = cause(outcome, replay_of(outcome))
    assert found is Cause.EXECUTION and "box ended 1.00 m from where" in text


def test_a_skill_that_was_not_executed(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED, execution=Execution(False, 402, "grasp lost"))
    assert cause(outcome, replay_of(outcome, *CARRIED)) == (
        Cause.EXECUTION, "pick_place(box) was not executed: grasp lost"
    )  # fmt: skip


def test_network_and_geometry_saw_different_objects(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    wrong = Relations(outcome.before.names, outcome.observed_before.unary, 1.0 - outcome.observed_before.binary)
    found, text = cause(outcome, replay_of(outcome, *CARRIED), wrong)
    assert found is Cause.PERCEPTION and "look again" in text


def test_an_outcome_that_was_not_seen_contradicts_nothing(outcome_of: Callable[..., Outcome]) -> None:
    """A box on the floor, or behind something tall: it is the eye's failure until somebody has seen it."""
    outcome = outcome_of(CARRIED)
    found, text = cause(replace(outcome, unseen=("box", "object_1")), outcome.observed_after)
    assert found is Cause.PERCEPTION and "box, object_1 were not seen" in text
    assert cause(replace(outcome, unseen=("object_1",)), replay_of(outcome, *CARRIED))[0] is Cause.MODEL


def test_neither_side_or_no_replay(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    assert cause(outcome, None)[0] is Cause.UNKNOWN
    found, text = cause(outcome, replay_of(outcome, "object_2"))
    assert found is Cause.UNKNOWN and "neither side" in text


def test_places_tell_sides_apart_where_relations_turn_with_a_centimetre(outcome_of: Callable[..., Outcome]) -> None:
    """Of what a drawer took along when it was shut, the rebuilt scene sided with nobody: how things lay turned."""
    outcome = outcome_of(CARRIED)
    found = replay_of(outcome, "object_1", "object_2")
    turned = replace(found, relations_after=Relations(outcome.before.names, found.relations_after.unary,
                                                      1.0 - outcome.observed_after.binary))  # fmt: skip
    assert cause(outcome, turned)[0] is Cause.MODEL


def test_only_model_failures_come_from_a_replay_that_agrees(outcome_of: Callable[..., Outcome]) -> None:
    """A small-gap alarm without a single contradiction is still decided by whom the replay is nearer to."""
    outcome = outcome_of()
    quiet = replace(compare(outcome), contradictions=())
    found = classify(outcome, quiet, lambda: replay_of(outcome), nobody, outcome.observed_before)
    assert found.cause is Cause.MODEL


def test_other_objects_are_refused(outcome_of: Callable[..., Outcome]) -> None:
    outcome = outcome_of(CARRIED)
    other = Relations(("cup",), np.zeros((1, 3)), np.zeros((1, 1, 9)))
    with pytest.raises(DifferentScenesError, match="a second opinion is about cup"):
        cause(outcome, replace(replay_of(outcome), relations_after=other))
