"""Steps of a proposal as people write them: "pick_place(box)" goes in, a skeleton comes out."""

from __future__ import annotations

from collections.abc import Sequence

from f2p.plan.errors import StepSyntaxError
from f2p.types import SkillStep


def steps_from(texts: Sequence[str]) -> tuple[SkillStep, ...]:
    """Return proposed steps. Raises StepSyntaxError with the expected form."""
    out = []
    for text in texts:
        skill, bracket, rest = text.strip().partition("(")
        if not bracket or not rest.endswith(")") or not skill or not rest[:-1].strip():
            raise StepSyntaxError(text)
        out.append(SkillStep(skill.strip(), rest[:-1].strip()))
    return tuple(out)
