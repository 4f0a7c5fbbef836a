"""How weights do on the frozen replay set, whoever made them: a digest that fits says nothing of what they predict.

All-zero, scaled or damaged weights with a digest of their own load without complaint and answer their own golden
questions. So what comes from elsewhere is measured beside the weights in service before it may serve.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from f2p.model.architectures.protocol import Architecture
from f2p.model.batch import TransitionBatch
from f2p.model.errors import BadDatasetError
from f2p.model.metrics import evaluate
from f2p.weights.errors import NotProvenError, WeightsError
from f2p.weights.golden import MeasureConfig
from f2p.weights.manifest import Manifest
from f2p.weights.modules import load_module
from f2p.weights.store import WeightsStore


@dataclass(frozen=True)
class Measured:
    """F1 on the part of the replay set that nothing is trained on, by name (now, next)."""

    f1: dict[str, float]
    reference: str | None
    """Weights that were measured beside them; None where none serve yet."""
    reference_f1: dict[str, float]
    """Theirs; where there are none, of predicting that nothing changes."""
    replay: str
    """sha-256 of the replay set."""
    reasons: tuple[str, ...]
    """Why they must not serve; empty when they may."""

    @property
    def passed(self) -> bool:
        """Whether they may serve."""
        return not self.reasons

    def values(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "reasons": list(self.reasons), "passed": self.passed}

    def __str__(self) -> str:
        beside = f"weights {self.reference[:12]}" if self.reference else "nothing changes"
        return f"F1 on replay {_told(self.f1)}, beside {_told(self.reference_f1)} of {beside}"


def replay_parts(path: Path, gate_share: float, *models: Architecture) -> tuple[TransitionBatch, TransitionBatch]:
    """Return the frozen replay set: the part that is trained on, and the last part, which only the gate sees.

    Args:
        path: Packed transitions; the manifest beside it may say in its notes how many at the end were `held_out`.
        gate_share: Share of the last part when it does not say.
        models: Who is to predict them: executions of skills that one of these does not know are left out.

    Raises:
        BadDatasetError: It is missing, truncated or foreign, or holds nothing of skills that all of them know.
    """
    whole = TransitionBatch.load(path)
    notes = json.loads(path.with_suffix(".json").read_text()).get("notes", {})
    held = int(notes.get("held_out", 0)) or max(1, round(len(whole) * gate_share))
    parts = whole.take(slice(0, len(whole) - held)), whole.take(slice(len(whole) - held, None))
    known = [name for name in whole.skills if all(name in model.config.skills for model in models)]
    seen, frozen = (part.of(known) for part in parts)
    if not len(seen) or not len(frozen):
        raise BadDatasetError(path, f"it holds {', '.join(whole.skills)}; of what the weights know, nothing")
    return seen, frozen


def replay_f1(model: Architecture, data: TransitionBatch) -> dict[str, float]:
    """Return the mean F1 over the binary relations, now and next."""
    found = evaluate(model, data)
    return {"now": found.f1_now["mean"], "next": found.f1_next["mean"]}


def measure(model: Architecture, store: WeightsStore, weights_id: str, config: MeasureConfig | None = None) -> Measured:
    """Measure `model` beside the champion of `store`; where there is none, beside predicting that nothing changes.

    Raises:
        BadDatasetError: The replay set is missing, truncated or foreign.
    """
    config = config or MeasureConfig()
    reference, other = _in_service(store, weights_id)
    _, frozen = replay_parts(config.replay, config.gate_share, *(one for one in (model, other) if one is not None))
    found = evaluate(model, frozen)
    f1 = {"now": found.f1_now["mean"], "next": found.f1_next["mean"]}
    beside = {"next": found.persistence.f1_next["mean"]} if other is None else replay_f1(other, frozen)
    reasons = tuple(
        f"F1 {name} on replay data is {f1[name]:.3f}, and may lie {config.most_lost:.3f} below {value:.3f}"
        for name, value in beside.items()
        if not f1[name] >= value - config.most_lost
    )
    return Measured(f1, reference, beside, frozen.sha256, reasons)


def proven(manifest: Manifest) -> bool:
    """Tell whether the gate, or a measurement when they were taken into the store, let weights pass."""
    return any(part is not None and part["passed"] is True for part in (manifest.gate, manifest.measured))


def prove(
    store: WeightsStore, model: Architecture, manifest: Manifest, config: MeasureConfig | None = None
) -> Measured | None:
    """Measure weights of the store that nothing has let pass yet; None where that, or their service, speaks for them.

    Raises:
        NotProvenError: They must not be put into service; says by how much.
    """
    if proven(manifest) or manifest.weights_id in store.served:
        return None
    found = measure(model, store, manifest.weights_id, config)
    if not found.passed:
        raise NotProvenError(manifest.weights_id, found.reasons)
    return found


def _in_service(store: WeightsStore, weights_id: str) -> tuple[str | None, Architecture | None]:
    """Return the champion, or what served before where that is `weights_id` or cannot be loaded; None without both."""
    for one in store.served:
        if one != weights_id:
            with contextlib.suppress(WeightsError):
                return one, load_module(store, one)[0]
    return None, None


def _told(f1: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in f1.items())
