"""A failure's folder run again: the comparison, and the replay in simulation that found the cause."""

from __future__ import annotations

from f2p.errors import F2pError
from f2p.monitor.classify import classify
from f2p.monitor.compare import compare
from f2p.record.again import AgreementConfig, parts_of_check
from f2p.record.certificate import ReplayedStep, digest_of_value
from f2p.sim.protocol import Simulator
from f2p.sim.world import reconstruct
from f2p.types import Cause, Failure, Relations


def case_again(failure: Failure, simulator: Simulator, config: AgreementConfig) -> tuple[ReplayedStep, ...]:
    """Return what monitor and simulator say of a failure now.

    The network's second opinion is not asked for: its weights may not be here. It counts as having seen what geometry
    saw, so a cause that rests on it alone is said to be beyond this replay.
    """
    outcome, at_ns = failure.outcome, failure.outcome.after.stamp_ns
    comparison = compare(outcome, config.compare)
    same = comparison.score == failure.score and comparison.contradictions == failure.contradictions
    text = f"score {comparison.score:.4f}: " + ("as recorded, bit for bit" if same else f"then {failure.score:.4f}")
    check = ReplayedStep("check", at_ns, parts_of_check(outcome, comparison), same, text)
    after: list[Relations] = []

    def replay() -> Relations | None:
        found = _simulated(failure, simulator)
        after.extend([] if found is None else [found])
        return found

    verdict = classify(outcome, comparison, replay, lambda: outcome.observed_before, outcome.observed_before)
    by_network = failure.cause is Cause.PERCEPTION and outcome.call.object not in outcome.unseen
    agrees = None if by_network else verdict.cause is failure.cause
    parts = {"cause": verdict.cause.value, "simulated": digest_of_value(after[0].binary) if after else "not asked"}
    told = " (then, the network had seen it otherwise)" if by_network else ""
    return check, ReplayedStep("case", at_ns, parts, agrees, f"{verdict.cause.value}: {verdict.explanation}{told}")


def _simulated(failure: Failure, simulator: Simulator) -> Relations | None:
    """Return relations after the same call in the rebuilt scene, as the monitor does; None where that cannot be."""
    try:
        world = reconstruct(failure.outcome.before)
        batch = simulator.simulate(world.bodies, world.poses[None], [failure.outcome.call], seed=0, tag="replay",
                                   openings=world.openings)  # fmt: skip
    except F2pError:
        return None
    transition = batch.transitions[0]
    return None if transition is None else transition.relations_after
