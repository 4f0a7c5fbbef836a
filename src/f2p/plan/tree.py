"""A plan as a tree one can read: one line per step, a glyph for how it went, and the goal's literals after it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np

from f2p.action.protocol import actions
from f2p.scene.goals import literal_values
from f2p.types import Plan, Prediction, SkillCall


class StepStatus(str, Enum):
    """How a step of a plan went; the value is its glyph."""

    PENDING = "○"
    RUNNING = "▶"
    DONE = "✓"
    CONTRADICTED = "≠"
    FAILED = "✗"


def plan_tree(plan: Plan, statuses: Sequence[StepStatus] = ()) -> str:
    """Print `plan` with one glyph per step; steps beyond `statuses` are pending."""
    belief = "believed" if plan.believed else "a guess, not believed"
    lines = [f"{plan.id}: {plan.goal}", f"│  P(goal) {plan.probability:.3f} under {plan.weights_id[:12]}: {belief}"]
    if not plan.calls:
        lines.append("└─ nothing to do")
    for index, (call, prediction) in enumerate(zip(plan.calls, plan.predictions, strict=True)):
        status = statuses[index] if index < len(statuses) else StepStatus.PENDING
        last = index + 1 == len(plan.calls)
        lines.append(f"{'└─' if last else '├─'} {status.value} {index + 1} {_call_text(call)}")
        lines.append(f"{'   ' if last else '│  '}     then {_literals_text(plan, prediction)}")
    return "\n".join(lines)


def _call_text(call: SkillCall) -> str:
    """Return one call in words and numbers."""
    parts = []
    for one, value in zip(actions.get(call.skill).parameters, call.parameter, strict=True):
        parts.append(
            f"{one.name} {np.degrees(value):+.0f}°" if one.unit == "rad" else f"{one.name} {value:+.2f} {one.unit}"
        )
    return f"{call.skill}({call.object}) by {', '.join(parts)}"


def _literals_text(plan: Plan, prediction: Prediction) -> str:
    """Return the goal's literals with their probabilities after one step."""
    values = literal_values(plan.goal, prediction.relations)
    return ", ".join(f"{literal} {value:.2f}" for literal, value in zip(plan.goal.literals, values, strict=True))
