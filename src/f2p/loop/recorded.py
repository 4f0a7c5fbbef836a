"""A stack that writes down what is asked of it: plans, steps with the weights that predicted them, failures.

An attempt speaks against the weights only where its last step was checked, and did what was predicted without reaching
the goal, or contradicted the model: not where a person, a process or the robot's hardware ended it.
"""

from __future__ import annotations

from f2p.events import Note, Noted
from f2p.loop.achieve import Stack, Verdict
from f2p.monitor.advice import next_action
from f2p.types import Cause, Execution, Goal, Plan, Scene, SkillCall, SkillStep


class RecordedStack:
    """The stack behind it, for one task.

    Args:
        stack: Does what is asked.
        note: Takes the events.
        task: Id of the task.
    """

    def __init__(self, stack: Stack, note: Note, task: str) -> None:
        self._stack, self._note, self._task = stack, note, task
        self._plan: Plan | None = None
        self._steps = 0
        self._blameless = True

    def perceive(self, sought: tuple[str, ...]) -> Scene:
        """See `achieve.Stack.perceive`."""
        return self._stack.perceive(sought)

    def plan(
        self, scene: Scene, goal: Goal, proposal: tuple[SkillStep, ...], seed: int, refused: tuple[SkillCall, ...] = ()
    ) -> Plan:
        """See `achieve.Stack.plan`; asked again, the attempt before did not reach the goal."""
        self._end_attempt(False)
        plan = self._stack.plan(scene, goal, proposal, seed, refused)
        self._plan, self._steps = plan, 0
        steps = ", ".join(f"{call.skill}({call.object})" for call in plan.calls) or "nothing to do"
        facts = {"probability": round(plan.probability, 4), "believed": plan.believed, "proposed": bool(proposal)}
        text = f"{steps}: P(goal) = {plan.probability:.2f}"
        self._note(Noted("plan", text, task=self._task, plan=plan.id, weights=plan.weights_id, facts=facts))
        return plan

    def execute(self, scene: Scene, plan: Plan, index: int) -> Execution:
        """See `achieve.Stack.execute`."""
        self._steps, self._blameless = self._steps + 1, True
        return self._stack.execute(scene, plan, index)

    def check(self, before: Scene, after: Scene, plan: Plan, index: int, execution: Execution) -> Verdict:
        """See `achieve.Stack.check`."""
        verdict = self._stack.check(before, after, plan, index, execution)
        call, code = plan.calls[index], execution.error_code
        went = f"error {code}: {execution.error_msg}" if code else "went otherwise" if verdict.contradicted else "done"
        self._blameless = bool(code) or (verdict.contradicted and verdict.cause is not Cause.MODEL)
        self._note(Noted(
            "step", f"step {index + 1} of {len(plan.calls)}, {call.skill}({call.object}): {went}", task=self._task,
            plan=plan.id, step=index, weights=plan.weights_id, failure=verdict.failure_id, code=code,
            facts={"seconds": round(execution.duration_s, 3), "contradicted": verdict.contradicted},
        ))  # fmt: skip
        if verdict.contradicted:
            action = next_action(verdict.cause, verdict.folder, code)
            self._note(Noted(
                "failure", f"cause {verdict.cause.value}: {verdict.text}; what to do now: {action}", task=self._task,
                plan=plan.id, step=index, weights=plan.weights_id, failure=verdict.failure_id, code=code,
                facts={"cause": verdict.cause.value, "evidence": verdict.text, "action": action,
                       "folder": verdict.folder},
            ))  # fmt: skip
        return verdict

    def learn(self, verdict: Verdict, seed: int) -> str:
        """See `achieve.Stack.learn`."""
        return self._stack.learn(verdict, seed)

    def ended(self, reached: bool, code: int, text: str) -> None:
        """Write down how the task ended."""
        self._end_attempt(reached)
        weights, plan = ("", "") if self._plan is None else (self._plan.weights_id, self._plan.id)
        told = "reached" if reached else f"not reached: {text}"
        self._note(Noted("task", told, task=self._task, plan=plan, weights=weights, code=code,
                         facts={"reached": reached}))  # fmt: skip
        self._plan = None

    def _end_attempt(self, reached: bool) -> None:
        """Write down how following the last plan ended, if anything of it was done."""
        plan, steps = self._plan, self._steps
        if plan is None or not steps:
            return
        counts = reached or not self._blameless
        why = "" if counts else ", for a reason that says nothing of the weights"
        self._note(Noted(
            "attempt", f"{plan.goal}: {'reached' if reached else 'missed'}{why}", task=self._task, plan=plan.id,
            weights=plan.weights_id, facts={"reached": reached, "counts": counts, "steps": steps},
        ))  # fmt: skip
        self._steps = 0
