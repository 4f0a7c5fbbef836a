"""What comes down on something else that the goal does not want it on."""

from __future__ import annotations

import numpy as np

from f2p.plan.landing import WORTH, discounted, landings, overhangs, refusals, repeats
from f2p.scene.goals import parse_goal
from f2p.types import Box, Scene, Segment, SkillCall, SkillStep

GOAL = parse_goal("inside(object_1, box) & above(object_2, table_b)")


def count(scene: Scene, *moves: tuple[str, str | tuple[float, float]]) -> int:
    """How often a plan of `moves`, each of what and to whose place or where, lands on something."""
    steps, rows = [], []
    for name, to in moves:
        at = scene.segments[scene.index(name)].box.center[:2]
        there = scene.segments[scene.index(to)].box.center[:2] if isinstance(to, str) else np.array(to)
        steps.append(SkillStep("pick_place", name))
        rows.append([*(there - at), 0.0, 0.0])
    return int(landings(scene, steps, np.array([rows]), GOAL)[0])


def test_what_shall_be_in_something_may_come_down_there_and_the_other_way_round_not(workspace: Scene) -> None:
    away = (0.6, -0.9)
    assert count(workspace, ("object_1", "box")) == 0
    assert count(workspace, ("landmark", "object_1"), ("object_1", away)) >= 1
    assert count(workspace, ("landmark", away)) == 0


def test_contents_go_along_and_are_not_landed_on_but_what_waits_elsewhere_is(workspace: Scene) -> None:
    there = (0.7, -0.5)
    assert count(workspace, ("object_1", "box"), ("box", there)) == count(workspace, ("box", there))
    assert count(workspace, ("object_1", there), ("box", there)) > count(workspace, ("box", there))


def test_a_push_whose_fingers_find_no_room_counts_but_for_what_was_moved_before() -> None:
    def block(name: str, prior: str, center: tuple[float, float, float], size: tuple[float, float, float]) -> Segment:
        return Segment(name, prior, Box(center, size, 0.0), np.zeros((1, 3)))

    scene = Scene((
        block("table", "table", (0.7, 0.0, 0.475), (0.5, 0.9, 0.05)),
        block("near", "cuboid", (0.7, 0.0, 0.53), (0.06, 0.06, 0.06)),
        block("behind", "cuboid", (0.7, 0.07, 0.53), (0.06, 0.06, 0.06)),
    ))  # fmt: skip
    pushes = np.array([[[0.0, -0.1, 0.0, 0.0]], [[0.1, 0.0, 0.0, 0.0]]])
    assert refusals(scene, [SkillStep("push", "near")], pushes).tolist() == [1, 0], "no fingers fit into one centimetre"
    twice = np.concatenate([np.zeros_like(pushes), pushes], axis=1)
    moved = [SkillStep("pick_place", "near"), SkillStep("push", "near")]
    assert refusals(scene, moved, twice).tolist() == [0, 0], "where it is then is not known"


def test_what_shall_be_in_a_drawer_does_not_come_down_on_its_case_and_what_shall_be_on_it_may() -> None:
    drawer = Segment("drawer", "drawer", Box([1.0, 0.0, 0.5], [0.36, 0.4, 0.15]), np.zeros((1, 3)), 0.2)
    cup = Segment("cup", "cuboid", Box([0.7, -0.6, 0.5], [0.05, 0.05, 0.05]), np.zeros((1, 3)))
    scene, steps = Scene((drawer, cup)), [SkillStep("pick_place", "cup")]
    ends = np.array([[[x - 0.7, 0.6, 0.0, 0.0]] for x in (0.75, 0.95)])
    inside, on = parse_goal("inside(cup, drawer)"), parse_goal("above(cup, drawer)")
    assert landings(scene, steps, ends, inside).tolist() == [0, 1]
    assert landings(scene, steps, ends, on).tolist() == [0, 0]


