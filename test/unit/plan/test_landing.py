"""What comes down on something else that the goal does not want it on."""

from __future__ import annotations

from functools import partial

import numpy as np

from f2p.plan.landing import landings
from f2p.plan.shooting import destinations
from f2p.scene.goals import parse_goal
from f2p.types import Scene, SkillStep

GOAL = parse_goal("inside(object_1, box) & above(object_2, table_b)")


def count(scene: Scene, *moves: tuple[str, str | tuple[float, float]]) -> int:
    """How often a plan of `moves`, each of what and to whose place or where, lands on something."""
    steps, rows = [], []
    for name, to in moves:
        at = scene.segments[scene.index(name)].box.center[:2]
        there = scene.segments[scene.index(to)].box.center[:2] if isinstance(to, str) else np.array(to)
        steps.append(SkillStep("pick_place", name))
        rows.append([*(there - at), 0.0, 0.0])
    return int(landings(scene, steps, np.array([rows]), partial(destinations, GOAL))[0])


def test_what_shall_be_in_something_may_come_down_there_and_the_other_way_round_not(workspace: Scene) -> None:
    away = (0.6, -0.9)
    assert count(workspace, ("object_1", "box")) == 0
    assert count(workspace, ("landmark", "object_1"), ("object_1", away)) >= 1
    assert count(workspace, ("landmark", away)) == 0


def test_contents_go_along_and_are_not_landed_on_but_what_waits_elsewhere_is(workspace: Scene) -> None:
    there = (0.7, -0.5)
    assert count(workspace, ("object_1", "box"), ("box", there)) == count(workspace, ("box", there))
    assert count(workspace, ("object_1", there), ("box", there)) > count(workspace, ("box", there))
