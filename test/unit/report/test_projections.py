"""What a page draws where no camera's picture was kept: everything of both scenes, and what was expected instead."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from f2p.plan.analytic import AnalyticPredictor
from f2p.report.page import Story, write_page
from f2p.report.projections import MOVED_M, VIEWS, _outline, _span, expected_ends, projected
from f2p.report.seen import Glimpse, drawn_depth
from f2p.scene.goals import parse_goal
from f2p.scene.relations import relations_of
from f2p.types import Cause, Execution, Failure, Outcome, Scene, SkillCall
from f2p.weights.golden import golden_scene

CALL = SkillCall("pick_place", "box", [0.0, -1.0, 0.0, 0.0])


def moved(scene: Scene, **steps: tuple[float, float, float]) -> Scene:
    """The scene with some of its things elsewhere."""
    return Scene(
        tuple(
            replace(one, points=one.points + steps[one.name],
                    box=replace(one.box, center=one.box.center + steps[one.name]))
            if one.name in steps else one
            for one in scene.segments
        )
    )  # fmt: skip


def outcome(after: Scene) -> Outcome:
    """The box was to go a metre to the right, and whatever is in it to stay."""
    before = golden_scene()
    (prediction,) = AnalyticPredictor().predict(before, (CALL,))
    steps = np.zeros((len(before.segments), 3))
    steps[before.names.index("box")] = (0.0, -1.0, 0.0)
    prediction = replace(prediction, displacements=steps)
    return Outcome(before, CALL, after, prediction, relations_of(before), relations_of(after), Execution(True), "w")


def inside(scene: Scene) -> str:
    """Something of the scene that can be moved, other than the box."""
    return next(one.name for one in scene.segments if one.movable and one.name != "box")


def test_what_was_to_move_and_what_moved_instead_is_drawn_where_it_was_expected() -> None:
    before, other = golden_scene(), inside(golden_scene())
    as_said = outcome(moved(before, box=(0.0, -1.0, 0.0)))
    assert [*expected_ends(as_said)] == ["box"]
    at = before.segments[before.names.index("box")].box.center
    np.testing.assert_allclose(expected_ends(as_said)["box"].mean(0), at + (0.0, -1.0, 0.0))
    along = outcome(moved(before, box=(0.0, -1.0, 0.0), **{other: (0.0, -1.0, 0.0)}))
    assert {*expected_ends(along)} == {"box", other}
    stays = before.segments[before.names.index(other)].box.center
    np.testing.assert_allclose(expected_ends(along)[other].mean(0), stays)
    barely = outcome(moved(before, box=(0.0, -1.0, 0.0), **{other: (MOVED_M / 2, 0.0, 0.0)}))
    assert other not in expected_ends(barely), "noise is not drawn"


def test_both_views_show_everything_before_after_and_expected_with_the_left_on_the_left() -> None:
    one = outcome(moved(golden_scene(), box=(0.3, 0.9, 0.2)))
    for view in VIEWS:
        low, high = _span(view, one, expected_ends(one))
        everything = np.concatenate([*(each.points for scene in (one.before, one.after) for each in scene.segments),
                                     *expected_ends(one).values()])  # fmt: skip
        flat = view.of(everything)
        assert np.all(flat > low) and np.all(flat < high)
        left, right = view.of(np.array([[0.5, 1.0, 0.5], [0.5, -1.0, 0.5]]))
        assert left[0] < right[0], "the task frame has y to the left of the robot"
    assert VIEWS[0].of([0.9, 0.0, 0.0])[0, 1] > VIEWS[0].of([0.5, 0.0, 0.0])[0, 1], "far is up"
    assert VIEWS[1].of([0.5, 0.0, 0.9])[0, 1] > VIEWS[1].of([0.5, 0.0, 0.5])[0, 1], "and high is, from the side"


def test_an_outline_goes_around_all_corners_in_their_order_and_takes_what_is_flat() -> None:
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.5, 0.5], [1.0, 1.0], [0.5, 0.0]])
    corners = _outline(square).get_xy()
    x, y = corners[:-1].T, corners[1:].T
    assert 0.5 * abs(float(np.sum(x[0] * y[1] - x[1] * y[0]))) == pytest.approx(1.0), "a line that crosses has less"
    assert np.array([0.5, 0.5]).tolist() not in corners.tolist()
    for flat in (square * (1.0, 0.0), square * 0.0):
        drawn = _outline(flat).get_xy()
        assert (drawn.min(0).tolist(), drawn.max(0).tolist()) == (flat.min(0).tolist(), flat.max(0).tolist())


def test_it_is_drawn_also_where_things_vanished_and_clouds_are_empty() -> None:
    whole = golden_scene()
    gone = Scene(tuple(one for one in whole.segments if one.name != "box"))
    empty = Scene(tuple(replace(one, points=np.zeros((0, 3))) for one in whole.segments))
    for after in (moved(whole, box=(0.0, -1.0, 0.0)), gone, empty):
        image = imread(io.BytesIO(projected(outcome(after))), format="png")
        assert image.shape[1] == 1180 and image.shape[0] > 300 and float(image[..., :3].std()) > 0.02


def test_the_page_has_it_where_no_picture_of_the_camera_was_kept_and_only_there(tmp_path: Path) -> None:
    """A failure without a recording had only what one makes of clouds seen from where the camera stood."""
    goal, done = parse_goal("above(box, table_b)"), outcome(moved(golden_scene(), box=(0.0, -1.0, 0.0)))
    failure = Failure("f1", done, goal, None, Cause.MODEL, 2.0, 0.5, (), "it went along")
    drawn = 'alt="from above and from the side"'
    assert drawn in write_page(Story("t", failure), tmp_path / "a.html").read_text()
    picture = drawn_depth(np.full((4, 4), 1.0))
    kept = Story("t", failure, glimpses=(Glimpse(picture), Glimpse(b"")))
    assert drawn not in write_page(kept, tmp_path / "b.html").read_text()
    lost = Story("t", failure, glimpses=(Glimpse(b""), Glimpse(b"")))
    assert drawn in write_page(lost, tmp_path / "c.html").read_text(), "joints alone show no scene"
