"""A failure's folder run again: the comparison, and the replay in simulation that found the cause."""

from __future__ import annotations

from f2p.errors import F2pError
from f2p.monitor.classify import classify
from f2p.monitor.compare import compare
from f2p.record.again import AgreementConfig, parts_of_check
from f2p.record.certificate import ReplayedStep, digest_of_value
from f2p.sim.protocol import Simulator
from f2p.sim.replay import replayed
from f2p.types import Cause, Failure, Transition


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
    after: list[Transition] = []

    def replay() -> Transition | None:
        try:
            found = replayed(simulator, outcome.before, outcome.call)
        except F2pError:
            return None
        after.extend([] if found is None else [found])
        return found

    verdict = classify(outcome, comparison, replay, lambda: outcome.observed_before, outcome.observed_before)
    by_network = failure.cause is Cause.PERCEPTION and outcome.call.object not in outcome.unseen
    agrees = None if by_network else verdict.cause is failure.cause
    simulated = digest_of_value(after[0].relations_after.binary) if after else "not asked"
    parts = {"cause": verdict.cause.value, "simulated": simulated}
    told = " (then, the network had seen it otherwise)" if by_network else ""
    return check, ReplayedStep("case", at_ns, parts, agrees, f"{verdict.cause.value}: {verdict.explanation}{told}")
