"""The policy of AchieveGoal on a stack of canned answers: what it learns from, what it retries, when it gives up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from f2p.errors import CanceledError
from f2p.loop.achieve import MOST_REFUSALS, Achiever, Verdict
from f2p.loop.errors import (
    AttemptsUsedUpError,
    FailedTwiceError,
    GivenUpError,
    LearningError,
    NoBelievedPlanError,
    NodeDeadError,
    RemoteError,
    UnclearFailureError,
)
from f2p.loop.operator import Choice, Plea
from f2p.robot.errors import LeaveWithdrawnError, TakenOverError
from f2p.ros.errors import GateFailedError
from f2p.scene.errors import UnknownObjectError
from f2p.scene.goals import parse_goal
from f2p.types import (
    Box,
    Cause,
    Execution,
    Goal,
    LearnFrom,
    Plan,
    Prediction,
    Relations,
    Scene,
    Segment,
    SkillCall,
    SkillStep,
)

GOAL = parse_goal("above(object, table_b)")
PROPOSAL = (SkillStep("pick_place", "object"),)


def scene(reached: bool) -> Scene:
    def segment(name: str, prior: str, center: tuple[float, ...], size: tuple[float, ...]) -> Segment:
        return Segment(name, prior, Box(np.array(center), np.array(size)), np.zeros((1, 3)))

    y = -0.55 if reached else 0.55
    return Scene((
        segment("table_a", "table", (0.7, 0.55, 0.475), (0.5, 0.9, 0.05)),
        segment("table_b", "table", (0.7, -0.55, 0.475), (0.5, 0.9, 0.05)),
        segment("object", "cuboid", (0.7, y, 0.525), (0.05, 0.05, 0.05)),
    ))  # fmt: skip


@dataclass
class Canned:
    """A stack that answers from lists; the object arrives at attempt `arrives`."""

    arrives: int = 1
    believed: bool = True
    verdicts: list[Verdict] = field(default_factory=list)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    sought: list[tuple[str, ...]] = field(default_factory=list)
    lost: bool = False
    executed: int = 0
    refused: list[list[float]] = field(default_factory=list)

    def _told(self, name: str) -> None:
        self.calls.append(name)
        if self.errors.get(name):
            raise self.errors[name].pop(0)

    def perceive(self, sought: tuple[str, ...]) -> Scene:
        self._told("perceive")
        self.sought.append(sought)
        seen = scene(self.executed >= self.arrives)
        return Scene(seen.segments[:-1]) if self.lost and self.executed else seen

    def plan(
        self, seen: Scene, goal: Goal, proposal: tuple[SkillStep, ...], seed: int, refused: tuple[SkillCall, ...] = ()
    ) -> Plan:
        self._told("plan")
        self.refused.append([call.parameter[0] for call in refused])
        names, count = seen.names, len(seen.names)
        empty = Relations(names, np.zeros((count, 3)), np.zeros((count, count, 9)))
        calls = (SkillCall("pick_place", "object", np.array([float(seed), 0.0, 0.0, 0.0])),)
        return Plan("p", goal, calls, 0.9, (Prediction(empty, np.zeros((count, 3))),), "w0", self.believed)

    def execute(self, seen: Scene, plan: Plan, index: int) -> Execution:
        self._told("execute")
        self.executed += 1
        return self.executions.pop(0) if self.executions else Execution(True)

    def check(self, before: Scene, after: Scene, plan: Plan, index: int, execution: Execution) -> Verdict:
        self._told("check")
        return self.verdicts.pop(0) if self.verdicts else Verdict(False)

    def learn(self, verdict: Verdict, seed: int) -> str:
        self._told("learn")
        return "w1"


def pursue(stack: Canned, attempts: int = 2, learn_from: LearnFrom = LearnFrom.MISSES,
           proposal: tuple[SkillStep, ...] = PROPOSAL, goal: Goal = GOAL) -> Achiever:  # fmt: skip
    achiever = Achiever(stack, lambda _stage, _detail: None, lambda: False)
    achiever.achieve(goal, proposal, attempts, learn_from, seed=0)
    return achiever


def failed(cause: Cause) -> Verdict:
    return Verdict(True, f"failure-{cause.value}", cause, "/somewhere", "it went otherwise")


def test_a_plan_that_works_is_the_end_of_it() -> None:
    stack = Canned()
    record = pursue(stack).record
    assert stack.calls == ["perceive", "plan", "execute", "perceive", "check"]
    assert stack.sought == [(), ("object",)], "what was just handled is looked for, not guessed"
    assert (record.attempts, record.weights_id, record.failure_ids) == (1, "w0", [])


def test_a_goal_that_holds_needs_no_plan_unless_one_is_proposed() -> None:
    stack = Canned(arrives=0)
    pursue(stack, proposal=())
    assert stack.calls == ["perceive"]


def test_a_model_failure_is_learned_from_and_tried_again() -> None:
    stack = Canned(arrives=2, verdicts=[failed(Cause.MODEL)])
    record = pursue(stack).record
    assert stack.calls[5:7] == ["learn", "perceive"]
    assert record.failure_ids == ["failure-model"] and record.attempts == 2


def test_a_goal_reached_by_luck_is_reached_and_its_failure_kept_for_later() -> None:
    """Learning takes half a minute of the robot's time; the folder can be learned from whenever there is some."""
    stack, told = Canned(arrives=1, verdicts=[failed(Cause.MODEL)]), []
    achiever = Achiever(stack, lambda _stage, detail: told.append(detail), lambda: False)
    achiever.achieve(GOAL, PROPOSAL, 2, LearnFrom.MISSES, seed=0)
    assert "learn" not in stack.calls and achiever.record.failure_ids == ["failure-model"]
    assert achiever.record.attempts == 1 and told[-1].endswith("holds, by luck; its failure is kept in /somewhere")


