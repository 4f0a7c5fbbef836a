"""What perception and monitor say again, held against what they said when it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.monitor.calibrate import MonitorConfig
from f2p.monitor.compare import CompareConfig, Comparison, compare
from f2p.monitor.outcome import outcome_of
from f2p.record.certificate import ReplayedStep, digest_of_value
from f2p.scene.relations import relations_of
from f2p.settings import Settings, group, number
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Execution, Outcome, Plan, Relations, Scene, fact_text


@dataclass(frozen=True)
class AgreementConfig(Settings):
    """When two looks at the same moment saw the same, and when an outcome contradicts its prediction."""

    moved: float = number(0.02, "most that an object's box may lie elsewhere", unit="m", low=0.0, high=1.0,
                          source="ours: as far as an object must move to count as touched")  # fmt: skip
    threshold: float = number(MonitorConfig().threshold, "scores above it are contradictions, where the record has no "
                              "failure that names its own", low=0.0, high=2.0)  # fmt: skip
    compare: CompareConfig = group(CompareConfig)


@dataclass(frozen=True)
class Told:
    """What a failure in the record says of its step."""

    score: float
    threshold: float
    text: str


def parts_of_scene(scene: Scene) -> dict[str, str]:
    """Return digests of what makes up a scene."""
    return {
        "names": digest_of_value([[one.name, one.prior] for one in scene.segments]),
        "boxes": digest_of_value(np.array([[*one.box.pose, *one.box.size, one.opening] for one in scene.segments])),
        "clouds": digest_of_value([digest_of_value(one.points) for one in scene.segments]),
        "relations": digest_of_value(_facts(relations_of(scene))),
    }


def nearest(scenes: Sequence[Scene], recorded: Scene) -> Scene:
    """Return the scene that is most like the recorded one: the same objects, and those nearest to where they were."""
    return min(scenes, key=lambda one: (set(one.names) != set(recorded.names), _far(one, recorded)))


def seen_again(again: Scene, recorded: Scene, at_ns: int, config: AgreementConfig) -> ReplayedStep:
    """Hold a scene that was made again from images against the one that was made of them then."""
    parts = parts_of_scene(again)
    if parts == parts_of_scene(recorded):
        return ReplayedStep("perceive", at_ns, parts, True, f"{', '.join(again.names)}: the same, bit for bit")
    wrong = _scene_difference(again, recorded, config)
    text = (
        wrong or f"{', '.join(again.names)}: the same objects and relations, {_far(again, recorded) * 1e3:.1f} mm apart"
    )
    return ReplayedStep("perceive", at_ns, parts, not wrong, text)


def _scene_difference(again: Scene, recorded: Scene, config: AgreementConfig) -> str:
    """Return in what two scenes differ, where that is more than another image of the same would make."""
    if set(again.names) != set(recorded.names):
        missing = sorted(set(recorded.names) - set(again.names))
        more = sorted(set(again.names) - set(recorded.names))
        return f"not seen again: {', '.join(missing) or 'nothing'}; seen now only: {', '.join(more) or 'nothing'}"
    now, then = set(_facts(relations_of(again))), set(_facts(relations_of(recorded)))
    if now != then:
        return (
            f"no more: {', '.join(sorted(then - now)) or 'nothing'}; new: {', '.join(sorted(now - then)) or 'nothing'}"
        )
    far = _far(again, recorded)
    return f"an object lies {far * 1e3:.0f} mm from where it was seen then" if far > config.moved else ""


def _far(again: Scene, recorded: Scene) -> float:
    """Return how far the same objects are apart at most [m]."""
    centers = {one.name: one.box.center for one in recorded.segments}
    found = [one for one in again.segments if one.name in centers]
    return max((float(np.linalg.norm(one.box.center - centers[one.name])) for one in found), default=0.0)


def _facts(relations: Relations) -> list[str]:
    """Return what holds, as one writes it."""
    names = relations.names
    pairs = [fact_text(BINARY_RELATIONS[kind], names[one], names[other])
             for one, other, kind in np.argwhere(relations.binary > 0.5)]  # fmt: skip
    alone = [fact_text(UNARY_RELATIONS[kind], names[one], "") for one, kind in np.argwhere(relations.unary > 0.5)]
    return sorted(pairs + alone)


def checked_again(
    scenes: tuple[Scene, Scene], plan: Plan, step: int, execution: Execution, told: Told | None, ended: bool,
    config: AgreementConfig,
) -> ReplayedStep:  # fmt: skip
    """Hold a step's outcome against its prediction once more, and the result against the record.

    Args:
        scenes: As they were recorded, before and after.
        plan: What was executed.
        step: Which of its steps, from 0.
        execution: What the skill reported.
        told: What the record's failure says of it; None where there is none.
        ended: Whether the record ends so soon that a failure could have come after it.
        config: Limits.
    """
    outcome = outcome_of(*scenes, plan, step, execution)
    comparison = compare(outcome, config.compare)
    agrees, text = _verdict(comparison, told, ended, config)
    call = f"{outcome.call.skill}({outcome.call.object})"
    return ReplayedStep("check", scenes[1].stamp_ns, parts_of_check(outcome, comparison), agrees, f"{call}: {text}")


def parts_of_check(outcome: Outcome, comparison: Comparison) -> dict[str, str]:
    """Return digests of what a check found."""
    contradictions = [[one.relation, one.subject, one.object, one.predicted, one.observed]
                      for one in comparison.contradictions]  # fmt: skip
    return {
        "score": float(comparison.score).hex(),
        "touched": digest_of_value(list(comparison.touched)),
        "contradictions": digest_of_value(contradictions),
        "observed": digest_of_value(outcome.observed_after.binary),
    }


def _verdict(
    comparison: Comparison, told: Told | None, ended: bool, config: AgreementConfig
) -> tuple[bool | None, str]:  # fmt: skip
    score = comparison.score
    if told is not None:
        same = float(score) == told.score
        text = "as recorded, bit for bit" if same else f"the record says {told.score:.4f}"
        return same and comparison.contradicts(told.threshold), f"score {score:.4f}, a contradiction: {text}"
    contradicted = comparison.contradicts(config.threshold)
    if ended:
        return None, f"score {score:.4f}; the record ends before the monitor could have spoken"
    if contradicted:
        return False, f"score {score:.4f} is above {config.threshold}, and the record has no failure of it"
    return True, f"score {score:.4f}: as predicted, and no failure in the record"
