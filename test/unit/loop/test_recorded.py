"""What a task writes down: the weights that predicted each step, failures with cause, evidence and what to do now."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.events import Noted
from f2p.loop.achieve import Verdict
from f2p.loop.recorded import RecordedStack
from f2p.monitor.advice import next_action
from f2p.scene.goals import parse_goal
from f2p.types import Cause, Execution, Goal, Plan, Scene, SkillCall, SkillStep

GOAL, SCENE = parse_goal("above(object, table_b)"), Scene(())


class Scripted:
    """A stack that says what it is told to; each plan has weights of its own."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts, self.plans = list(verdicts), 0

    def perceive(self, sought: tuple[str, ...]) -> Scene:
        return SCENE

    def plan(
        self, scene: Scene, goal: Goal, proposal: tuple[SkillStep, ...], seed: int, refused: tuple[SkillCall, ...] = ()
    ) -> Plan:
        self.plans, self.refused = self.plans + 1, refused
        calls = (SkillCall("pick_place", "object", np.zeros(4)),) * 2
        return Plan(f"p{self.plans}", goal, calls, 0.9, (), f"w{self.plans}", True)

    def execute(self, scene: Scene, plan: Plan, index: int) -> Execution:
        return Execution(True, duration_s=1.5)

    def check(self, before: Scene, after: Scene, plan: Plan, index: int, execution: Execution) -> Verdict:
        return self.verdicts.pop(0)

    def learn(self, verdict: Verdict, seed: int) -> str:
        return "w9"


def failed(cause: Cause) -> Verdict:
    return Verdict(True, "failure-1", cause, "/cases/failure-1", "above was predicted, and is not so")


def step(stack: RecordedStack, plan: Plan, index: int, execution: Execution | None = None) -> None:
    stack.check(SCENE, SCENE, plan, index, execution or stack.execute(SCENE, plan, index))


def run(*verdicts: Verdict) -> tuple[RecordedStack, list[Noted]]:
    events: list[Noted] = []
    return RecordedStack(Scripted(*verdicts), events.append, "task1"), events


def test_what_was_refused_is_passed_on() -> None:
    scripted, refused = Scripted(), (SkillCall("pick_place", "object", np.zeros(4)),)
    RecordedStack(scripted, lambda _: None, "task1").plan(SCENE, GOAL, (), 0, refused)
    assert scripted.refused is refused


def test_each_step_names_the_weights_that_predicted_it() -> None:
    stack, events = run(Verdict(False), Verdict(False))
    plan = stack.plan(SCENE, GOAL, (), 0)
    step(stack, plan, 0)
    step(stack, plan, 1)
    stack.ended(True, 0, "")
    assert [event.kind for event in events] == ["plan", "step", "step", "attempt", "task"]
    assert {event.task for event in events} == {"task1"} and {event.weights for event in events} == {"w1"}
    assert [event.step for event in events[1:3]] == [0, 1] and events[2].text == "step 2 of 2, pick_place(object): done"
    assert events[3].facts == {"reached": True, "counts": True, "steps": 2} and events[4].facts["reached"]


def test_a_failure_says_its_cause_the_evidence_and_what_to_do_now() -> None:
    stack, events = run(failed(Cause.MODEL), Verdict(False))
    step(stack, stack.plan(SCENE, GOAL, (), 0), 0)
    second = stack.plan(SCENE, GOAL, (), 1)
    failure = next(event for event in events if event.kind == "failure")
    assert failure.failure == "failure-1" and failure.weights == "w1" and failure.facts["cause"] == "model"
    assert "above was predicted, and is not so" in failure.text and "f2p learn /cases/failure-1" in failure.text
    step(stack, second, 0)
    stack.ended(True, 0, "")
    attempts = [(one.weights, one.facts["reached"], one.facts["counts"]) for one in events if one.kind == "attempt"]
    assert attempts == [("w1", False, True), ("w2", True, True)]


@pytest.mark.parametrize("cause", [Cause.EXECUTION, Cause.PERCEPTION, Cause.SIMULATION_GAP, Cause.UNKNOWN])
def test_what_the_weights_are_not_to_blame_for_does_not_count(cause: Cause) -> None:
    stack, events = run(failed(cause))
    step(stack, stack.plan(SCENE, GOAL, (), 0), 0)
    stack.ended(False, 479, "unclear")
    (attempt,) = (one for one in events if one.kind == "attempt")
    assert attempt.facts["counts"] is False and events[-1].code == 479 and "not reached: unclear" in events[-1].text


def test_an_attempt_that_was_cut_short_does_not_count() -> None:
    stack, events = run(Verdict(False))
    plan = stack.plan(SCENE, GOAL, (), 0)
    step(stack, plan, 0)
    stack.execute(SCENE, plan, 1)
    stack.ended(False, 473, "canceled")
    assert [one.facts["counts"] for one in events if one.kind == "attempt"] == [False]


def test_a_plan_that_was_never_followed_is_no_attempt() -> None:
    stack, events = run()
    stack.plan(SCENE, GOAL, (), 0)
    stack.ended(False, 471, "not believed")
    assert [event.kind for event in events] == ["plan", "task"]


def test_an_executors_error_is_in_the_step_and_in_the_advice() -> None:
    stack, events = run(failed(Cause.EXECUTION))
    step(stack, stack.plan(SCENE, GOAL, (), 0), 0, Execution(False, 612, "no grasp"))
    assert events[1].code == 612 and "error 612: no grasp" in events[1].text
    assert "(error 612, see docs/errors.md)" in events[2].facts["action"]


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_something_to_do(cause: Cause) -> None:
    action = next_action(cause)
    assert len(action) > 20 and "{" not in action
