"""What each version of the weights would have predicted of a failed step: which one began to know better, and when."""

from __future__ import annotations

from f2p.plan.protocol import Predictor
from f2p.report.page import Version
from f2p.report.words import MOST
from f2p.types import Failure
from f2p.weights.difference import ancestors
from f2p.weights.errors import WeightsError
from f2p.weights.gate import step_quality
from f2p.weights.service import load_predictor
from f2p.weights.store import WeightsStore


def version_of(predictor: Predictor, failure: Failure, name: str) -> Version:
    """Return what one version predicts of the failed step."""
    outcome = failure.outcome
    (prediction,) = predictor.predict(outcome.before, (outcome.call,))
    quality = step_quality(predictor, failure)
    told = failure.contradictions[:MOST]
    values = tuple(prediction.relations.value(one.relation, one.subject, one.object) for one in told)
    return Version(name, quality.score, quality.goal_probability, values)


def versions_of(store: WeightsStore, failure: Failure, most: int = 6) -> tuple[Version, ...]:
    """Return what the versions of a store predict of a failed step, oldest first.

    They are those that serve, waited or learned from it, and what these were made from: the `most` newest.
    """
    wanted: dict[str, None] = {}
    for one in store.ids:
        if (store.manifest(one).failure or {}).get("id") == failure.id:
            wanted |= dict.fromkeys(ancestors(store, one)[::-1])
    for role in ("previous", "champion", "waiting"):
        try:
            wanted[store.resolve(role)] = None
        except WeightsError:
            continue
    if failure.outcome.weights_id in store.ids:
        wanted = {failure.outcome.weights_id: None, **wanted}
    known = [one for one in wanted if one in store.ids]
    return tuple(version_of(load_predictor(store, one), failure, _name(store, one, failure)) for one in known[-most:])


def _name(store: WeightsStore, weights_id: str, failure: Failure) -> str:
    """Return the short id and what the weights are."""
    roles = [role for role, one in _roles(store).items() if one == weights_id]
    if weights_id == failure.outcome.weights_id:
        roles.append("predicted it")
    return weights_id[:12] + (f" ({', '.join(roles)})" if roles else "")


def _roles(store: WeightsStore) -> dict[str, str]:
    """Return who has which role."""
    found = {}
    for role in ("champion", "previous", "waiting"):
        try:
            found[role] = store.resolve(role)
        except WeightsError:
            continue
    return found
