"""A step and what was seen around it go in; the outcome that is held against its prediction comes out."""

from __future__ import annotations

from f2p.scene.relations import relations_of
from f2p.types import Execution, Outcome, Plan, Scene


def outcome_of(before: Scene, seen: Scene, plan: Plan, step: int, execution: Execution) -> Outcome:
    """Put an outcome together, about what was predicted: what turned up since the plan was made is no part of it.

    The scene after has the segments of the scene before, in their order.

    Args:
        before: As seen before the step.
        seen: As seen afterwards.
        plan: What was executed.
        step: Which of its steps, from 0.
        execution: What the skill reported.
    """
    before = _told_of(before, plan.predictions[step].relations.names)
    after = aligned(before, seen)
    unseen = tuple(sorted(set(before.names) - set(seen.names)))
    return Outcome(
        before, plan.calls[step], after, plan.predictions[step], relations_of(before), relations_of(after), execution,
        plan.weights_id, unseen,
    )  # fmt: skip


def aligned(before: Scene, after: Scene) -> Scene:
    """Return `after` with the segments of `before`, in their order; what was not seen again keeps its old place."""
    seen = {segment.name: segment for segment in after.segments}
    return Scene(tuple(seen.get(segment.name, segment) for segment in before.segments), after.stamp_ns)


def _told_of(scene: Scene, names: tuple[str, ...]) -> Scene:
    """Return the scene with just the segments of these names, in their order, if it has them all; else as it is."""
    there = {segment.name: segment for segment in scene.segments}
    if not set(names) <= set(there):
        return scene
    return Scene(tuple(there[name] for name in names), scene.stamp_ns)
