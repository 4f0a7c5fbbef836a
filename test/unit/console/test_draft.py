"""The goal that is put together on screen: only what can be asked of what is seen."""

from __future__ import annotations

import pytest

from f2p.console.draft import Draft
from f2p.console.errors import NotNowError
from f2p.errors import F2pError
from f2p.plan.errors import StepSyntaxError
from f2p.types import LearnFrom, SkillStep
from f2p.weights.golden import golden_scene


def test_literals_are_added_once_and_taken_away_again() -> None:
    draft, scene = Draft(), golden_scene()
    for _ in range(2):
        draft.add("above", "box", "table_b", True, scene)
    draft.add("inside", scene.names[0], "box", False, scene)
    assert str(draft) == f"above(box, table_b) & not inside({scene.names[0]}, box)"
    draft.drop_last()
    assert str(draft) == "above(box, table_b)"
    draft.clear()
    assert str(draft) == ""


def test_what_cannot_be_asked_is_refused_and_the_rest_stays() -> None:
    draft, scene = Draft(), golden_scene()
    draft.add("above", "box", "table_b", True, scene)
    for relation, subject, other, wanted in (
        ("above", "box", "table_b", False), ("below", "box", "table_b", True), ("above", "box", "box", True),
        ("above", "ghost", "box", True),
    ):  # fmt: skip
        with pytest.raises(F2pError):
            draft.add(relation, subject, other, wanted, scene)
    assert str(draft) == "above(box, table_b)"


def test_an_order_is_goal_steps_and_what_is_learned_from() -> None:
    draft = Draft()
    with pytest.raises(NotNowError, match="no goal yet"):
        draft.order()
    draft.add("above", "box", "table_b", True, golden_scene())
    draft.steps, draft.learn_from = "pick_place(box), push(box) pick_place( landmark )", LearnFrom.NOTHING
    goal, steps, learn_from = draft.order()
    assert str(goal) == "above(box, table_b)" and learn_from is LearnFrom.NOTHING
    assert steps == (SkillStep("pick_place", "box"), SkillStep("push", "box"), SkillStep("pick_place", "landmark"))
    draft.steps = "pick_place"
    with pytest.raises(StepSyntaxError, match=r"write e\.g\. pick_place"):
        draft.order()
