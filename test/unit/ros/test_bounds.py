"""Every field of every message has a bound, and what goes beyond one is answered with a code, never with 999."""

from __future__ import annotations

import array
import inspect
import re
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from geometry_msgs.msg import Vector3
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.errors import UNFORESEEN, F2pError
from f2p.plan.analytic import AnalyticPredictor
from f2p.ros.errors import BoundError, wire_code
from f2p.ros.messages import convert
from f2p.ros.messages.bounds import MOST, within
from f2p.ros.messages.scenes import KeptScenes
from f2p.ros.session.extremes import drawn, mutated
from f2p.scene.goals import parse_goal
from f2p.scene.relations import relations_of
from f2p.types import Plan, SkillCall
from f2p.weights.golden import golden_scene
from f2p_msgs import action, msg, srv
from f2p_msgs.msg import Limits

HIDDEN = re.compile(r"_(GetResult|SendGoal|FeedbackMessage|Event)")
"""What ROS wraps around ours."""

PARTS = {
    part.__name__: part
    for module in (msg, srv, action)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    for part in (kind, *(getattr(kind, one, None) for one in ("Request", "Response", "Goal", "Result", "Feedback")))
    if hasattr(part, "get_fields_and_field_types") and not HIDDEN.search(part.__name__)
}
"""Every type that has fields, by its name."""

SEEDS = st.integers(0, 2**32 - 1)


def valid() -> dict[str, tuple[Any, Any]]:
    """A good message of every kind that is converted, and what converts it."""
    scene, call = golden_scene(), SkillCall("pick_place", "box", np.array([0.1, -0.2, 0.3, 1.0]))
    goal, predictions = parse_goal("above(box, table_b)"), AnalyticPredictor().predict(golden_scene(), (call,))
    plan = Plan("p", goal, (call,), 0.7, predictions, "w", believed=True)
    return {
        "scene": (convert.scene_to_msg(scene), convert.scene_from_msg),
        "kept scene": (convert.scene_to_msg(scene), KeptScenes().scene),
        "relations": (convert.relations_to_msg(relations_of(scene)), convert.relations_from_msg),
        "prediction": (convert.prediction_to_msg(predictions[0]), convert.prediction_from_msg),
        "plan": (convert.plan_to_msg(plan, 0), convert.plan_from_msg),
        "call": (convert.call_to_msg(call), convert.call_from_msg),
    }


VALID = valid()


def test_every_text_and_every_sequence_has_a_bound() -> None:
    """A new field without one would be as large as its sender likes."""
    for kind, part in PARTS.items():
        for name, field in part.get_fields_and_field_types().items():
            if field.startswith("sequence<"):
                assert (kind, name) in MOST, f"how many elements may {kind}.{name} have?"
    for kind, name in MOST:
        if kind not in ("Point", "Vector3"):
            assert name in PARTS[kind].get_fields_and_field_types(), f"{kind} has no field {name}"


def filled(field: str, size: int) -> Any:
    """Return a text, a sequence or a number of that size."""
    if field == "string":
        return "x" * size
    if not field.startswith("sequence<"):
        return float(size) if field in ("float", "double") else size
    inner = field[len("sequence<") : -1]
    if inner in ("float", "double"):
        return array.array(inner[0], bytes(size * (4 if inner == "float" else 8)))
    plain = {"string": "x", "uint32": 0}
    return [plain[inner] if inner in plain else PARTS.get(inner.split("/")[-1], Vector3)()] * size


@pytest.mark.parametrize(("kind", "name"), [one for one in MOST if one[0] in PARTS])
def test_one_beyond_a_bound_is_one_too_many(kind: str, name: str) -> None:
    field, most = PARTS[kind].get_fields_and_field_types()[name], int(MOST[kind, name])
    good, bad = PARTS[kind](), PARTS[kind]()
    setattr(good, name, filled(field, most))
    setattr(bad, name, filled(field, most + 1))
    assert within(good) is good
    with pytest.raises(BoundError, match=rf"{kind}\.{name}"):
        within(bad)


@settings(max_examples=150, deadline=None)
@given(seed=SEEDS, kind=st.sampled_from(sorted(PARTS)))
def test_any_message_is_within_or_refused_with_the_code(seed: int, kind: str) -> None:
    try:
        within(drawn(PARTS[kind], np.random.default_rng(seed)))
    except BoundError as error:
        assert error.code == Limits.OUT_OF_BOUNDS and str(error).startswith(kind.split("_", maxsplit=1)[0])


@pytest.mark.parametrize("kind", sorted(VALID))
def test_what_is_right_goes_through(kind: str) -> None:
    message, read = VALID[kind]
    assert read(message) is not None


@settings(max_examples=250, deadline=None)
@given(seed=SEEDS, kind=st.sampled_from(sorted(VALID)), fields=st.integers(1, 3))
def test_whatever_is_in_a_message_its_conversion_ends_in_a_value_or_a_code(seed: int, kind: str, fields: int) -> None:
    message, read = VALID[kind]
    try:
        read(mutated(message, np.random.default_rng(seed), fields))
    except F2pError as error:
        assert wire_code(error) != UNFORESEEN, repr(error)


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS)
def test_goals_and_skeletons_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    goal = drawn(action.AchieveGoal.Goal, rng)
    for read, field in ((convert.goal_from_msg, goal.goal), (convert.skeleton_from_msg, goal.proposal)):
        try:
            read(field)
        except F2pError as error:
            assert wire_code(error) != UNFORESEEN, repr(error)
