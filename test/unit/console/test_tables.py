"""What the panel says: every part of a view in words, nothing of it as markup."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from f2p.console import tables
from f2p.console.view import CommandView, View, Weights
from f2p.scene.relations import relations_of
from f2p.types import fact_text

from .examples import IDS, full_view


def text_of(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", html)


def test_the_head_says_who_has_the_robot_what_is_done_and_what_is_asked() -> None:
    said = text_of(tables.status_html(full_view()))
    for wanted in ("stack is up", "autonomy: executor", "12 s · execute · attempt 1: pick_place(box): carry",
                   "waits for a person about pick_place(box), until ", ": the cause is &lt;unknown&gt;",
                   "Give up ends the goal, and so does the end of the wait"):  # fmt: skip
        assert wanted in said


def test_the_head_says_for_which_goal_and_what_a_stage_of_learning_is_in_words() -> None:
    """An operator read "svi_states · attempt 1", and for which goal nowhere but in the plan's tab."""
    view = full_view()
    assert view.pursuit is not None and view.plan is not None and view.learning is not None
    goal = tables.line(f"for the goal {view.plan.plan.goal}", tables.GREY)
    assert goal in tables.status_html(view)
    early = replace(view, pursuit=replace(view.pursuit, stage="plan"))
    assert goal not in tables.status_html(early), "the plan that is known may be of the goal before"
    for stage, words in (("svi_states", "inferring scenes like it"), ("of a plug-in", "of a plug-in")):
        said = tables.status_html(replace(view, pursuit=replace(view.pursuit, stage=stage)))
        assert f"· {words} · attempt 1" in said
        assert f"{words}: " in tables.learning_html(replace(view.learning, stage=stage), 0)


def test_what_a_person_is_asked_is_said_once() -> None:
    """The head had it in red, and below it once more as what the stack does."""
    view = full_view()
    assert view.pursuit is not None
    helped = replace(view, pursuit=replace(view.pursuit, stage="help", detail="waiting for an operator"))
    assert "waiting for an operator" not in tables.status_html(helped)
    assert "waiting for an operator" in tables.status_html(replace(helped, plea=None))


def test_every_stage_of_learning_has_words() -> None:
    text = (Path(__file__).parents[3] / "src/f2p_msgs/action/FineTune.action").read_text()
    stages = set(re.findall(r'^string [A-Z_]+="(\w+)"', text, re.MULTILINE))
    assert len(stages) >= 10 and all(tables.stage_text(stage) != stage for stage in stages)


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (CommandView("operator", "f2p_teleop_7"), "operator: f2p_teleop_7"),
        (CommandView("operator", "f2p_console_7", here=True), "operator: this console"),
        (CommandView("runstop", latched=True, reason="the runstop was pressed"), "latched: the runstop was pressed"),
        (CommandView("autonomy", reason="a node fell silent"), "held: a node fell silent"),
        (CommandView("no guard"), "no guard"),
    ],
)
def test_the_head_says_whose_the_robot_is_and_why_it_stands(command: CommandView, wanted: str) -> None:
    assert wanted in text_of(tables.status_html(View(command=command)))


def test_what_is_waited_for_is_said() -> None:
    said = text_of(tables.status_html(View(waits="no stack is running in /f2p")))
    assert "stack waits" in said and "no stack is running in /f2p" in said


def test_the_plan_has_a_glyph_a_step_and_says_how_far_what_is_seen_is_from_what_was_predicted() -> None:
    view = full_view()
    html = tables.plan_html(view.plan, view.scene)
    assert f'<b style="color:{tables.GLYPHS["▶"]}">▶</b>' in html and "pick_place(box)" in html
    assert re.search(r"box\s+0\.\d\d 0\.\d\d 0\.\d\d\s+0\.\d\d 0\.\d\d 0\.\d\d\s+32 cm", text_of(html))
    assert "not seen" in tables.plan_html(view.plan, None)
    assert "no plan yet" in tables.plan_html(None, None)


def test_the_relations_are_those_of_the_specification() -> None:
    scene = full_view().scene
    assert scene is not None
    found, facts = relations_of(scene), tables.facts_of_scene(scene)
    assert facts and all(found.value(*fact) > 0.5 for fact in facts)
    said = text_of(tables.relations_html(scene))
    assert all(fact_text(*fact) in said for fact in facts) and f"{len(facts)} relations hold" in said


def test_failures_are_a_timeline_with_their_pages_where_there_are_some() -> None:
    html = tables.failures_html(full_view().failures)
    assert html.count('href="/case/failure-1"') == 1 and "failure-0" not in re.sub("no page here", "", html)
    assert "the &lt;b&gt;box&lt;/b&gt; fell" in html and "predicted 0.93, observed False" in html
    assert "nothing has failed" in tables.failures_html(())


def test_weights_are_shown_with_what_they_were_made_from() -> None:
    weights = full_view().weights
    said = text_of(tables.weights_html(weights))
    assert "cccccccccccc waits: Approve or Refuse" in said and "bbbbbbbbbbbb served before" in said
    assert said.index("failure-2") < said.index("failure-1") < said.index("the package"), "newest first"
    assert "serves, and predicts pick_place, push" in said
    assert said.count("pick_place, push") == 2, "and in the lineage"
    assert "no model server" in tables.weights_html(Weights())
    served = text_of(tables.weights_html(replace(weights, waiting="", rows=())))
    assert "predicts" not in text_of(tables.weights_html(replace(weights, skills=())))
    assert IDS[0][:12] in served and "not on this machine" in served


def test_learning_and_notes_are_said() -> None:
    view = full_view()
    said = text_of(tables.learning_html(view.learning, len(view.particles)))
    assert "fine-tuning: loss 0.31" in said and "20 inferred scenes" in said
    assert "operator 1: Look again" in tables.notes_html(view.notes)