def test_luck_teaches_where_that_is_wanted() -> None:
    stack = Canned(arrives=1, verdicts=[failed(Cause.MODEL)])
    record = pursue(stack, learn_from=LearnFrom.CONTRADICTIONS).record
    assert stack.calls[-1] == "learn" and (record.attempts, record.weights_id) == (1, "w1")


@pytest.mark.parametrize("cause", [Cause.EXECUTION, Cause.SIMULATION_GAP])
def test_other_causes_are_retried_and_never_taught(cause: Cause) -> None:
    stack = Canned(arrives=2, verdicts=[failed(cause)])
    pursue(stack)
    assert "learn" not in stack.calls and stack.calls.count("execute") == 2


def test_learning_may_be_forbidden() -> None:
    stack = Canned(arrives=2, verdicts=[failed(Cause.MODEL)])
    pursue(stack, learn_from=LearnFrom.NOTHING)
    assert "learn" not in stack.calls


def test_perception_failures_are_looked_at_again_first() -> None:
    stack = Canned(verdicts=[failed(Cause.PERCEPTION), Verdict(False)])
    pursue(stack)
    assert stack.calls == ["perceive", "plan", "execute", "perceive", "check", "perceive", "check"]
    assert stack.sought[1:] == [("object",)] * 2


def test_an_unclear_cause_is_a_persons_business() -> None:
    with pytest.raises(UnclearFailureError, match="a person should look at /somewhere"):
        pursue(Canned(arrives=9, verdicts=[failed(Cause.UNKNOWN)]))


def test_a_guess_is_executed_only_as_a_proposal() -> None:
    with pytest.raises(NoBelievedPlanError, match="Propose a skeleton"):
        pursue(Canned(believed=False), proposal=())
    pursue(Canned(believed=False))


def test_failed_skills_use_up_attempts_and_say_so() -> None:
    stack = Canned(arrives=9, executions=[Execution(False, 422, "closed on nothing", 3.0)] * 2)
    with pytest.raises(AttemptsUsedUpError, match="closed on nothing"):
        pursue(stack)


REFUSED = Execution(False, 441, "over the edge", refused=True)


