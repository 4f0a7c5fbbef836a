"""Planner on predictors that know the truth: free search, abstention, restarts, and what a plan prints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.errors import (
    BadScoresError,
    BadSkeletonError,
    NothingMovableError,
    StaleWeightsError,
    UnplannableSkillError,
)
from f2p.plan.planner import Planner, PlannerConfig
from f2p.plan.tree import StepStatus, plan_tree
from f2p.scene.errors import UnknownObjectError
from f2p.scene.goals import parse_goal
from f2p.types import Box, Goal, Plan, Scene, Segment, SkillCall, SkillStep

CARRY = "above(object_1, table_b) & above(object_2, table_b)"
CLEAR = "above(box, table_b) & above(object_1, table_a) & above(object_2, table_a)"
PICK_BOX = (SkillStep("pick_place", "box"),)


def moved(plan: Plan) -> list[str]:
    """Names of what the plan moves, in order."""
    return [call.object for call in plan.calls]


@pytest.mark.parametrize("seed", range(3))
def test_contents_are_carried_one_by_one_by_a_model_that_does_not_know_better(
    workspace: Scene, simple: AnalyticPredictor, seed: int
) -> None:
    plan = Planner(lambda: simple).plan(workspace, parse_goal(CARRY), seed)
    assert plan.believed and sorted(moved(plan)) == ["object_1", "object_2"]
    assert len(plan.predictions) == 2 and plan.predictions[-1].relations.value("above", "object_2", "table_b") > 0.9


def test_one_skill_is_not_enough_for_it_and_the_guess_is_no_plan(workspace: Scene, simple: AnalyticPredictor) -> None:
    plan = Planner(lambda: simple).plan(workspace, parse_goal(CARRY), seed=1, horizon=1)
    assert not plan.believed and plan.probability < 0.01 and len(plan.calls) == 1
    assert "a guess, not believed" in plan_tree(plan)


def test_the_box_is_carried_by_a_model_that_knows(workspace: Scene, knowing: AnalyticPredictor) -> None:
    plan = Planner(lambda: knowing).plan(workspace, parse_goal(CARRY), seed=2)
    assert plan.believed and moved(plan) == ["box"] and plan.weights_id == "knowing"


@pytest.mark.parametrize("seed", range(3))
def test_clearing_the_box_away(
    workspace: Scene, simple: AnalyticPredictor, knowing: AnalyticPredictor, seed: int
) -> None:
    naive = Planner(lambda: simple).plan(workspace, parse_goal(CLEAR), seed)
    assert naive.believed and moved(naive) == ["box"]
    wise = Planner(lambda: knowing).plan(workspace, parse_goal(CLEAR), seed)
    assert wise.believed and sorted(moved(wise)) == ["box", "object_1", "object_2"]


def test_what_travels_is_brought_back_from_where_it_is_expected(workspace: Scene, knowing: AnalyticPredictor) -> None:
    """From where the contents lay before, only the near edge of their table was in the workspace."""
    middle = workspace.segments[workspace.index("table_a")].box.center[1]
    for seed in range(4):
        plan = Planner(lambda: knowing).plan(workspace, parse_goal(CLEAR), seed)
        centers = np.array([segment.box.center for segment in workspace.segments])
        for call, prediction in zip(plan.calls, plan.predictions, strict=True):
            back = call.object != "box" and "box" in [one.object for one in plan.calls[: plan.calls.index(call)]]
            if back and centers[workspace.index(call.object), 1] + call.parameter[1] > middle:
                return
            centers = centers + prediction.displacements
    pytest.fail("in none of eight plans beyond the middle of the table")


def test_bringing_the_packed_box(workspace: Scene, simple: AnalyticPredictor, knowing: AnalyticPredictor) -> None:
    goal = parse_goal("inside(object_1, box) & inside(object_2, box) & above(box, table_b)")
    assert moved(Planner(lambda: knowing).plan(workspace, goal, seed=3)) == ["box"]
    naive = Planner(lambda: simple).plan(workspace, goal, seed=3)
    assert naive.believed and moved(naive)[0] == "box" and sorted(moved(naive)[1:]) == ["object_1", "object_2"]


def test_three_steps_that_build_on_one_another(workspace: Scene, simple: AnalyticPredictor) -> None:
    plan = Planner(lambda: simple).plan(workspace, parse_goal("not above(landmark, table_b) & " + CARRY), seed=4)
    assert plan.believed and sorted(moved(plan)) == ["landmark", "object_1", "object_2"]


def test_a_proposal_is_used_as_it_is_and_never_passed_off_as_a_plan(
    workspace: Scene, simple: AnalyticPredictor
) -> None:
    plan = Planner(lambda: simple).plan(workspace, parse_goal(CARRY), seed=5, proposal=PICK_BOX)
    assert moved(plan) == ["box"] and not plan.believed and plan.probability < 1e-5


def test_nothing_to_do_when_the_goal_holds(workspace: Scene, simple: AnalyticPredictor) -> None:
    plan = Planner(lambda: simple).plan(workspace, parse_goal("above(landmark, table_b)"), seed=6)
    assert plan.calls == () and plan.believed and "nothing to do" in plan_tree(plan)


def test_the_same_seed_gives_the_same_plan(workspace: Scene, simple: AnalyticPredictor) -> None:
    one, two, other = (Planner(lambda: simple).plan(workspace, parse_goal(CARRY), seed) for seed in (7, 7, 8))
    assert one.id == two.id != other.id
    assert all(np.array_equal(a.parameter, b.parameter) for a, b in zip(one.calls, two.calls, strict=True))


def test_retired_weights_start_the_plan_again(workspace: Scene, simple: AnalyticPredictor) -> None:
    class Retired(AnalyticPredictor):
        def score(self, *_: object, **__: object) -> np.ndarray:
            raise StaleWeightsError("old", ("new",))

    served = [Retired("old"), simple]
    plan = Planner(lambda: served.pop(0)).plan(workspace, parse_goal(CARRY), seed=9)
    assert plan.weights_id == simple.weights_id and served == []
    with pytest.raises(StaleWeightsError, match="weights old are retired; served now: new"):
        Planner(lambda: Retired("old")).plan(workspace, parse_goal(CARRY), seed=9)


def test_bad_questions_are_refused_with_the_choices(workspace: Scene, simple: AnalyticPredictor) -> None:
    planner = Planner(lambda: simple)
    with pytest.raises(UnknownObjectError, match="table_b"):
        planner.plan(workspace, parse_goal("above(apple, table_b)"), seed=0)
    with pytest.raises(
        BadSkeletonError, match="'table_a' cannot be moved by pick_place; movable objects: box, object_1"
    ):
        planner.plan(workspace, parse_goal(CARRY), seed=0, proposal=(SkillStep("pick_place", "table_a"),))
    with pytest.raises(BadSkeletonError, match="'apple' is not in the scene"):
        planner.plan(workspace, parse_goal(CARRY), seed=0, proposal=(SkillStep("pick_place", "apple"),))
    with pytest.raises(BadSkeletonError, match="it has no steps"):
        planner.plan(workspace, parse_goal(CARRY), seed=0, proposal=())
    with pytest.raises(UnplannableSkillError, match="'juggle'; choose one of: pick_place"):
        planner.plan(workspace, parse_goal(CARRY), seed=0, proposal=(SkillStep("juggle", "box"),))
    furniture = Scene(workspace.segments[:2])
    with pytest.raises(NothingMovableError, match="seen: table_a, table_b"):
        planner.plan(furniture, parse_goal("above(table_a, table_b)"), seed=0)


@pytest.mark.parametrize("answer", [np.nan, 2.0, -0.5])
def test_a_model_without_probabilities_is_refused(workspace: Scene, answer: float) -> None:
    class Broken(AnalyticPredictor):
        def score(self, scene: Scene, skeleton: object, parameters: np.ndarray, goal: Goal) -> np.ndarray:
            return np.full(len(parameters), answer)

    with pytest.raises(BadScoresError, match="weights broken gave no usable probabilities"):
        Planner(lambda: Broken("broken")).plan(workspace, parse_goal(CARRY), seed=0)


def test_the_tree_names_every_step_and_how_it_went(workspace: Scene, simple: AnalyticPredictor) -> None:
    plan = Planner(lambda: simple).plan(workspace, parse_goal(CARRY), seed=1)
    text = plan_tree(plan, (StepStatus.DONE,))
    assert text.count("pick_place(object_") == 2 and "├─ ✓ 1" in text and "└─ ○ 2" in text
    assert f"above(object_1, table_b) {0.999:.2f}" in text and plan.id in text


def test_the_belief_threshold_is_a_setting(workspace: Scene, simple: AnalyticPredictor) -> None:
    strict = Planner(lambda: simple, PlannerConfig(belief=0.9999))
    assert not strict.plan(workspace, parse_goal(CLEAR), seed=0).believed


def test_a_goal_may_speak_of_one_object_alone(workspace: Scene, simple: AnalyticPredictor) -> None:
    goal = parse_goal("above(landmark, table_a) & movable(landmark) & not drawer_open(box)")
    plan = Planner(lambda: simple).plan(workspace, goal, 0)
    assert plan.believed and "not drawer_open(box) 1.00" in plan_tree(plan)
    assert not Planner(lambda: simple).plan(workspace, parse_goal("drawer_open(box)"), 0).believed


def test_a_drawer_is_opened_by_the_skill_that_opens_and_what_stands_fast_stays_at_its_height() -> None:
    drawer = Segment("drawer", "drawer", Box([1.0, 0.3, 0.6], [0.36, 0.4, 0.15]), np.zeros((0, 3)))
    scene, planner = Scene((drawer,)), Planner(AnalyticPredictor, PlannerConfig(skills=("slide_drawer",)))
    plan = planner.plan(scene, parse_goal("drawer_open(drawer)"), 0)
    assert plan.believed and plan.calls[0].skill == "slide_drawer" and plan.calls[0].parameter[0] > 0.02
    assert not plan.predictions[0].displacements.any()
    ajar = Scene((replace(drawer, opening=0.2),))
    plan = planner.plan(ajar, parse_goal("not drawer_open(drawer)"), 0)
    assert plan.believed and plan.calls[0].parameter[0] < -0.17


class Credulous(AnalyticPredictor):
    """Believes in every push towards +y, the more the farther it goes."""

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        pushed = [index for index, step in enumerate(skeleton) if step.skill == "push"]
        far = parameters[:, pushed, 1].sum(axis=1)
        return np.where(far > 0.03, 0.7 + far, 0.05)


def test_a_search_pushes_nothing_for_which_fingers_find_no_room(workspace: Scene) -> None:
    """What lay in a full box was pushed out of it through the wall, as the model believed that it could be."""
    config = PlannerConfig(skills=("push",))
    for seed in range(4):
        plan = Planner(Credulous, config).plan(workspace, parse_goal("above(object_1, table_b)"), seed, horizon=2)
        assert plan.believed and {call.object for call in plan.calls} <= {"box", "landmark"}


def test_where_the_hand_has_room_for_nothing_the_guess_is_worth_nothing(workspace: Scene) -> None:
    """An empty list of guesses ended the search in a bare ValueError."""
    crowded = Scene(
        tuple(
            replace(one, box=replace(one.box, size=one.box.size * [1.0, 1.0, 3.0])) if one.name == "box" else one
            for one in workspace.segments if one.name != "landmark"
        )
    )  # fmt: skip
    config = PlannerConfig(skills=("push",))
    plan = Planner(Credulous, config).plan(crowded, parse_goal("above(object_1, table_b)"), 0)
    assert not plan.believed and plan.probability == 0.0 and [call.skill for call in plan.calls] == ["push"]


@pytest.mark.parametrize("seed", [1, 3])
def test_a_search_leaves_a_box_well_on_its_table_whatever_it_believes_of_edges(
    workspace: Scene, careless: AnalyticPredictor, seed: int
) -> None:
    """Set down between two tables, contents were believed to be on both; 12 of 32 plans ended like that."""
    plan = Planner(lambda: careless).plan(workspace, parse_goal(CLEAR), seed)
    end = workspace.segments[workspace.index("box")].box.center + sum(
        one.displacements[workspace.index("box")] for one in plan.predictions
    )
    table, size = (
        workspace.segments[workspace.index("table_b")].box,
        workspace.segments[workspace.index("box")].box.size,
    )
    assert plan.believed and np.all(np.abs(end - table.center)[:2] <= 0.5 * table.size[:2] - 0.25 * size[:2])


PUSH = SkillStep("push", "landmark")


@pytest.mark.parametrize(
    "proposal", [(PUSH,), (PUSH, SkillStep("pick_place", "box")), None], ids=["one step", "several", "searched"]
)
def test_what_was_refused_once_is_not_asked_for_again(workspace: Scene, proposal: tuple[SkillStep, ...] | None) -> None:
    """An untaught robot asked for the same push six times, and was refused six times."""
    planner, goal = Planner(Credulous, PlannerConfig(skills=("push",))), parse_goal("above(landmark, table_a)")
    before = planner.plan(workspace, goal, 0, proposal, 1)
    first = before.calls[0]
    again = planner.plan(workspace, goal, 1, proposal, 1, (SkillCall(first.skill, first.object, first.parameter),))
    same = [call for call in again.calls if call.step == first.step]
    assert before.believed and again.believed, "shorter ones are as likely as before"
    assert all(call.parameter @ first.parameter < 0.9 * first.parameter @ first.parameter for call in same)
    everywhere = tuple(SkillCall("push", name, np.array([0.0, 0.001])) for name in workspace.names)
    assert not planner.plan(workspace, goal, 1, proposal, 1, everywhere).believed
