"""Where weights come from: weights -> data -> particles -> failure -> plan, in the manifest, drawn as a tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.markup import escape
from rich.tree import Tree

from f2p.learner.dataset import Dataset
from f2p.types import Failure, Particles, Plan
from f2p.weights.listing import skills_of
from f2p.weights.manifest import Manifest
from f2p.weights.store import WeightsStore

_MOST_CONTRADICTIONS = 12

_SAID_ELSEWHERE = ("architecture", "parameters", "profile", "sha256", "weights_id")
"""What pre-training's manifest says and the tree has in its first line."""


def lineage_facts(failure: Failure, dataset: Dataset, particles: Particles | None) -> dict[str, Any]:
    """Return the manifest's entries about data, particles, failure and plan."""
    return {
        "data": {
            "sha256": dataset.sha256,
            "folder": dataset.folder.name,
            "transitions": len(dataset.batch),
            "tags": dataset.provenance["tags"],
            "counts": dataset.provenance["counts"],
        },
        "particles": None if particles is None else _particles_facts(particles),
        "failure": {
            "id": failure.id,
            "cause": failure.cause.value,
            "explanation": failure.explanation,
            "goal": str(failure.goal),
            "call": f"{failure.outcome.call.skill}({failure.outcome.call.object})",
            "score": round(failure.score, 6),
            "threshold": round(failure.threshold, 6),
            "weights": failure.outcome.weights_id,
            "contradictions": [str(one) for one in failure.contradictions[:_MOST_CONTRADICTIONS]],
            "contradictions_total": len(failure.contradictions),
        },
        "plan": None if failure.plan is None else _plan_facts(failure.plan),
    }


def _particles_facts(particles: Particles) -> dict[str, Any]:
    """Return how many particles, where they came from, how far they spread."""
    spread = particles.poses[..., :3].std(axis=0).max(axis=-1) if len(particles.poses) else np.zeros(0)
    return {
        "count": len(particles.calls),
        "spread_m": {name: round(float(one), 4) for name, one in zip(particles.names, spread, strict=False)},
        "mean_log_target": round(float(np.mean(particles.log_target)), 4) if len(particles.log_target) else None,
        "mean_log_entropy": round(float(np.mean(particles.log_entropy)), 4) if len(particles.log_entropy) else None,
        "counts": particles.counts,
    }


def _plan_facts(plan: Plan) -> dict[str, Any]:
    """Return what was planned, and how much it was believed."""
    return {
        "id": plan.id,
        "probability": round(plan.probability, 6),
        "believed": plan.believed,
        "calls": [f"{call.skill}({call.object})" for call in plan.calls],
        "weights": plan.weights_id,
    }


def lineage_tree(store: WeightsStore, weights_id: str) -> Tree:
    """Return the lineage of weights back to what was pre-trained, as far as the store knows it."""
    root = Tree(_title(store, weights_id))
    branch, seen = root, set()
    current: str | None = weights_id
    while current is not None and current not in seen:
        seen.add(current)
        manifest = store.manifest(current)
        _add_facts(branch, manifest)
        current = manifest.parent
        if current is not None and current in store.ids:
            branch = branch.add(f"made from {_title(store, current)}")
        elif current is not None:
            branch.add(f"made from weights [bold]{current[:12]}[/] (not in this store)")
            break
    return root


def _title(store: WeightsStore, weights_id: str) -> str:
    """Return short id and what the weights are to the store."""
    roles = [name for name, one in (("champion", _champion(store)), ("previous", store.previous)) if one == weights_id]
    return f"weights [bold]{weights_id[:12]}[/]" + (f" ({', '.join(roles)})" if roles else "")


def _champion(store: WeightsStore) -> str | None:
    """Return the id of the champion, None in an empty store."""
    return store.champion if (store.folder / "champion").exists() else None


def _add_facts(branch: Tree, manifest: Manifest) -> None:
    """Add what a manifest says, as branches: data, particles, failure, plan, gate."""
    count = sum(int(np.prod(shape)) for _, shape in manifest.tensors.values())
    branch.add(escape(f"{manifest.architecture}, profile {manifest.profile}, {count:,} parameters"))
    if told := skills_of(manifest):
        branch.add(escape(f"skills: {', '.join(told)}"))
    if made := _said({name: one for name, one in manifest.made.items() if name not in _SAID_ELSEWHERE}):
        branch.add(escape(f"made: {made}"))
    if manifest.data is not None:
        data = branch.add(escape(f"data {manifest.data['sha256'][:12]}: {manifest.data['transitions']} transitions"))
        for title in ("tags", "counts"):
            if values := _said(manifest.data[title]):
                data.add(escape(f"{title}: {values}"))
        if manifest.particles is not None:
            facts = manifest.particles
            data = data.add(f"{facts['count']} particles, mean ln target {facts['mean_log_target']}")
            data.add(escape(f"spread [m]: {_said(facts['spread_m'])}"))
        if manifest.failure is not None:
            _add_failure(data, manifest)
    if manifest.gate is not None:
        verdict = "passed" if manifest.gate["passed"] else "refused: " + "; ".join(manifest.gate["reasons"])
        branch.add(escape(f"gate {verdict}"))


def _said(values: Mapping[str, Any]) -> str:
    """Return what is a text or a number other than nothing, in one line."""
    told = {name: one for name, one in values.items() if isinstance(one, (str, int, float)) and one}
    return ", ".join(f"{name} {f'{one:.4g}' if isinstance(one, float) else one}" for name, one in sorted(told.items()))


def _add_failure(branch: Tree, manifest: Manifest) -> None:
    """Add the failure and its plan."""
    failure = manifest.failure or {}
    node = branch.add(escape(f"failure {failure['id']}: {failure['call']} for {failure['goal']}"))
    node.add(escape(f"cause {failure['cause']}, score {failure['score']} over {failure['threshold']}"))
    if failure["explanation"]:
        node.add(escape(failure["explanation"]))
    for text in failure["contradictions"][:4]:
        node.add(escape(text))
    if manifest.plan is not None:
        plan = manifest.plan
        steps = ", ".join(plan["calls"])
        node.add(escape(f"plan {plan['id']}: {steps}; P(goal) {plan['probability']:.3f} under {plan['weights'][:12]}"))