def test_a_refused_step_moves_nothing_and_uses_up_no_attempt_but_not_for_ever() -> None:
    """A push that would shove something over an edge was refused, and with it ended the only attempt."""
    stack = Canned(arrives=3, executions=[REFUSED] * 2)
    achiever = pursue(stack, attempts=1)
    assert achiever.record.attempts == 3 and not achiever.record.failure_ids
    assert stack.calls.count("check") == 1, "what was not done contradicts no prediction"
    with pytest.raises(AttemptsUsedUpError, match="over the edge"):
        pursue(stack := Canned(arrives=99, executions=[REFUSED] * 99), attempts=1)
    assert stack.executed == MOST_REFUSALS + 1


def test_the_planner_hears_what_was_refused_until_something_may_have_moved() -> None:
    """An untaught robot was refused six times in a row."""
    slipped = Execution(False, 422, "closed on nothing", 3.0)
    stack = Canned(arrives=6, executions=[REFUSED, REFUSED, slipped, REFUSED])
    pursue(stack, attempts=3)
    assert stack.refused == [[], [0.0], [0.0, 1.0], [], [3.0], []], "plans are told apart by their seeds"
    stack = Canned(arrives=3, executions=[REFUSED, TAKEN])
    beside(stack, Person([Choice.RESUME]))
    assert stack.refused == [[], [0.0], []], "a person who had the robot may have moved anything"


def test_a_robot_that_was_taken_over_ends_the_goal() -> None:
    """What happens next is for whoever took it to say."""
    stack = Canned(executions=[Execution(False, TakenOverError.code, "operator took the robot", 1.0)])
    with pytest.raises(TakenOverError, match="the goal is over"):
        pursue(stack, attempts=3)
    assert stack.calls == ["perceive", "plan", "execute"]
    looking = Canned(errors={"perceive": [RemoteError("operator took the robot", TakenOverError.code)]})
    with pytest.raises(RemoteError):
        pursue(looking, attempts=3)
    assert looking.calls == ["perceive"]


def test_leave_that_was_withdrawn_is_followed_by_a_new_look_and_a_new_plan() -> None:
    stack = Canned(executions=[Execution(False, LeaveWithdrawnError.code, "the guard is gone", 1.0)], arrives=2)
    pursue(stack)
    assert stack.calls == ["perceive", "plan", "execute", "perceive", "check", *["perceive", "plan", "execute"],
                           "perceive", "check"]  # fmt: skip


def test_a_dead_node_costs_an_attempt_not_the_goal() -> None:
    stack = Canned(arrives=1, errors={"execute": [NodeDeadError("executor went away")]})
    assert pursue(stack).record.attempts == 2
    with pytest.raises(NodeDeadError):
        pursue(Canned(errors={"perceive": [NodeDeadError("gone")] * 2}))


def test_a_dead_learner_is_asked_once_more_and_a_refused_one_is_told() -> None:
    stack = Canned(arrives=2, verdicts=[failed(Cause.MODEL)], errors={"learn": [NodeDeadError("finetune went away")]})
    pursue(stack)
    assert stack.calls.count("learn") == 2
    refusing = Canned(arrives=9, verdicts=[failed(Cause.MODEL)], errors={"learn": [GateFailedError("worse")]})
    with pytest.raises(LearningError, match="without new weights: worse"):
        pursue(refusing)


def test_unknown_names_in_the_goal_name_the_choices() -> None:
    with pytest.raises(UnknownObjectError, match="table_b"):
        pursue(Canned(), goal=parse_goal("above(unicorn, table_b)"))


def test_an_object_lost_on_the_way_is_told_with_the_failure_that_lost_it() -> None:
    stack = Canned(lost=True, verdicts=[failed(Cause.EXECUTION)], executions=[Execution(False, 950, "it slipped", 1.0)])
    with pytest.raises(
        AttemptsUsedUpError, match=r"not seen any more: object; failure-execution .*; not seen"
    ) as caught:
        pursue(stack)
    assert caught.value.code == AttemptsUsedUpError.code
    assert stack.calls.count("plan") == 1, "without the object there is nothing to plan"


