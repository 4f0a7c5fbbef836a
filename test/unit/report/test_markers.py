"""What a viewer is shown: each segment where it is seen, where the plan takes it, and what went otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from f2p.plan.analytic import AnalyticPredictor
from f2p.report.markers import Kind, failure_marks, particle_marks, plan_marks, scene_marks
from f2p.scene.goals import parse_goal
from f2p.types import Contradiction, Plan, Scene, SkillCall
from f2p.weights.golden import golden_scene


def plan_of(scene: Scene, *moves: tuple[float, float, float]) -> Plan:
    calls = tuple(SkillCall("pick_place", "box", [*move, 0.0]) for move in moves)
    predictions = AnalyticPredictor().predict(scene, calls)
    return Plan("p", parse_goal("above(box, table_b)"), calls, 0.9, predictions, "w", believed=True)


def test_every_segment_is_a_box_where_it_is_with_its_name_above() -> None:
    scene = golden_scene()
    marks = scene_marks(scene)
    boxes = [one for one in marks if one.group == "segments"]
    labels = [one for one in marks if one.group == "labels"]
    assert [one.text.split(" ")[0] for one in labels] == list(scene.names)
    for segment, box, label in zip(scene.segments, boxes, labels, strict=True):
        np.testing.assert_allclose(box.pose, segment.box.pose)
        np.testing.assert_allclose(box.size, segment.box.size)
        assert label.pose[2] > segment.box.center[2] + segment.box.size[2] / 2


def test_relations_that_hold_are_edges_from_what_moves_and_no_others() -> None:
    scene = golden_scene()
    edges = [one for one in scene_marks(scene) if one.group == "relations"]
    box = scene.segments[scene.index("box")]
    mine = [one for one in edges if np.allclose(one.points[0], box.box.center)]
    assert mine and all(one.kind is Kind.LINES and one.points.shape == (2, 3) for one in edges)
    names = [one.text for one in scene_marks(scene) if one.group == "relation names"]
    assert any("above" in text for text in names)
    fixed = [one.box.center for one in scene.segments if not one.movable]
    assert not any(np.allclose(one.points[0], center) for one in edges for center in fixed)


def test_a_plan_shows_where_each_step_takes_what_it_moves_and_leaves_the_rest() -> None:
    scene = golden_scene()
    start = scene.segments[scene.index("box")].box
    marks = plan_marks(plan_of(scene, (0.1, 0.0, 0.0), (0.0, -0.3, 0.0)), scene, "so far")
    (ghost,) = [one for one in marks if one.group == "predicted"]
    np.testing.assert_allclose(ghost.pose[:2], start.center[:2] + [0.1, -0.3], atol=1e-6)
    (path,) = [one for one in marks if one.group == "path"]
    np.testing.assert_allclose(path.points[0], start.center)
    assert path.points.shape == (4, 3), "two steps, two lines"
    assert [one.text for one in marks if one.group == "status"] == ["so far"]
    assert not plan_marks(plan_of(scene), scene, "")[1:], "nothing moves, nothing is drawn"


def test_what_is_not_in_the_scene_any_more_does_not_stop_the_drawing() -> None:
    scene = golden_scene()
    plan = plan_of(scene, (0.1, 0.0, 0.0))
    gone = replace(scene, segments=tuple(one for one in scene.segments if one.name != "box"))
    assert [one.group for one in plan_marks(plan, gone, "x")] == ["status"]
    told = [Contradiction("inside", "box", "nowhere", 0.9, observed=False)]
    assert [one.group for one in failure_marks("model", "it fell", told, gone)] == ["banner"]
    assert [one.group for one in failure_marks("model", "it fell", told, None)] == ["banner"]


def test_a_failure_is_a_banner_that_goes_and_a_red_edge() -> None:
    scene = golden_scene()
    told = [Contradiction("above", "box", scene.names[0], 0.93, observed=False)]
    banner, edge, name = failure_marks("model", "it fell", told, scene)
    assert "FAILURE (model): it fell" in banner.text and "predicted 0.93" in banner.text and banner.lasts_s > 0.0
    assert edge.kind is Kind.LINES and edge.lasts_s == banner.lasts_s and name.text.startswith("above")


def test_particles_are_one_cloud_and_none_are_nothing() -> None:
    assert particle_marks(np.zeros((0, 3))) == []
    (cloud,) = particle_marks(np.ones((20, 3)))
    assert cloud.kind is Kind.SPHERES and cloud.points.shape == (20, 3)
