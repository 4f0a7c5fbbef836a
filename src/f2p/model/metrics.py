"""How good a model is on transitions it has not seen, always beside the baseline that nothing ever changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch

from f2p.action.protocol import moves, width_of
from f2p.model.architectures.protocol import Architecture, Encoding
from f2p.model.batch import TransitionBatch
from f2p.model.threads import limit_threads
from f2p.model.transitions import Rows, Transitions
from f2p.relation.table import unary_specs
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS

MOVED = 0.005
"""A segment displaced further than this [m] counts as carried, if it is not the grasped one."""

FALL = 0.15
"""An object that ends this much [m] below where it was to be put has fallen."""

CHUNK = 64


@dataclass(frozen=True)
class Persistence:
    """Figures of predicting what is true now, and no displacement."""

    f1_next: dict[str, float]
    accuracy_next: float
    position_error_m: dict[str, float]
    changed_accuracy: float = 0.0
    """What changes is missed by definition."""


@dataclass(frozen=True)
class Metrics:
    """Figures of one evaluation."""

    transitions: int
    f1_now: dict[str, float]
    """F1 of detection per relation, and `mean` over the binary relations that occur."""
    f1_next: dict[str, float]
    """F1 of the relations predicted after the skill, per relation."""
    accuracy_now: float
    accuracy_next: float
    changed_accuracy: float
    """Accuracy on the binary relations that the skill changes, geometric rollout."""
    changed_accuracy_latent: float
    """The same, decoded from the latent rollout."""
    changed_accuracy_placed: float
    """Of the geometric rollout, without the executions in which the object fell off an edge."""
    changed_relations: int
    position_error_m: dict[str, float]
    """Mean error of the displacement of grasped, carried and static segments [m], as far as there are any."""
    persistence: Persistence
    """The same figures when nothing changes."""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Predictions:
    """Truth and predictions of N transitions; binary arrays (N, n, n, 9), bool."""

    mask: np.ndarray
    pairs: np.ndarray
    unary_now: np.ndarray
    binary_now: np.ndarray
    binary_next: np.ndarray
    binary_next_latent: np.ndarray
    unary_next: np.ndarray
    displacements: np.ndarray


def evaluate(model: Architecture, data: TransitionBatch) -> Metrics:
    """Return metrics of `model` on `data`, identities in order, no augmentation."""
    predicted = predictions(model, data)
    before, after = data.binary_before > 0.5, data.binary_after > 0.5
    pairs = predicted.pairs
    changed = (before != after) & pairs[..., None]
    persistence = Persistence(
        binary_f1(before, after, pairs),
        _accuracy(before, after, pairs),
        position_errors(np.zeros_like(data.displacements), data),
    )
    return Metrics(
        transitions=len(data),
        f1_now=binary_f1(predicted.binary_now, before, pairs)
        | unary_f1(predicted.unary_now, data.unary_before > 0.5, data.mask),
        f1_next=binary_f1(predicted.binary_next, after, pairs)
        | unary_f1(predicted.unary_next, data.unary_after > 0.5, data.mask),
        accuracy_now=_accuracy(predicted.binary_now, before, pairs),
        accuracy_next=_accuracy(predicted.binary_next, after, pairs),
        changed_accuracy=_share(predicted.binary_next == after, changed),
        changed_accuracy_latent=_share(predicted.binary_next_latent == after, changed),
        changed_accuracy_placed=_share(predicted.binary_next == after, changed & ~fallen(data)[:, None, None, None]),
        changed_relations=int(changed.sum()),
        position_error_m=position_errors(predicted.displacements, data),
        persistence=persistence,
    )


def evaluate_each(model: Architecture, data: TransitionBatch) -> dict[str, Metrics]:
    """Return metrics of `model` on the executions of each skill that occurs in `data`, by the skill's name."""
    rows = {skill: np.flatnonzero(data.skill == number) for number, skill in enumerate(data.skills)}
    return {skill: evaluate(model, data.take(own)) for skill, own in rows.items() if len(own)}


def predictions(model: Architecture, data: TransitionBatch) -> Predictions:
    """Run `model` over all transitions of `data`."""
    limit_threads()
    model.eval()
    known = Transitions(data)
    encoding = model.encoding(known)
    encoding.freeze()
    chunks = [part[first : first + CHUNK] for part in known.by_skill(np.arange(len(known)))
              for first in range(0, len(part), CHUNK)]  # fmt: skip
    parts = [_chunk(model, encoding, known.in_order(index), data.segments) for index in chunks]
    order = np.argsort(np.concatenate(chunks))
    joined = {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}
    different = ~np.eye(data.segments, dtype=bool)
    pairs = data.mask[:, :, None] & data.mask[:, None, :] & different
    return Predictions(mask=data.mask, pairs=pairs, **joined)