def test_cancel_is_noticed_between_stages() -> None:
    achiever = Achiever(Canned(), lambda _stage, _detail: None, lambda: True)
    with pytest.raises(CanceledError):
        achiever.achieve(GOAL, PROPOSAL, 2, True, 0)


@pytest.mark.parametrize(
    ("stack", "glyph"),
    [
        (Canned(), "✓"),
        (Canned(verdicts=[failed(Cause.MODEL)]), "≠"),
        (Canned(executions=[Execution(False, 422, "closed on nothing", 1.0)]), "✗"),
        (Canned(errors={"execute": [NodeDeadError("executor went away")]}), "▶"),
    ],
    ids=["done", "contradicted", "failed", "cut short"],
)
def test_each_plan_is_told_as_a_tree_when_it_begins_and_when_it_is_over(stack: Canned, glyph: str) -> None:
    trees: list[tuple[str, bool]] = []

    def tell(tree: str, over: bool) -> None:
        trees.append((tree, over))

    Achiever(stack, lambda _stage, _detail: None, lambda: False, tell).achieve(GOAL, PROPOSAL, 2, True, 0)
    assert "└─ ▶ 1 pick_place(object)" in trees[0][0] and not trees[0][1]
    assert f"└─ {glyph} 1 pick_place(object)" in trees[1][0] and trees[1][1]


@dataclass
class Person:
    """An operator who answers from a list, and takes the robot when told to."""

    answers: list[Choice | None]
    places: tuple[str, ...] = ("the desk (node desk): nod",)
    patience_s: float = 60.0
    takeovers: int = 0
    pleas: list[Plea] = field(default_factory=list)

    def ask(self, plea: Plea) -> Choice | None:
        self.pleas.append(plea)
        return self.answers.pop(0)


TAKEN = Execution(False, TakenOverError.code, "operator took the robot", 1.0)


def beside(stack: Canned, person: Person, attempts: int = 2, proposal: tuple[SkillStep, ...] = PROPOSAL) -> Achiever:
    achiever = Achiever(stack, lambda _stage, _detail: None, lambda: False, operator=person)
    achiever.achieve(GOAL, proposal, attempts, LearnFrom.MISSES, seed=0)
    return achiever


def test_after_a_takeover_nothing_goes_on_before_the_hand_back_and_then_from_a_fresh_look_and_plan() -> None:
    stack, person = Canned(executions=[TAKEN], arrives=2), Person([Choice.RESUME])
    record = beside(stack, person, attempts=1).record
    assert stack.calls[:5] == ["perceive", "plan", "execute", "perceive", "plan"], "no check of a step cut short"
    assert [plea.step for plea in person.pleas] == list(PROPOSAL) and record.choices == [Choice.RESUME]
    assert record.attempts == 2, "what a person interrupts uses up no attempt"


def test_a_takeover_that_nobody_hands_back_ends_the_goal() -> None:
    stack = Canned(executions=[TAKEN])
    with pytest.raises(TakenOverError):
        beside(stack, Person([None]))
    assert stack.calls == ["perceive", "plan", "execute"], "nothing moves by itself"


def test_a_takeover_while_looking_is_one_too() -> None:
    stack = Canned(errors={"perceive": [RemoteError("operator took the robot", TakenOverError.code)]})
    person = Person([Choice.RESUME])
    beside(stack, person, attempts=1)
    assert stack.calls[:3] == ["perceive", "perceive", "plan"] and person.pleas[0].step is None


def test_a_plan_made_before_a_takeover_is_void_though_nothing_moved_then() -> None:
    person = Person([Choice.RESUME])

    class TakenWhilePlanning(Canned):
        def plan(self, *asked: Any) -> Plan:
            person.takeovers = 1
            return super().plan(*asked)

    stack = TakenWhilePlanning()
    beside(stack, person, attempts=1)
    assert stack.calls == ["perceive", "plan", "perceive", "plan", "execute", "perceive", "check"]