def test_what_shall_stand_on_a_table_is_not_put_down_over_its_edge(workspace: Scene) -> None:
    under = workspace.segments[workspace.index("table_b")].box
    one = workspace.segments[workspace.index("object_2")].box
    edge = 0.5 * float(under.size[0])
    for away, expected in ((0.0, 0), (edge - 0.5 * float(one.size[:2].max()), 0), (edge - 0.001, 1), (2.0, 1)):
        step, rows = (SkillStep("pick_place", "object_2"),), np.zeros((1, 1, 4))
        rows[0, 0, :2] = under.center[:2] + [away, 0.0] - one.center[:2]
        assert overhangs(workspace, step, rows, GOAL) == expected
    rows[0, 0, :2] = [0.3, 0.0]
    push, on_a = (SkillStep("push", "object_2"),), parse_goal("above(object_2, table_a)")
    assert overhangs(workspace, push, rows[..., :2], on_a) == 0, "it is not put down"
    put_in = parse_goal("inside(object_2, box) & above(object_2, table_b)")
    rows = np.array([[[*(workspace.segments[workspace.index("box")].box.center[:2] - one.center[:2]), 0.0, 0.0]]])
    assert overhangs(workspace, (SkillStep("pick_place", "object_2"),), rows, put_in) == 0, "the box goes there later"


def test_what_goes_about_as_far_the_same_way_as_a_refused_call_counts_and_nothing_else() -> None:
    push, refused = SkillStep("push", "object_1"), (SkillCall("push", "object_1", np.array([0.0, 0.1])),)
    rows = np.array([[[0.0, 0.1]], [[0.1, 0.2]], [[0.0, 0.091]], [[0.0, 0.089]], [[0.2, 0.05]], [[0.0, -0.1]]])
    assert repeats([push], rows, refused).tolist() == [1, 1, 1, 0, 0, 0]
    assert not repeats([push], rows, ()).any()
    assert not repeats([SkillStep("push", "object_2")], rows, refused).any()
    assert repeats([push], rows[:1], refused * 2).tolist() == [1], "a step is refused once"


def test_openings_and_placements_are_compared_by_their_lengths_and_not_by_angles() -> None:
    pull, opened = SkillStep("slide_drawer", "drawer"), (SkillCall("slide_drawer", "drawer", np.array([0.3])),)
    assert repeats([pull], np.array([[[0.4]], [[0.2]], [[-0.4]]]), opened).tolist() == [1, 0, 0]
    put = SkillStep("pick_place", "cup")
    turned, still = (SkillCall("pick_place", "cup", np.array([x, 0.0, 0.0, 3.0])) for x in (0.3, 0.0))
    rows = np.array([[[0.3, 0.1, 0.0, -3.0]], [[0.1, 0.0, 0.0, 3.0]]])
    assert repeats([put], rows, (turned,)).tolist() == [1, 0]
    assert not repeats([put], rows, (still,)).any(), "a call without a length has no way that others could go"


def test_a_later_step_counts_unless_its_object_was_moved_before() -> None:
    refused = (SkillCall("push", "cup", np.array([0.0, 0.1])),)
    rows, push = np.array([[[0.3, 0.0], [0.0, 0.1]]]), SkillStep("push", "cup")
    assert repeats([SkillStep("push", "other"), push], rows, refused).tolist() == [1]
    assert repeats([push, push], rows, refused).tolist() == [0]


def test_what_was_refused_makes_a_candidate_of_several_steps_less_likely(workspace: Scene) -> None:
    far = np.array([[[0.3, 0.1, 0.0, 0.0]], [[0.3, -0.1, 0.0, 0.0]]])
    steps, sure = (SkillStep("pick_place", "landmark"),), np.full(2, 0.9)
    refused = (SkillCall("pick_place", "landmark", far[0, 0] * [0.0, 1.0, 0.0, 0.0]),)
    before, after = (discounted(workspace, steps, far, GOAL, sure, calls) for calls in ((), refused))
    assert after.tolist() == (before * [WORTH, 1.0]).tolist()
