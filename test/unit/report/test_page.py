"""The page a person opens after a failure: whole, self-contained, and safe to show."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from f2p.geometry import box_corners
from f2p.report import words
from f2p.report.figures import scene_figure
from f2p.report.page import Story, Version, write_page
from f2p.report.seen import Glimpse, Stance, drawn_depth
from f2p.report.views import picture
from f2p.report.words import REFUSED, SERVES, WAITS, WITHDRAWN, Lesson
from f2p.types import (
    UNARY_RELATIONS,
    Box,
    Cause,
    Contradiction,
    Execution,
    Failure,
    Goal,
    GoalRelation,
    Outcome,
    Particles,
    Prediction,
    Relations,
    Scene,
    Segment,
    SkillCall,
)


def make_scene(shift: float) -> Scene:
    rng = np.random.default_rng(0)
    table = Segment("table_a", "table", Box([0.7, 0.5, 0.48], [0.5, 0.9, 0.05]), rng.normal(size=(50, 3)))
    movable = Segment("object_1", "cuboid", Box([0.7, 0.5 + shift, 0.53], [0.05, 0.05, 0.05]), rng.normal(size=(20, 3)))
    return Scene((table, movable))


def make_failure() -> Failure:
    relations = Relations(("table_a", "object_1"), np.zeros((2, 3)), np.zeros((2, 2, 9)))
    call = SkillCall("pick_place", "object_1", [0, -1, 0, 0])
    outcome = Outcome(
        make_scene(0),
        call,
        make_scene(-1),
        Prediction(relations, np.zeros((2, 3))),
        relations,
        relations,
        Execution(True),
        "sha",
    )
    goal = Goal((GoalRelation("above", "object_1", "table_a"),))
    contradiction = Contradiction("above", "object_1", "table_a", 0.97, False)
    return Failure("f1", outcome, goal, None, Cause.MODEL, 2.0, 0.5, (contradiction,), "it <moved> along")


GATE = {
    "passed": True, "reasons": [], "goal_was_true": False,
    "replay_before": {"next": 0.97}, "replay_after": {"next": 0.96},
    "before": {"score": 8.0, "goal_probability": 0.9}, "after": {"score": 1.0, "goal_probability": 0.1},
}  # fmt: skip


def test_page_is_self_contained_and_escapes_what_it_shows(tmp_path: Path) -> None:
    call = SkillCall("pick_place", "object_1", [0, -1, 0, 0])
    particles = Particles(("table_a", "object_1"), np.zeros((3, 2, 4)), (call,) * 3, np.zeros(3), np.zeros(3))
    summary = {"before": {"success": False}, "after": {"success": True}, "seconds": {"swap": 0.1}}
    story = Story(
        "A failure", make_failure(), tmp_path, Lesson("f" * 64, SERVES, 7, {"particle": 7}, GATE), summary, particles,
        {"total": [1.0, 0.1]}, "weights a <- data b", (Version("abc (<champion>)", 1.0, 0.1, (0.25,)),),
    )  # fmt: skip
    text = write_page(story, tmp_path / "report.html").read_text()
    assert "it &lt;moved&gt; along" in text and "it <moved> along" not in text and "(&lt;champion&gt;)" in text
    assert "above(object_1, table_a)" in text and "true (P = 0.97)" in text and ">0.25<" in text
    assert "<script src=" not in text and "<link" not in text and text.count("<img ") == 3
    for heading in ("Seen before and after", "What it imagined", "What it learned", "Lineage of the weights"):
        assert heading in text
    assert "failed before learning, succeeded after learning" in text and "Stretch, where the task began" in text
    assert "in simulation" not in text, "nobody knows what robot a stored failure comes from"
    simulated = Story("A failure", make_failure(), simulated=True)
    assert "no figure comes from a real robot" in write_page(simulated, tmp_path / "report.html").read_text()


def test_the_minute_answers_what_one_asks() -> None:
    failure, lesson = make_failure(), Lesson("f" * 64, SERVES, 7, {"particle": 7}, GATE, {"right": 9, "tried": 10})
    assert words.tried(failure) == "pick_place(object_1), for above(object_1, table_a)"
    assert words.expected(failure) == "nothing would go anywhere" and words.happened(failure) == "object_1 went 1.0 m"
    assert words.why(failure) == "model: it <moved> along"
    assert words.learned(lesson) == f"7 simulated executions (7 particle) gave weights {'f' * 12}"
    helped = words.helped(lesson)
    assert helped.startswith(
        "yes: asked again, the failed step is 1.00 off, 8.00 before; P(goal) after it 0.90 -> 0.10"
    )
    assert "old tasks (F1): next 0.970 -> 0.960; 9 of 10 new plans came true in other scenes" in helped


def test_a_drawer_is_said_to_have_been_opened_and_to_have_been_expected_to() -> None:
    """Its case goes nowhere: a drawer that slid was told as nothing that went anywhere."""
    kinds = ["movable", "is_drawer", "drawer_open"]
    assert list(UNARY_RELATIONS[:3]) == kinds
    shut = Segment("drawer", "drawer", Box([0.7, 0.5, 0.6], [0.3, 0.3, 0.2]), np.zeros((20, 3)))
    failure, now, then = make_failure(), np.array([[0, 1, 0], [1, 0, 0]]), np.array([[0, 1, 0.9], [1, 0, 0]])
    names, pairs = ("drawer", "object_1"), np.zeros((2, 2, 9))
    outcome = replace(
        failure.outcome, before=Scene((shut, make_scene(0).segments[1])),
        after=Scene((replace(shut, opening=0.12), make_scene(0).segments[1])),
        prediction=Prediction(Relations(names, then, pairs), np.zeros((2, 3))),
        observed_before=Relations(names, now, pairs),
    )  # fmt: skip
    failure = replace(failure, outcome=outcome)
    assert words.expected(failure) == "drawer_open(drawer) would be true"
    assert words.happened(failure) == "drawer was opened by 12 cm"
    back = replace(failure, outcome=replace(outcome, before=outcome.after, after=outcome.before))
    assert words.happened(back) == "drawer was shut by 12 cm"


@pytest.mark.parametrize(
    ("lesson", "says"),
    [
        (None, "f2p learn /cases/f1"),
        (Lesson("f" * 64, SERVES), "ask for the goal again"),
        (Lesson("f" * 64, WAITS), "f2p weights promote ffffffffffff or f2p weights refuse ffffffffffff"),
        (Lesson("f" * 64, REFUSED), "f2p learn /cases/f1 --seed 1"),
        (Lesson("f" * 64, WITHDRAWN, reason="success dropped"), "were withdrawn (success dropped)"),
    ],
)
def test_what_to_do_now_follows_from_what_became_of_it(lesson: Lesson | None, says: str) -> None:
    assert says in words.do_now(make_failure(), lesson, "/cases/f1")


def test_both_pictures_show_the_same_part_of_the_world_also_where_a_cloud_is_empty() -> None:
    before, after = make_scene(0), make_scene(-1)
    empty = Scene(tuple(replace(one, points=np.zeros((0, 3))) for one in after.segments))
    for scene in (before, after, empty):
        assert picture(scene, before).startswith(b"\x89PNG")


def test_box_corners_follow_the_yaw() -> None:
    corners = box_corners(np.array([1.0, 2.0, 3.0]), np.array([0.2, 0.4, 0.6]), np.pi / 2)
    assert np.allclose(corners.max(0), [1.2, 2.1, 3.3]) and np.allclose(corners.min(0), [0.8, 1.9, 2.7])


def test_every_object_is_drawn_with_its_name() -> None:
    names = {trace.name for trace in scene_figure(make_scene(0), "t").data}
    assert names == {"table_a", "object_1", "Stretch, where the task began"}


def test_a_full_disk_leaves_the_page_that_was_there(tmp_path: Path) -> None:
    """A limit on file size stands for a full disk; half a page was left, and the error did not say of what."""
    page = tmp_path / "report.html"
    page.write_text("older")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        with pytest.raises(OSError, match=rf"File too large: '{page}'"):
            write_page(Story("A failure", make_failure(), {}), page)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["older"]


def test_what_is_no_file_is_written_to_and_not_replaced() -> None:
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write_page(Story("A failure", make_failure(), {}), Path("/dev/full"))
    assert Path("/dev/full").is_char_device()


def test_what_the_camera_took_stands_beside_what_was_made_of_it(tmp_path: Path) -> None:
    seen = Glimpse(drawn_depth(np.ones((4, 4))), True, Stance({"joint_lift": 0.4}))
    story = Story("f1", make_failure(), glimpses=(seen, Glimpse(b"")))
    text = write_page(story, tmp_path / "with.html").read_text()
    assert text.count("data:image/jpeg;base64,") == 1 and "the camera before, depth" in text
    assert "nothing was recorded" in text and "Stretch, as it stood" in text and "where the task began" in text
    without = write_page(Story("f1", make_failure()), tmp_path / "without.html").read_text()
    assert "the camera before" not in without and "as it stood" not in without
