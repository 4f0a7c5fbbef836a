"""Which relations inference looks at, and their log targets: ln p of those before, ln H of those after (Eq. 2, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from f2p.model.protocol import Latent, SkillEffectModel
from f2p.posterior.modes import PLACED
from f2p.relation.table import carried, held
from f2p.types import BINARY_RELATIONS, Failure, Relations, Scene

LARGEST_LOGIT = 60.0
"""|z| beyond which ln H is continued flat (method.md 6.1)."""


@dataclass(frozen=True, eq=False)
class RelationSet:
    """Some entries of `Relations.binary`."""

    subjects: Tensor
    """Shape (R,), int64."""
    objects: Tensor
    """Shape (R,), int64."""
    kinds: Tensor
    """Index into BINARY_RELATIONS. Shape (R,), int64."""
    values: Tensor
    """Observed truth, 0 or 1. Shape (R,), float32."""

    def __len__(self) -> int:
        return len(self.subjects)

    def logits(self, model: SkillEffectModel, latent: Latent) -> Tensor:
        """Return the entries (M, R) of what `model` says of a latent; only their pairs are decoded."""
        subjects, objects, entries = self._pairs
        return model.pair_logits(latent, subjects, objects).flatten(1).index_select(1, entries)

    @cached_property
    def _pairs(self) -> tuple[Tensor, Tensor, Tensor]:
        """Subjects and objects of the pairs that occur, and where each entry is among their logits."""
        pairs, place = torch.unique(torch.stack([self.subjects, self.objects]), dim=1, return_inverse=True)
        return pairs[0], pairs[1], place * len(BINARY_RELATIONS) + self.kinds


def relation_set(entries: Sequence[tuple[int, int, int]], observed: np.ndarray) -> RelationSet:
    """Return the set with these (subject, object, kind) and the truth of `observed` (n, n, 9)."""
    index = torch.tensor(sorted(set(entries)), dtype=torch.int64).reshape(-1, 3)
    truth = torch.as_tensor(np.array(observed) > 0.5, dtype=torch.float32)
    subjects, objects, kinds = index.unbind(-1)
    return RelationSet(subjects, objects, kinds, truth[subjects, objects, kinds])


def involved(scene: Scene, relations: Relations) -> tuple[int, ...]:
    """Return movable objects, and the furniture that carries or holds one of them (C2)."""
    movable = [index for index, segment in enumerate(scene.segments) if segment.movable]
    carrying = (carried(relations.binary) | held(relations.binary))[movable]
    supports = set(np.nonzero(np.any(carrying, axis=0))[0].tolist()) if movable else set()
    return tuple(sorted(set(movable) | supports))


def before_set(
    scene: Scene,
    relations: Relations,
    detected: np.ndarray | None,
    kinds: Sequence[str] = PLACED,
    least_agreement: float = 0.5,
) -> RelationSet:
    """R_pre: relations as observed before the failed skill.

    Args:
        scene: Before.
        relations: As observed.
        detected: Probabilities (n, n, 9) of the model now; where they disagree with the observation the relation is
            left out, since it would drive the particles with the model's own error (method.md 6.2). None keeps all.
        kinds: Names of the relations that count.
        least_agreement: Probability that the model has to give to what was observed.
    """
    members = involved(scene, relations)
    movable = [segment.movable for segment in scene.segments]
    columns = [BINARY_RELATIONS.index(name) for name in kinds]
    agreeing = np.ones(relations.binary.shape, dtype=bool)
    if detected is not None:
        given = np.where(relations.binary > 0.5, np.asarray(detected), 1.0 - np.asarray(detected))
        agreeing = given > least_agreement
    entries = [
        (i, j, kind)
        for i in members
        for j in members
        for kind in columns
        if i != j and (movable[i] or movable[j]) and agreeing[i, j, kind]
    ]
    return relation_set(entries, relations.binary)


def after_set(failure: Failure) -> tuple[RelationSet, str]:
    """Return R_post and where it came from: the mispredicted relations and all those of the same pairs, both ways (C2).

    Without a contradiction on record it is read off prediction and observation; if they agree, the pairs with the
    object that was acted on are taken, so that inference never ends empty-handed.

    Returns:
        The set, and "contradictions", "differences" or "acted_on".
    """
    outcome = failure.outcome
    names = outcome.before.names
    observed = outcome.observed_after.binary_of(names)
    pairs = {
        (names.index(item.subject), names.index(item.object))
        for item in failure.contradictions
        if item.subject in names and item.object in names and item.relation in BINARY_RELATIONS
    }
    source = "contradictions"
    if not pairs:
        wrong = (outcome.prediction.relations.binary_of(names) > 0.5) != (observed > 0.5)
        pairs, source = {(int(i), int(j)) for i, j, _ in np.argwhere(wrong) if i != j}, "differences"
    if not pairs:
        acted = names.index(outcome.call.object)
        pairs, source = {(acted, j) for j in range(len(names)) if j != acted}, "acted_on"
    pairs |= {(j, i) for i, j in pairs}
    entries = [(i, j, kind) for i, j in pairs for kind in range(len(BINARY_RELATIONS))]
    return relation_set(entries, observed), source


def log_likelihood(logits: Tensor, values: Tensor) -> Tensor:
    """Return Σ_r ln p_r(value) of Bernoulli variables (Eq. 2, 3; C3). Shapes (M, R), (R,) to (M,)."""
    return logsigmoid(torch.where(values > 0.5, logits, -logits)).sum(-1)


def log_entropy(logits: Tensor) -> Tensor:
    """Return ln H of Bernoulli variables in nats, from logits of any shape; exact where H itself underflows.

    With e = exp(-|z|): H = log1p(e) + |z| e / (1 + e), so ln H = -|z| + ln(log1p(e)/e + |z| / (1 + e)) (method.md 6.1).
    """
    size = logits.abs().clamp_max(LARGEST_LOGIT)
    small = torch.exp(-size)
    return -size + torch.log(torch.log1p(small) / small + size / (1.0 + small))
