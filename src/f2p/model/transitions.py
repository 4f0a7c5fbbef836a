"""A data set of transitions as tensors, and minibatches of it with everything that is drawn at random for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from f2p.action.protocol import width_of
from f2p.model.batch import TransitionBatch
from f2p.model.losses import Labels

MOVED = 0.005
"""A segment displaced further than this [m] is encoded again after the skill, others are not (ours: half the work)."""

Progress = Callable[[str, float, str], None]


@dataclass(frozen=True, eq=False)
class Rows:
    """Some transitions of one skill, cropped to the segments they need, with everything drawn at random for them."""

    skill: str
    index: Tensor
    """Which transitions. Shape (B,)."""
    ids: Tensor
    """Identities. Shape (B, n)."""
    shift: Tensor
    """Translation of the whole scene [m]. Shape (B, 1, 3)."""
    labels: Labels
    object_index: Tensor
    parameters: Tensor


class Transitions:
    """A data set as tensors, sharing the arrays' memory."""

    def __init__(self, batch: TransitionBatch) -> None:
        arrays = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in batch.arrays().items()}
        self.clouds = torch.stack([arrays["points_before"], arrays["points_after"]])
        """Before and after. Shape (2, N, n, 128, 3)."""
        self.mask = arrays["mask"]
        self.moved = arrays["displacements"].norm(dim=-1) > MOVED
        """Segments whose cloud after the skill is another one. Shape (N, n)."""
        self.object_index, self.parameters = arrays["object_index"], arrays["parameters"]
        self.moved[torch.arange(len(self.moved)), self.object_index] = True  # a drawer opens without being displaced
        names = [item.name for item in dataclasses.fields(Labels)]
        self.labels = Labels(**{name: arrays[name] for name in names})
        self._skill, self._skills = batch.skill, batch.skills

    def __len__(self) -> int:
        return len(self.mask)

    def by_skill(self, index: np.ndarray) -> list[np.ndarray]:
        """Divide the transitions at `index` by skill, otherwise in their order: each skill has its own network."""
        of = self._skill[index]
        return [index[of == skill] for skill in np.unique(of)]

    def rows(self, index: np.ndarray, rng: np.random.Generator, identities: int, jitter: float) -> Rows:
        """Transitions `index` (of one skill) with random identities and the scene shifted by up to `jitter` [m]."""
        where = torch.from_numpy(np.asarray(index, np.int64))
        width = int(self.mask[where].sum(1).max())
        drawn = np.argsort(rng.random((len(index), identities)), 1)[:, :width]
        shift = rng.uniform(-jitter, jitter, (len(index), 1, 3)) * [1.0, 1.0, 0.2]
        return self._rows(where, torch.from_numpy(drawn), torch.from_numpy(shift.astype(np.float32)))

    def in_order(self, index: np.ndarray) -> Rows:
        """Return transitions `index` (of one skill) with identities 0..n-1 and no shift, as a planner sees them."""
        where = torch.from_numpy(np.asarray(index, np.int64))
        ids = torch.arange(int(self.mask[where].sum(1).max())).expand(len(where), -1)
        return self._rows(where, ids, torch.zeros(len(where), 1, 3))

    def _rows(self, where: Tensor, ids: Tensor, shift: Tensor) -> Rows:
        """Return transitions `where`, cropped to as many segments as there are identities."""
        labels, width = self.labels, ids.shape[1]
        cropped = Labels(
            labels.mask[where, :width],
            labels.unary_before[where, :width],
            labels.unary_after[where, :width],
            labels.binary_before[where, :width, :width],
            labels.binary_after[where, :width, :width],
            labels.displacements[where, :width],
        )
        skill = self._skills[int(self._skill[int(where[0])])]
        parameters = self.parameters[where, : width_of(skill)]
        return Rows(skill, where, ids, shift, cropped, self.object_index[where], parameters)
