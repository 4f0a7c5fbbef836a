"""The loop that pursues a goal: perceive, plan, execute, check; on a contradiction classify, then learn, retry or ask.

No ROS in here: the stack it drives is a protocol, so that the whole policy can be tested without a process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

from f2p.errors import CanceledError, F2pError
from f2p.loop.errors import (
    AttemptsUsedUpError,
    DeadlineError,
    FailedTwiceError,
    GivenUpError,
    LearningError,
    NoBelievedPlanError,
    NodeDeadError,
    RemoteError,
    UnclearFailureError,
)
from f2p.loop.operator import Choice, Nobody, Operator, Plea
from f2p.plan.tree import StepStatus, plan_tree
from f2p.robot.errors import TakenOverError
from f2p.scene.goals import check_goal, satisfied
from f2p.scene.relations import relations_of
from f2p.types import Cause, Execution, Goal, LearnFrom, Plan, Scene, SkillCall, SkillStep


class Stage(str, Enum):
    """What is being done for a goal; while learning, the learner's own stages are told as well."""

    PERCEIVE = "perceive"
    PLAN = "plan"
    EXECUTE = "execute"
    CHECK = "check"
    CLASSIFY = "classify"
    LEARN = "learn"
    SWAP = "swap"
    RETRY = "retry"
    HELP = "help"

    __str__ = str.__str__


MOST_PLACES, MOST_WHY = 3, 300
"""Places where one can answer, and characters of the reason, that are told (ours: a message bears 1000 in all)."""

MOST_REFUSALS = 5
"""Plans of one goal that the robot may refuse without moving (ours: each costs a look and a plan, ten seconds)."""

Report = Callable[[str, str], None]
"""Called with (stage, one line for people)."""


@dataclass(frozen=True)
class Verdict:
    """What the monitor says of one step."""

    contradicted: bool
    failure_id: str = ""
    cause: Cause = Cause.UNKNOWN
    folder: str = ""
    text: str = ""


class Stack(Protocol):
    """The processes behind the loop. Every method ends within its own deadline, or raises an F2pError."""

    def perceive(self, sought: tuple[str, ...]) -> Scene:
        """Look around; where the `sought` objects are is not guessed, they are seen or not in the scene."""

    def plan(
        self, scene: Scene, goal: Goal, proposal: tuple[SkillStep, ...], seed: int, refused: tuple[SkillCall, ...] = ()
    ) -> Plan:
        """Find a plan, or a best guess that is not believed; better none that goes as the calls `refused` do."""

    def execute(self, scene: Scene, plan: Plan, index: int) -> Execution:
        """Do one step on the robot."""

    def check(self, before: Scene, after: Scene, plan: Plan, index: int, execution: Execution) -> Verdict:
        """Hold the step's outcome against its prediction."""

    def learn(self, verdict: Verdict, seed: int) -> str:
        """Learn from a failure and put the weights into service; their id. Raises F2pError when that failed."""


@dataclass
class Record:
    """What happened on the way to a goal."""

    plan_id: str = ""
    weights_id: str = ""
    attempts: int = 0
    failure_ids: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    """What an operator decided."""


def status_of(verdict: Verdict, execution: Execution) -> StepStatus:
    """Return how a step went that was executed and checked."""
    if not execution.ok:
        return StepStatus.FAILED
    return StepStatus.CONTRADICTED if verdict.contradicted else StepStatus.DONE


def waiting_text(places: tuple[str, ...], patience_s: float, error: F2pError) -> str:
    """Say that an operator is waited for: how long, where and how to answer, how to end it, and why."""
    told = "; or at ".join(places[:MOST_PLACES])
    return (
        f"waiting for an operator, {patience_s:.0f} s at most. Answer at {told}. To end the goal: give up there, or "
        f"cancel it where it was asked for (Ctrl-C in f2p run). Why: {str(error)[:MOST_WHY]}"
    )


