"""Shooting and placements: the whole workspace, absolute placements, the tie rule, and enough tries for three steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.action.protocol import actions
from f2p.action.workspace import Workspace
from f2p.geometry import separation
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.planner import Planner, PlannerConfig
from f2p.plan.proposals import check_skeleton, drawn, ends_of, parameters_of, possible_steps
from f2p.plan.purpose import destinations
from f2p.plan.shooting import Candidate, ShootingConfig, shoot
from f2p.plan.ties import CLEAR, TieRule, choose, meetings, robustness, sureness
from f2p.scene.goals import parse_goal
from f2p.settings import SettingError
from f2p.types import Goal, Scene, SkillStep
from f2p.weights.golden import golden_scene

OBJECT = SkillStep("pick_place", "object_1")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["box", "object_1", "landmark"]), min_size=1, max_size=4), st.integers(0, 2**31))
def test_following_the_parameters_leads_where_the_proposals_aim(names: list[str], seed: int) -> None:
    scene = golden_scene()
    skeleton = tuple(SkillStep("pick_place", name) for name in names)
    proposals = drawn(scene, skeleton, 5, np.random.default_rng(seed), Workspace())
    parameters, ends = parameters_of(scene, skeleton, proposals), ends_of(scene, skeleton, proposals)
    seen = {segment.name: segment.box.center for segment in scene.segments}
    for row in range(5):
        where = dict(seen)
        for index, name in enumerate(names):
            where[name] = where[name] + parameters[row, index, :3]
            assert np.allclose(where[name], seen[name] + proposals[row, index, :3]), "aims where it was drawn to"
            assert np.allclose(where[name], ends[row, index])


class Ledge(AnalyticPredictor):
    """Expects whatever is put left of y = 0.4 to stand, and nothing else."""

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        start = scene.segments[scene.index(skeleton[0].object)].box.center
        return np.where(start[1] + parameters[:, 0, 1] > 0.4, 0.9, 0.1)


@pytest.mark.parametrize(("standing", "chosen"), [(0.85, {0, 1}), (0.60, {2, 3})])
def test_a_well_placed_candidate_is_worth_a_little_probability(
    workspace: Scene, standing: float, chosen: set[int]
) -> None:
    """What only seems likelier where nothing would stand is left alone; what is far likelier is not."""
    proposals = np.zeros((4, 1, 4))
    proposals[:, 0, :2] = [[0.8, 0.9], [0.6, 0.9], [0.8, 0.1], [0.6, 0.1]]
    proposals[:, 0, :2] -= workspace.segments[workspace.index("landmark")].box.center[:2]
    scores, rng = np.array([standing, standing, 0.97, 0.97]), np.random.default_rng(0)
    found = {
        choose(
            Ledge(), workspace, (SkillStep("pick_place", "landmark"),), proposals, scores, TieRule(neighbours=1), rng
        )
        for _ in range(30)
    }
    assert {index for index, _ in found} <= chosen and {ties for _, ties in found} == {2}


def put(scene: Scene, name: str, found: Candidate) -> np.ndarray:
    """Where the first step puts what it moves. Shape (2,)."""
    return scene.segments[scene.index(name)].box.center[:2] + found.parameters[0, :2]


def test_a_blind_choice_is_blind(workspace: Scene) -> None:
    """When nothing is likely the placement is a draw from the workspace, not the largest of tiny numbers."""
    goal = parse_goal("above(object_1, table_b) & above(object_2, table_b)")
    unsure, few = AnalyticPredictor(confidence=0.9999), ShootingConfig(candidates=64)
    steps = (SkillStep("pick_place", "box"),)
    sides = [
        put(workspace, "box", shoot(unsure, workspace, steps, goal, np.random.default_rng(seed), config=few))[1] > 0
        for seed in range(60)
    ]
    assert 18 <= sum(sides) <= 42


class Falling(AnalyticPredictor):
    """Expects what is put off the tables to fall, and anything else to be as likely everywhere."""

    elsewhere = 1e-12

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        if any(literal.subject != skeleton[0].object for literal in goal.literals):
            return np.full(len(parameters), self.elsewhere)
        at = scene.segments[scene.index(skeleton[0].object)].box.center[:2] + parameters[:, 0, :2]
        boxes = [scene.segments[scene.index(one.object)].box for one in goal.literals]
        rims = [0.1 if one.relation == "boundary" else 0.0 for one in goal.literals]
        over = [
            np.all(np.abs(at - box.center[:2]) < 0.5 * box.size[:2] - rim, axis=1) != (rim > 0)
            for box, rim in zip(boxes, rims, strict=True)
        ]
        as_wanted = [here == one.value for here, one in zip(over, goal.literals, strict=True)]
        return np.where(np.all(as_wanted, axis=0), 0.9, 0.1)


@pytest.mark.parametrize("likely", [False, True], ids=["guess", "plan"])
def test_what_is_moved_stands_clear_on_furniture_off_its_rim(workspace: Scene, likely: bool) -> None:
    """The goal is about contents; where their box stands, and whether it stands, is all the same to it."""
    expecting = Falling()
    expecting.elsewhere = 0.99 if likely else 1e-12
    goal = parse_goal("above(object_1, table_b) & above(object_2, table_b)")
    tables = [segment.box for segment in workspace.segments if not segment.movable]
    others = [segment.box for segment in workspace.segments if segment.movable and segment.name != "box"]
    sides = []
    for seed in range(40):
        found = shoot(expecting, workspace, (SkillStep("pick_place", "box"),), goal, np.random.default_rng(seed))
        at = put(workspace, "box", found)
        assert any(np.all(np.abs(at - one.center[:2]) < 0.5 * one.size[:2] - 0.1) for one in tables)
        assert all(np.linalg.norm(at - one.center[:2]) > 0.5 * np.linalg.norm(one.size[:2]) for one in others)
        sides.append(at[1] > 0)
    assert likely or 10 <= sum(sides) <= 30, "a guess is uniform otherwise"


def test_a_likely_plan_puts_nothing_where_another_object_stands(workspace: Scene, simple: AnalyticPredictor) -> None:
    """The goal says nothing against a box set down on the landmark, and by the relations it is as good there."""
    goal, steps = parse_goal("above(box, table_b)"), (SkillStep("pick_place", "box"),)
    mark, box = (workspace.segments[workspace.index(name)].box for name in ("landmark", "box"))
    few = ShootingConfig(candidates=200, ties=TieRule(neighbours=1))
    for seed in range(20):
        found = shoot(simple, workspace, steps, goal, np.random.default_rng(seed), config=few)
        there = put(workspace, "box", found), box.size, np.array(box.yaw)
        assert separation(there, (mark.center[:2], mark.size, np.array(mark.yaw))) >= CLEAR


def test_where_nothing_else_is_likely_an_object_is_put_upon_another(
    workspace: Scene, simple: AnalyticPredictor
) -> None:
    goal, steps = parse_goal("inside(landmark, box)"), (SkillStep("pick_place", "landmark"),)
    found = shoot(simple, workspace, steps, goal, np.random.default_rng(0))
    assert found.probability > 0.9


def test_three_steps_are_found_with_as_many_redraws_for_each(workspace: Scene, simple: AnalyticPredictor) -> None:
    goal = parse_goal("inside(landmark, box) & above(object_1, table_b) & above(object_2, table_b)")
    skeleton = tuple(SkillStep("pick_place", name) for name in ("object_1", "object_2", "landmark"))
    found = [shoot(simple, workspace, skeleton, goal, np.random.default_rng(seed)) for seed in range(10)]
    assert (
        all(one.evaluated == 400 + 2 * 3 * 150 for one in found)
        and np.mean([one.probability > 0.9 for one in found]) >= 0.9
    )


@pytest.mark.parametrize(("candidates", "evaluated"), [(1, 1), (3, 1 + 4 * 1), (17, 7 + 4 * 3)])
def test_few_candidates_are_redrawn_too(
    workspace: Scene, simple: AnalyticPredictor, candidates: int, evaluated: int
) -> None:
    found = shoot(
        simple, workspace, (OBJECT, OBJECT), parse_goal("above(object_1, table_b)"), np.random.default_rng(0),
        config=ShootingConfig(candidates=candidates), belief=0.0,
    )  # fmt: skip
    assert found.evaluated == evaluated and found.parameters.shape == (2, 4)


def test_the_surest_of_near_equals_is_in_the_middle_of_what_is_likely() -> None:
    """A placement at the rim of the likely region is as probable and falls off the table."""
    placements = np.zeros((1000, 1, 4))
    placements[:, 0, :2] = np.random.default_rng(0).uniform([0.4, -1.0], [0.9, 1.0], (1000, 2))
    likely = (np.abs(placements[:, 0, 0] - 0.65) < 0.15) & (np.abs(placements[:, 0, 1] - 0.5) < 0.2)
    chosen = np.flatnonzero(likely)
    best = chosen[np.argmax(sureness(likely.astype(float), placements, chosen, 20))]
    assert abs(placements[best, 0, 0] - 0.65) < 0.1 and abs(placements[best, 0, 1] - 0.5) < 0.15


def test_what_is_likely_where_the_robot_is_off_is_taken_before_what_is_likely_only_exactly(workspace: Scene) -> None:
    """A capsule was put 4.5 cm beside the middle of its cup, where it just fitted, and met the rim."""
    steps = (SkillStep("pick_place", "object_1"), SkillStep("pick_place", "object_2"))
    places = np.zeros((2, 2, 4))
    places[1, :, 0] = 0.045  # both steps at the rim of what is likely

    def likely(proposals: np.ndarray) -> np.ndarray:
        return np.asarray((np.abs(proposals[..., 0]) < 0.05).all(axis=1), float)

    worth = robustness(likely, steps, places, TieRule(asked_off=200), np.random.default_rng(0))
    assert worth[0] > 0.98 and worth[1] < 0.5
    others = robustness(
        lambda rows: np.abs(rows[..., 2:]).max((1, 2)), steps, places, TieRule(), np.random.default_rng(0)
    )
    assert np.all(others == 0.0), "angles are left as they are, and heights, which no model was shown another of"
    best, _ = choose(
        Ledge(), workspace, steps, places, np.ones(2), TieRule(neighbours=1), np.random.default_rng(0), likely
    )
    assert best == 0


def test_steps_of_skills_with_different_parameters_share_a_plan(
    workspace: Scene, simple: AnalyticPredictor, push: str
) -> None:
    """Each call has the parameters of its own skill, and its objects are those that the skill applies to."""
    steps = (SkillStep("pick_place", "landmark"), SkillStep(push, "landmark"), SkillStep(push, "box"))
    assert check_skeleton(workspace, steps) == steps
    assert {step.skill for step in possible_steps(workspace, (push,))} == {push}
    proposals = drawn(workspace, steps, 7, np.random.default_rng(0), Workspace())
    parameters, ends = parameters_of(workspace, steps, proposals), ends_of(workspace, steps, proposals)
    assert parameters.shape == (7, 3, 4) and not parameters[:, 1:, 2:].any()
    assert np.allclose(ends[:, 1, 1] - ends[:, 0, 1], proposals[:, 1, 0]), (
        "a stroke is the same from wherever it starts"
    )
    goal = parse_goal("above(landmark, table_a) & above(box, table_a)")
    plan = Planner(lambda: simple).plan(workspace, goal, 0, steps)
    assert [len(call.parameter) for call in plan.calls] == [4, 2, 2] and plan.probability > 0.9


def test_a_search_uses_the_skills_it_is_given(workspace: Scene, simple: AnalyticPredictor, push: str) -> None:
    goal = parse_goal("above(landmark, table_a)")
    for skills in (("pick_place",), ("pick_place", push)):
        plan = Planner(lambda: simple, PlannerConfig(skills=skills)).plan(workspace, goal, 0)
        assert plan.probability > 0.9 and {call.skill for call in plan.calls} == {"pick_place"}, "a stroke is too short"
    with pytest.raises(SettingError, match=f"must be some of: {', '.join(actions.names)}"):
        PlannerConfig(skills=("juggle",))


def test_proposals_of_several_steps_aim_at_where_the_goal_wants_an_object_or_what_is_in_it() -> None:
    goal = parse_goal("inside(object_1, box) & above(object_1, table_b) & left(object_1, landmark)")
    assert destinations(goal, "object_1") == {"box", "table_b"}
    assert destinations(goal, "box") == {"table_b"}, "it shall go where its content shall"
    assert destinations(goal, "landmark") == frozenset(), "beside it says nothing of where it shall be"
    twice = parse_goal(
        "above(object_1, table_b) & contact(object_1, table_b) & inside(object_2, box) & above(object_2, box)"
    )
    assert destinations(twice, "object_1") == {"table_b"}, "that it touches it too takes nothing away"
    assert destinations(twice, "box") == frozenset()


def test_two_objects_that_a_plan_puts_into_one_place_meet_there(workspace: Scene) -> None:
    steps = (SkillStep("pick_place", "landmark"), SkillStep("pick_place", "object_1"))
    center = {one.name: one.box.center[:2] for one in workspace.segments}
    proposals = np.zeros((3, 2, 4))
    for row, (first, second) in enumerate([((0.6, -0.2), (0.6, -0.2)), ((0.6, -0.2), (0.6, -0.9)),
                                           ((0.6, -0.2), tuple(center["landmark"]))]):  # fmt: skip
        proposals[row, 0, :2] = np.array(first) - center["landmark"]
        proposals[row, 1, :2] = np.array(second) - center["object_1"]
    assert list(meetings(workspace, steps, proposals)) == [1, 0, 0], "where the landmark was, there is room now"


def test_what_is_pushed_against_another_is_not_put_down_there(workspace: Scene) -> None:
    there = (workspace.segments[workspace.index(name)].box.center[:2] for name in ("landmark", "object_1"))
    by = np.subtract(*there)[None, None]
    assert list(meetings(workspace, (SkillStep("push", "object_1"),), by)) == [0]
    placed = np.concatenate([by, np.zeros_like(by)], -1)
    assert list(meetings(workspace, (SkillStep("pick_place", "object_1"),), placed)) == [1]
