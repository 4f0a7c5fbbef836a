"""A failure in words, for somebody who has a minute: tried, expected, happened, why, learned, helped, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from f2p.monitor.advice import next_action
from f2p.monitor.compare import observed_displacements
from f2p.types import UNARY_RELATIONS, Cause, Failure, Outcome, SkillCall, fact_text

PAGE = "report.html"
"""Name of the page within the failure's folder."""

MOVED_M = 0.02
"""What went further than this went somewhere [m], as the monitor has it."""

MOST = 8
"""Relations that are written out (ours: what fits a screen)."""

SERVES, WAITS, REFUSED, WITHDRAWN = "serves", "waits", "refused", "withdrawn"
"""What became of weights that were learned."""

CAUSES = {
    Cause.MODEL: "the model was wrong",
    Cause.SIMULATION_GAP: "the simulator does not show what the world did",
    Cause.EXECUTION: "the robot did not do what it was told",
    Cause.PERCEPTION: "the eye was wrong",
    Cause.UNKNOWN: "unknown",
}


@dataclass(frozen=True)
class Lesson:
    """What was learned from a failure."""

    weights: str
    fate: str
    """One of the four above."""
    transitions: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    gate: Mapping[str, Any] | None = None
    """The gate's report, as the manifest has it."""
    reliability: Mapping[str, Any] | None = None
    reason: str = ""
    """Why they were withdrawn."""


def call_text(call: SkillCall) -> str:
    """Return a call as one writes it."""
    return f"{call.skill}({call.object})"


def tried(failure: Failure) -> str:
    """Say what was done, and as which step of what."""
    call, plan = failure.outcome.call, failure.plan
    if plan is None:
        return f"{call_text(call)}, for {failure.goal}"
    place = next((row for row, one in enumerate(plan.calls) if _same(one, call)), None)
    step = "" if place is None else f"step {place + 1} of {len(plan.calls)} of "
    steps = ", ".join(map(call_text, plan.calls))
    return f"{call_text(call)}, {step}the plan {steps}, for {failure.goal} (P(goal) was {plan.probability:.2f})"


def _same(one: SkillCall, other: SkillCall) -> bool:
    return one.step == other.step and np.array_equal(one.parameter, other.parameter)


def expected(failure: Failure) -> str:
    """Say what the weights expected to move, and by how much, and what would become of something by itself."""
    moved = np.linalg.norm(failure.outcome.prediction.displacements, axis=1)
    parts = [_went(failure, moved, "would go"), _become(failure.outcome)]
    return "; ".join(filter(None, parts)) or "nothing would go anywhere"


def happened(failure: Failure) -> str:
    """Say what moved, what was opened or shut, what was not seen again, and what the executor reported."""
    outcome = failure.outcome
    went = _went(failure, np.linalg.norm(observed_displacements(outcome), axis=1), "went")
    parts = [part for part in (went, _slid(outcome)) if part] or ["nothing went anywhere"]
    if outcome.unseen:
        parts.append(f"{_listed(outcome.unseen)} was not seen again")
    if not outcome.execution.ok:
        parts.append(f"the robot reported error {outcome.execution.error_code}: {outcome.execution.error_msg}")
    return "; ".join(parts)


def _went(failure: Failure, moved: np.ndarray, verb: str) -> str:
    """Say what went how far, alike distances together."""
    far: dict[str, list[str]] = {}
    for name, distance in zip(failure.outcome.before.names, moved, strict=True):
        if distance > MOVED_M:
            far.setdefault(f"{distance:.1f} m" if distance >= 0.25 else f"{100 * distance:.0f} cm", []).append(name)
    return ", ".join(f"{_listed(names)} {verb} {distance}" for distance, names in far.items())


def _become(outcome: Outcome) -> str:
    """Say which relations of one thing alone, as of a drawer that is open, were to change."""
    names, now, then = outcome.before.names, outcome.observed_before.unary, outcome.prediction.relations.unary
    return ", ".join(
        f"{fact_text(UNARY_RELATIONS[kind], names[row], '')} would be {str(bool(then[row, kind] > 0.5)).lower()}"
        for row, kind in np.argwhere((now > 0.5) != (then > 0.5))
    )


def _slid(outcome: Outcome) -> str:
    """Say what was opened or shut, and by how much."""
    return ", ".join(
        f"{before.name} was {'opened' if after.opening > before.opening else 'shut'} by "
        f"{100 * abs(after.opening - before.opening):.0f} cm"
        for before, after in zip(outcome.before.segments, outcome.after.segments, strict=True)
        if abs(after.opening - before.opening) > MOVED_M
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def relation_rows(failure: Failure) -> list[tuple[str, str, str]]:
    """Return what was predicted otherwise than observed: relation, what was expected, what happened."""
    return [
        (fact_text(one.relation, one.subject, one.object),
         f"{'true' if one.predicted > 0.5 else 'false'} (P = {one.predicted:.2f})", str(one.observed).lower())
        for one in failure.contradictions[:MOST]
    ]  # fmt: skip


def why(failure: Failure) -> str:
    """Say the cause and the evidence for it."""
    return f"{failure.cause.value}: {failure.explanation or CAUSES[failure.cause]}"


def learned(lesson: Lesson | None) -> str:
    """Say what was learned from."""
    if lesson is None:
        return "nothing yet"
    kinds = ", ".join(f"{count} {name}" for name, count in lesson.kinds.items())
    return f"{lesson.transitions} simulated executions ({kinds}) gave weights {lesson.weights[:12]}"


def helped(lesson: Lesson | None) -> str:
    """Say whether that was any better, by the gate and by plans that were simulated."""
    if lesson is None or lesson.gate is None:
        return "not known" if lesson else "nothing was learned yet"
    before, after = lesson.gate["before"], lesson.gate["after"]
    parts = [
        f"{'yes' if lesson.gate['passed'] else 'no'}: asked again, the failed step is {after['score']:.2f} off, "
        f"{before['score']:.2f} before; P(goal) after it {before['goal_probability']:.2f} -> "
        f"{after['goal_probability']:.2f}, and the goal was {str(lesson.gate['goal_was_true']).lower()}"
    ]
    replay = [f"{name} {old:.3f} -> {lesson.gate['replay_after'][name]:.3f}"
              for name, old in lesson.gate["replay_before"].items()]  # fmt: skip
    parts.append(f"old tasks (F1): {', '.join(replay)}")
    if lesson.reliability:
        parts.append(
            f"{lesson.reliability['right']} of {lesson.reliability['tried']} new plans came true in other scenes"
        )
    if not lesson.gate["passed"]:
        parts.append(f"the gate says: {'; '.join(lesson.gate['reasons'])}")
    return "; ".join(parts)


def do_now(failure: Failure, lesson: Lesson | None, folder: Path | str) -> str:
    """Say what to do now."""
    if lesson is None:
        return next_action(failure.cause, folder, failure.outcome.execution.error_code)
    short = lesson.weights[:12]
    return {
        SERVES: f"ask for the goal again: weights {short} have learned this and serve",
        WAITS: f"decide: f2p weights show {short}, then f2p weights promote {short} or f2p weights refuse {short}",
        REFUSED: f"have a person look at what the gate says: weights {short} do not serve; more scenes may help: "
                 f"f2p learn {folder} --seed 1",
        WITHDRAWN: f"have a person look: weights {short} served and were withdrawn ({lesson.reason})",
    }[lesson.fate]  # fmt: skip