class Achiever:
    """Pursues one goal.

    Args:
        stack: The processes.
        report: Progress for people.
        canceled: Whether the goal was taken back.
        tell_plan: Called with each plan as a tree that shows how far it came, whenever that changes; and with whether
            it is over.
        operator: Who is asked where a person has to decide.
    """

    def __init__(
        self, stack: Stack, report: Report, canceled: Callable[[], bool],
        tell_plan: Callable[[str, bool], None] = lambda _tree, _over: None, operator: Operator | None = None,
    ) -> None:  # fmt: skip
        self._stack, self._report, self._canceled, self._tell_plan = stack, report, canceled, tell_plan
        self._operator = operator or Nobody()
        self._failures: Counter[SkillStep] = Counter()
        self._at: Plea | None = None
        self._takeovers = 0
        self._unmoved = False
        self._refused: tuple[SkillCall, ...] = ()
        self.record = Record()

    def achieve(
        self, goal: Goal, proposal: tuple[SkillStep, ...], attempts: int, learn_from: LearnFrom, seed: int
    ) -> None:  # fmt: skip
        """Return when the goal was seen to hold.

        A plan whose first step is refused is replaced, a few times, without using up an attempt.

        Raises:
            NoBelievedPlanError, AttemptsUsedUpError, UnclearFailureError, LearningError, F2pError: why it was given up.
        """
        left, refusals = attempts, MOST_REFUSALS
        while left > 0:
            self.record.attempts += 1
            try:
                if self._attempt(goal, proposal, learn_from, seed + self.record.attempts - 1):
                    return
                if self._unmoved and refusals:
                    refusals -= 1
                    self._report(Stage.RETRY, "the robot refused the first step, and nothing moved: another plan")
                else:
                    left -= 1
            except (TakenOverError, UnclearFailureError, LearningError, FailedTwiceError) as error:
                proposal = self._asked(error, proposal)
            except (NodeDeadError, DeadlineError, RemoteError) as error:
                self.record.errors.append(str(error))
                if getattr(error, "remote_code", 0) == TakenOverError.code:
                    proposal = self._asked(error, proposal)
                    continue
                left -= 1
                if not left:
                    raise
                self._report(Stage.RETRY, f"attempt {self.record.attempts} was cut short: {error}")
        told = "; ".join(self.record.errors) or "every step went as predicted, but the goal was not seen to hold"
        raise AttemptsUsedUpError(f"{goal} was not reached, attempts used up: {attempts}; {told}")

    def _asked(self, error: F2pError, proposal: tuple[SkillStep, ...]) -> tuple[SkillStep, ...]:
        """Have an operator decide what happens after an error, which uses up no attempt; the proposal from then on.

        Raises:
            GivenUpError: The operator gives the goal up.
            F2pError: `error`, where nobody is there or answers.
        """
        if not (places := self._operator.places):
            if isinstance(error, TakenOverError):
                raise TakenOverError(f"{error}; the goal is over, ask anew when the robot is free") from error
            raise error
        self._report(Stage.HELP, waiting_text(places, self._operator.patience_s, error))
        at = self._at or Plea(error)
        choice = self._operator.ask(replace(at, error=error))
        if choice is None:
            raise error
        self.record.choices.append(choice)
        self._report(Stage.HELP, f"the operator says: {choice}")
        if choice is Choice.GIVE_UP:
            raise GivenUpError(f"an operator gave the goal up after: {error}") from error
        self._failures.clear()
        self._refused = ()  # a person may have moved anything
        return at.rest if at.rest is not None and choice in (Choice.DONE, Choice.SKIP) else proposal

    def _attempt(self, goal: Goal, proposal: tuple[SkillStep, ...], learn_from: LearnFrom, seed: int) -> bool:
        """Follow one plan, from looking to the end; True when the goal holds."""
        self._at, self._takeovers, self._unmoved = None, self._operator.takeovers, False
        scene = self._perceive("looking around")
        if self.record.attempts == 1:
            check_goal(goal, scene.names)
        elif self._lost(goal, scene):
            return False
        if not proposal and satisfied(goal, relations_of(scene)):
            self._report(Stage.CHECK, f"{goal} holds already")
            return True
        plan = self._plan(scene, goal, proposal, seed)
        statuses: list[StepStatus] = []
        try:
            after, verdict, execution = self._follow(scene, plan, statuses)
        finally:
            self._tell_plan(plan_tree(plan, statuses), True)
        held = not self._lost(goal, after) and satisfied(goal, relations_of(after))
        teaches = learn_from is LearnFrom.CONTRADICTIONS or (learn_from is LearnFrom.MISSES and not held)
        self._unmoved = execution.refused and len(statuses) == 1
        if verdict.contradicted or not execution.ok:
            self._at = replace(self._at, failure_id=verdict.failure_id) if self._at else None
            self._respond(verdict, execution, teaches, seed)
            if not self._unmoved:
                self._check_twice(held)
        luck = f", by luck; its failure is kept in {verdict.folder}" if held and verdict.contradicted else ""
        self._report(Stage.CHECK, f"{goal} {'holds' if held else 'does not hold'}{luck}")
        return held

    def _follow(self, scene: Scene, plan: Plan, statuses: list[StepStatus]) -> tuple[Scene, Verdict, Execution]:
        """Do the steps until one goes wrong, and note in `statuses` how each went; the outcome of the last one."""
        verdict, execution = Verdict(False), Execution(True)
        for index in range(len(plan.calls)):
            statuses.append(StepStatus.RUNNING)
            self._tell_plan(plan_tree(plan, statuses), False)
            scene, verdict, execution = self._step(scene, plan, index)
            statuses[-1] = status_of(verdict, execution)
            if statuses[-1] is not StepStatus.DONE:
                break
        return scene, verdict, execution

    def _step(self, scene: Scene, plan: Plan, index: int) -> tuple[Scene, Verdict, Execution]:
        """Do one step; what is seen after it, and what is to be thought of it."""
        call = plan.calls[index]
        self._at = Plea(FailedTwiceError(f"{call.skill}({call.object}) failed twice"), plan, index)
        self._check_canceled()
        if self._operator.takeovers != self._takeovers:
            raise TakenOverError("an operator had the robot since the scene was looked at; the plan is void")
        self._report(Stage.EXECUTE, f"step {index + 1} of {len(plan.calls)}: {call.skill}({call.object})")
        refused, self._refused = self._refused, ()  # however this ends, something may have moved
        execution = self._stack.execute(scene, plan, index)
        if execution.error_code == TakenOverError.code:
            raise TakenOverError(execution.error_msg)
        if not execution.ok:
            self._report(Stage.EXECUTE, f"{call.skill}({call.object}) failed: {execution.error_msg}")
        if execution.refused:
            self._refused = (*refused, call)
            return scene, Verdict(False), execution  # no outcome to look at, and no prediction about it
        after = self._perceive(f"looking at the outcome of step {index + 1}", (call.object,))
        return after, self._check(scene, after, plan, index, execution), execution

    def _plan(self, scene: Scene, goal: Goal, proposal: tuple[SkillStep, ...], seed: int) -> Plan:
        self._check_canceled()
        self._report(Stage.PLAN, "planning" + (" along the proposal" if proposal else ""))
        plan = self._stack.plan(scene, goal, proposal, seed, self._refused)
        self.record.plan_id, self.record.weights_id = plan.id, plan.weights_id
        steps = ", ".join(f"{call.skill}({call.object})" for call in plan.calls) or "nothing to do"
        self._report(Stage.PLAN, f"{steps}: P(goal) = {plan.probability:.2f} under {plan.weights_id[:12]}")
        if not plan.believed and not proposal:
            raise NoBelievedPlanError(
                f"no plan reaches the belief threshold; the best guess is {steps}, P(goal) = {plan.probability:.3f}. "
                "Propose a skeleton to have it tried"
            )
        return plan

    def _lost(self, goal: Goal, scene: Scene) -> bool:
        """Tell whether something the goal speaks of is not seen any more: nothing can be seen to hold of it."""
        missing = ", ".join(name for name in goal.names if name not in scene.names)
        if missing:
            self.record.errors.append(f"not seen any more: {missing}")
            self._report(Stage.PERCEIVE, self.record.errors[-1])
        return bool(missing)

    def _perceive(self, detail: str, sought: tuple[str, ...] = ()) -> Scene:
        self._check_canceled()
        self._report(Stage.PERCEIVE, detail)
        return self._stack.perceive(sought)

    def _check(self, before: Scene, after: Scene, plan: Plan, index: int, execution: Execution) -> Verdict:
        self._report(Stage.CHECK, "comparing outcome and prediction")
        verdict = self._stack.check(before, after, plan, index, execution)
        if verdict.contradicted and verdict.cause is Cause.PERCEPTION:
            sought = (plan.calls[index].object,)
            again = self._perceive("looking again: the failure may be the eye's", sought)
            verdict = self._stack.check(before, again, plan, index, execution)
        return verdict

    def _respond(self, verdict: Verdict, execution: Execution, learn: bool, seed: int) -> None:
        """Learn, or leave it to the next attempt; raises when a person has to look."""
        if verdict.contradicted:
            self.record.failure_ids.append(verdict.failure_id)
            self.record.errors.append(f"{verdict.failure_id} ({verdict.cause.value}): {verdict.text}")
            self._report(Stage.CLASSIFY, f"{verdict.cause.value}: {verdict.text}")
        else:
            self.record.errors.append(f"execution error {execution.error_code}: {execution.error_msg}")
            return
        if verdict.cause is Cause.UNKNOWN:
            raise UnclearFailureError(
                f"the cause of {verdict.failure_id} is unknown; a person should look at {verdict.folder}"
            )
        if verdict.cause is Cause.MODEL and learn:
            self._learn(verdict, seed)

    def _check_twice(self, held: bool) -> None:
        """Raise FailedTwiceError where the step that failed just now did before, and somebody can be asked."""
        step = self._at.step if self._at is not None else None
        if step is None or held:
            return
        self._failures[step] += 1
        if self._failures[step] > 1 and self._operator.places and self._at is not None:
            raise self._at.error

    def _learn(self, verdict: Verdict, seed: int) -> None:
        """Learn once, and once more if the learning process died."""
        for attempt in (0, 1):
            self._check_canceled()
            self._report(Stage.LEARN, f"learning from {verdict.failure_id}")
            try:
                weights_id = self._stack.learn(verdict, seed + 1000 * attempt)
            except NodeDeadError as error:
                if attempt:
                    raise
                self._report(Stage.LEARN, f"once more: {error}")
            except CanceledError:
                raise
            except F2pError as error:
                raise LearningError(f"learning from {verdict.failure_id} ended without new weights: {error}") from error
            else:
                self.record.weights_id = weights_id
                self._report(Stage.SWAP, f"weights {weights_id[:12]} serve")
                return

    def _check_canceled(self) -> None:
        if self._canceled():
            raise CanceledError("the goal was canceled")
