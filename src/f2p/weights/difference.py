"""What is different between two weights: where from, what tensors, what they answer and how they do on replay."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from f2p.model.predictor import TorchPredictor
from f2p.weights.golden import MeasureConfig, golden_answers, golden_gap
from f2p.weights.measure import replay_f1, replay_parts
from f2p.weights.modules import module_of
from f2p.weights.store import LoadedWeights, WeightsStore


@dataclass(frozen=True)
class Changed:
    """How far one tensor went."""

    tensor: str
    share: float
    """Norm of the difference over that of the first weights' tensor; infinite where that is zero."""


@dataclass(frozen=True)
class Difference:
    """Second weights against the first."""

    first: str
    second: str
    ancestor: str | None
    """The newest weights that both were made from, themselves included; None where the store knows of none."""
    facts: dict[str, tuple[Any, Any]]
    """Entries of the manifests that differ: architecture, configuration, what they learned from."""
    changed: tuple[Changed, ...]
    """Tensors that differ, those that went furthest first; empty where the architectures are not the same."""
    tensors: int
    """How many there are of the second."""
    golden_gap: float
    """Largest difference between their answers to the golden questions."""
    f1: tuple[dict[str, float], dict[str, float]]
    """Of both on frozen replay data, by name (now, next)."""

    def values(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def difference(store: WeightsStore, first: str, second: str, config: MeasureConfig | None = None) -> Difference:
    """Compare two weights of a store.

    Raises:
        WeightsError: One of them is not whole.
        BadDatasetError: The replay set is missing, truncated or foreign.
    """
    config = config or MeasureConfig()
    pair = store.load(first), store.load(second)
    modules = tuple(module_of(one) for one in pair)
    _, frozen = replay_parts(config.replay, config.gate_share, *modules)
    answers = [golden_answers(TorchPredictor(one, "compared")) for one in modules]
    return Difference(
        first, second, common_ancestor(store, first, second), _facts(*pair), _changed(pair[0].tensors, pair[1].tensors),
        len(pair[1].tensors), golden_gap(answers[1], answers[0]),
        (replay_f1(modules[0], frozen), replay_f1(modules[1], frozen)),
    )  # fmt: skip


def common_ancestor(store: WeightsStore, first: str, second: str) -> str | None:
    """Return the newest weights that both were made from, as far as the store knows."""
    before = ancestors(store, first)
    return next((one for one in ancestors(store, second) if one in before), None)


def ancestors(store: WeightsStore, weights_id: str) -> list[str]:
    """Return weights and what they were made from, newest first, as far as the store has their manifests."""
    found: list[str] = []
    current: str | None = weights_id
    while current is not None and current not in found:
        found.append(current)
        current = store.manifest(current).parent if current in store.ids else None
    return found


def _facts(one: LoadedWeights, other: LoadedWeights) -> dict[str, tuple[Any, Any]]:
    """Return what the manifests say differently."""
    pairs = {
        "architecture": (one.manifest.architecture, other.manifest.architecture),
        "profile": (one.manifest.profile, other.manifest.profile),
        "learned from": tuple((part.manifest.failure or {}).get("id") for part in (one, other)),
        "learner": tuple(part.manifest.made.get("learner") for part in (one, other)),
        "transitions": tuple((part.manifest.data or {}).get("transitions") for part in (one, other)),
    }
    names = sorted({*one.manifest.config, *other.manifest.config})
    pairs |= {f"config.{name}": (one.manifest.config.get(name), other.manifest.config.get(name)) for name in names}
    return {name: (a, b) for name, (a, b) in pairs.items() if a != b}


def _changed(old: dict[str, Tensor], new: dict[str, Tensor]) -> tuple[Changed, ...]:
    """Return the tensors that differ; none where they are not the same tensors."""
    if {name: one.shape for name, one in old.items()} != {name: one.shape for name, one in new.items()}:
        return ()
    moved = []
    for name, value in new.items():
        gap = float((value.double() - old[name].double()).norm())
        size = float(old[name].double().norm())
        if gap > 0:
            moved.append(Changed(name, gap / size if size else float("inf")))
    return tuple(sorted(moved, key=lambda one: -one.share))
