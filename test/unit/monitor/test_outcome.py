"""What is seen around a step against the plan that was made before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from f2p.monitor.compare import compare
from f2p.monitor.outcome import outcome_of
from f2p.plan.analytic import AnalyticPredictor
from f2p.scene.goals import parse_goal
from f2p.types import Execution, Plan, Scene, SkillCall
from f2p.weights.golden import golden_scene

CALL = SkillCall("pick_place", "box", [0.0, -1.25, 0.0, 0.0])


def plan_in(scene: Scene) -> Plan:
    predictions = AnalyticPredictor().predict(scene, (CALL,))
    return Plan("p", parse_goal("above(box, table_b)"), (CALL,), 0.9, predictions, "analytic", believed=True)


def test_what_turned_up_since_the_plan_was_made_does_not_end_the_check() -> None:
    """A fragment that a later look took for an object had ended three attempts of a demo with an error."""
    scene = golden_scene()
    plan = plan_in(scene)
    found = replace(scene.segments[scene.index("object_1")], name="object_9")
    later = Scene((found, *reversed(scene.segments)))
    outcome = outcome_of(later, later, plan, 0, Execution(True))
    assert outcome.before.names == outcome.after.names == outcome.observed_after.names == scene.names
    assert compare(outcome).contradicts(0.25), "the box stayed where it was"
    assert np.allclose(outcome.before.segments[0].box.center, scene.segments[0].box.center)


def test_what_was_not_seen_afterwards_keeps_its_place_and_is_said_to_be_unseen() -> None:
    scene = golden_scene()
    gone = Scene(tuple(one for one in scene.segments if one.name != "object_1"))
    outcome = outcome_of(scene, gone, plan_in(scene), 0, Execution(True))
    assert outcome.unseen == ("object_1",) and outcome.after.names == scene.names
