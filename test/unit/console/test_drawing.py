"""What is drawn takes the place of what was drawn before, under names that no browser has seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("viser", reason="no viser: run the set-up (make test) first")

from f2p.console.drawing import MOST_POINTS, WORDS, Drawing
from f2p.report.markers import Kind, Mark, failure_marks, particle_marks, plan_marks, scene_marks

from .examples import full_view


class FakeScene:
    """Nodes by name, as a browser would have them."""

    def __init__(self) -> None:
        self.nodes: dict[str, tuple[str, dict[str, Any]]] = {}
        self.ever: list[str] = []

    def __getattr__(self, what: str) -> Any:
        def add(name: str, *values: Any, **named: Any) -> Any:
            assert name not in self.ever, "a name is used twice"
            self.ever.append(name)
            self.nodes[name] = (what, named | {"values": values})
            return Handle(self, name)

        return add


class Handle:
    def __init__(self, scene: FakeScene, name: str) -> None:
        self.scene, self.name = scene, name

    def remove(self) -> None:
        for name in [one for one in self.scene.nodes if one == self.name or one.startswith(self.name + "/")]:
            del self.scene.nodes[name]


def kinds(scene: FakeScene) -> list[str]:
    return sorted(what for what, _ in scene.nodes.values())


def test_a_scene_is_boxes_edges_labels_and_points_and_the_next_takes_its_place() -> None:
    fake, view = FakeScene(), full_view()
    assert view.scene is not None
    drawing = Drawing(fake, "scene")  # type: ignore[arg-type]
    drawing.show(scene_marks(view.scene), view.scene)
    first, count = set(fake.nodes), len(view.scene.segments)
    found = kinds(fake)
    assert found.count("add_box") == count and found.count("add_point_cloud") == count
    assert found.count("add_label") == count, "names of things, not of relations"
    drawing.show(scene_marks(view.scene), view.scene)
    assert kinds(fake) == found and not first & set(fake.nodes)
    drawing.show([])
    assert kinds(fake) == ["add_frame"], "nothing is left"


def test_plans_and_particles_are_drawn_and_what_the_panel_says_is_not() -> None:
    fake, view = FakeScene(), full_view()
    assert view.plan is not None and view.plan.scene is not None
    marks = plan_marks(view.plan.plan, view.plan.scene, view.plan.status)
    assert {mark.group for mark in marks} & WORDS
    Drawing(fake, "plan").show(marks)  # type: ignore[arg-type]
    Drawing(fake, "particles").show(particle_marks(view.particles))  # type: ignore[arg-type]
    texts = [named["values"][0] for what, named in fake.nodes.values() if what == "add_label"]
    assert texts == ["box, predicted"] and kinds(fake).count("add_point_cloud") == 1


def test_what_came_out_otherwise_is_a_red_edge_without_its_name() -> None:
    fake, view = FakeScene(), full_view()
    row = view.failures[0]
    Drawing(fake, "failure").show(  # type: ignore[arg-type]
        failure_marks(row.cause, row.message, list(row.contradictions), view.scene)
    )
    assert kinds(fake) == ["add_frame", "add_line_segments"]


def test_a_large_cloud_is_thinned_and_an_empty_one_is_left_out() -> None:
    from dataclasses import replace

    fake, scene = FakeScene(), full_view().scene
    assert scene is not None
    one, two = scene.segments[:2]
    many = np.random.default_rng(0).normal(size=(3 * MOST_POINTS + 1, 3))
    thin = replace(scene, segments=(replace(one, points=many), replace(two, points=np.zeros((0, 3)))))
    empty = Mark("particles", Kind.SPHERES, (1.0, 0.0, 0.0, 1.0), (0.1, 0.1, 0.1))
    Drawing(fake, "scene").show([empty], thin)  # type: ignore[arg-type]
    ((_, named),) = [one for one in fake.nodes.values() if one[0] == "add_point_cloud"]
    assert MOST_POINTS / 2 < len(named["values"][0]) <= MOST_POINTS