@torch.no_grad()
def _chunk(model: Architecture, encoding: Encoding, rows: Rows, width: int) -> dict[str, np.ndarray]:
    """Return predictions of some rows, padded to `width` segments."""
    before, _ = encoding.latents(rows)
    after, displacements = model.advance(before, rows.skill, rows.object_index, rows.parameters)
    now, latent = model.relations(before), model.relations(after)
    moved = model.moved(before, displacements)
    geometric = model.relations(
        model.reshaped(moved, after, rows.object_index) if model.reshapes(rows.skill) else moved
    )
    room = width - rows.labels.mask.shape[1]
    one, two = [(0, 0), (0, room), (0, 0)], [(0, 0), (0, room), (0, room), (0, 0)]
    return {
        "unary_now": np.pad(now.unary.numpy() > 0, one),
        "binary_now": np.pad(now.binary.numpy() > 0, two),
        "binary_next": np.pad(geometric.binary.numpy() > 0, two),
        "binary_next_latent": np.pad(latent.binary.numpy() > 0, two),
        "unary_next": np.pad(geometric.unary.numpy() > 0, one),
        "displacements": np.pad(displacements.numpy(), one),
    }


def f1(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the harmonic mean of precision and recall; 1 when there is nothing to find and nothing was claimed."""
    hits, claims = int((predicted & truth).sum()), int(predicted.sum() + truth.sum())
    return 2 * hits / claims if claims else 1.0


def binary_f1(predicted: np.ndarray, truth: np.ndarray, pairs: np.ndarray) -> dict[str, float]:
    """Return F1 of each binary relation over the pairs that are there, and `mean` over relations that occur."""
    out = {name: f1(predicted[..., k][pairs], truth[..., k][pairs]) for k, name in enumerate(BINARY_RELATIONS)}
    occurring = [out[name] for k, name in enumerate(BINARY_RELATIONS) if truth[..., k][pairs].any()]
    return out | {"mean": float(np.mean(occurring)) if occurring else 1.0}


def unary_f1(predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Return F1 of each unary relation; the state of a drawer over drawers only."""
    out = {}
    for k, spec in enumerate(unary_specs()):
        present = mask & truth[..., UNARY_RELATIONS.index(spec.only_of)] if spec.only_of else mask
        out[spec.name] = f1(predicted[..., k][present], truth[..., k][present])
    return out


def fallen(data: TransitionBatch) -> np.ndarray:
    """Find executions whose object ended well below where it was to be put: it fell off an edge. Shape (N,), bool."""
    grasped = data.displacements[np.arange(len(data)), data.object_index]
    meant = np.zeros_like(grasped)
    for number, skill in enumerate(data.skills):
        rows = data.skill == number
        meant[rows] = data.parameters[rows, : width_of(skill)] @ moves(skill)
    return (grasped - meant)[:, 2] < -FALL


def position_errors(predicted: np.ndarray, data: TransitionBatch) -> dict[str, float]:
    """Return the mean error of displacements [m] of grasped, carried and static segments (those that there are).

    `grasped` is told apart further: `grasped_median`, and `grasped_placed` and `grasped_fallen` where the object
    stayed where it was put, and where it fell: how it tumbles cannot be known.
    """
    error = np.linalg.norm(predicted - data.displacements, axis=-1)
    grasped = np.arange(data.segments) == data.object_index[:, None]
    moved = np.linalg.norm(data.displacements, axis=-1) > MOVED
    fell = fallen(data)[:, None]
    groups = {
        "grasped": grasped,
        "grasped_placed": grasped & ~fell,
        "grasped_fallen": grasped & fell,
        "carried": ~grasped & moved & data.mask,
        "static": ~grasped & ~moved & data.mask,
    }
    means = {name: float(error[group].mean()) for name, group in groups.items() if group.any()}
    return {**means, "grasped_median": float(np.median(error[grasped]))}


def _accuracy(predicted: np.ndarray, truth: np.ndarray, pairs: np.ndarray) -> float:
    """Return the share of binary relations that are right."""
    return float((predicted == truth)[pairs].mean())


def _share(right: np.ndarray, where: np.ndarray) -> float:
    """Return the share of `right` among `where`; 1 when there is nothing to get wrong."""
    return float(right[where].mean()) if where.any() else 1.0