@pytest.mark.parametrize("choice", [Choice.DONE, Choice.SKIP])
def test_a_step_marked_done_or_left_out_is_not_done_again(choice: Choice) -> None:
    asked: list[tuple[SkillStep, ...]] = []

    class Listening(Canned):
        def plan(self, seen: Scene, goal: Goal, proposal: tuple[SkillStep, ...], *others: Any) -> Plan:
            asked.append(proposal)
            plan = super().plan(seen, goal, proposal, *others)
            calls = tuple(SkillCall(step.skill, step.object, np.zeros(4)) for step in proposal)
            return replace(plan, calls=calls, predictions=plan.predictions * len(calls))

    stack = Listening(verdicts=[failed(Cause.UNKNOWN)], arrives=2)
    steps = (PROPOSAL[0], SkillStep("pick_place", "other"), SkillStep("pick_place", "object"))
    record = beside(stack, Person([choice]), proposal=steps).record
    assert asked == [steps, steps[1:]] and record.choices == [choice]


def test_the_last_step_marked_done_lets_the_goal_be_looked_at() -> None:
    stack = Canned(executions=[TAKEN], arrives=1)
    beside(stack, Person([Choice.DONE]))
    assert stack.calls == ["perceive", "plan", "execute", "perceive"]


def test_giving_up_ends_it_with_its_reason() -> None:
    with pytest.raises(GivenUpError, match="an operator gave the goal up after: the cause of failure-unknown"):
        beside(Canned(verdicts=[failed(Cause.UNKNOWN)]), Person([Choice.GIVE_UP]))


def test_help_is_asked_for_when_the_cause_is_unknown_the_gate_refuses_or_a_step_fails_twice() -> None:
    unknown = Person([Choice.RESUME])
    beside(Canned(verdicts=[failed(Cause.UNKNOWN)], arrives=2), unknown)
    refused = Person([Choice.RESUME])
    beside(Canned(verdicts=[failed(Cause.MODEL)], arrives=2,
                  errors={"learn": [RemoteError("refused", GateFailedError.code)]}), refused)  # fmt: skip
    twice = Person([Choice.RESUME])
    beside(Canned(executions=[Execution(False, 422, "closed on nothing", 1.0)] * 2, arrives=3), twice)
    codes = [person.pleas[0].error.code for person in (unknown, refused, twice)]
    assert codes == [UnclearFailureError.code, LearningError.code, FailedTwiceError.code]
    assert unknown.pleas[0].failure_id == "failure-unknown" and refused.pleas[0].failure_id == "failure-model"


def test_while_a_person_is_waited_for_it_is_said_at_once_how_long_where_and_how_to_answer_or_end_it() -> None:
    """A goal waited for ten minutes for an operator whose keyboard lay open somewhere, and said only that it did."""
    told: list[tuple[str, str]] = []
    person = Person([Choice.RESUME], places=tuple(f"desk {row}: nod" for row in range(9)))
    stack = Canned(verdicts=[failed(Cause.UNKNOWN)], arrives=2)
    achiever = Achiever(stack, lambda *one: told.append(one), lambda: False, operator=person)
    achiever.achieve(GOAL, PROPOSAL, 2, LearnFrom.MISSES, seed=0)
    waits, answered = (detail for stage, detail in told if stage == "help")
    assert waits.startswith("waiting for an operator, 60 s at most. Answer at desk 0: nod; or at desk 1: nod; or at ")
    assert "To end the goal: give up there, or cancel it where it was asked for (Ctrl-C in f2p run). Why: the " in waits
    assert "the cause of failure-unknown is unknown" in waits
    assert answered == "the operator says: resume" and len(waits) < 1000


def test_where_nobody_can_be_asked_all_is_as_without_an_operator() -> None:
    for stack, error in (
        (Canned(verdicts=[failed(Cause.UNKNOWN)]), UnclearFailureError), (Canned(executions=[TAKEN]), TakenOverError),
        (Canned(executions=[Execution(False, 422, "closed on nothing", 1.0)] * 2, arrives=9), AttemptsUsedUpError),
    ):  # fmt: skip
        person = Person([], places=())
        with pytest.raises(error):
            beside(stack, person)
        assert not person.pleas
