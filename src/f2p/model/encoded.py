"""Transitions as the networks see them: tensors, remembered neighbourhoods, and shape features once they are frozen."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from f2p.model.batch import TransitionBatch
from f2p.model.latent import Latent
from f2p.model.losses import Labels
from f2p.model.pointconv import Neighbourhoods, neighbourhoods
from f2p.model.points2plans import Clouds, Points2Plans

MOVED = 0.005
"""A segment displaced further than this [m] is encoded again after the skill, others are not (ours: half the work)."""

CHUNK = 128
"""Clouds encoded at once when nothing is trained."""

Progress = Callable[[str, float, str], None]


@dataclass(frozen=True, eq=False)
class Rows:
    """Some transitions of a data set, cropped to the segments they need, with everything drawn at random for them."""

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
    """A data set as tensors (sharing the arrays' memory), with a memory of neighbourhoods per cloud."""

    def __init__(self, batch: TransitionBatch) -> None:
        arrays = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in batch.arrays().items()}
        self.clouds = torch.stack([arrays["points_before"], arrays["points_after"]])
        self.mask = arrays["mask"]
        self.moved = arrays["displacements"].norm(dim=-1) > MOVED
        self.object_index, self.parameters = arrays["object_index"], arrays["parameters"]
        names = [item.name for item in dataclasses.fields(Labels)]
        self.labels = Labels(**{name: arrays[name] for name in names})
        self._lock = threading.Lock()
        self._known = torch.zeros(self.clouds.shape[:3].numel(), dtype=torch.bool)
        self._hoods: Neighbourhoods | None = None

    def __len__(self) -> int:
        return len(self.mask)

    def rows(self, index: np.ndarray, rng: np.random.Generator, identities: int, jitter: float) -> Rows:
        """Transitions `index` with random identities and the scene shifted by up to `jitter` [m] along x and y."""
        where = torch.from_numpy(np.asarray(index, np.int64))
        width = int(self.mask[where].sum(1).max())
        drawn = np.argsort(rng.random((len(index), identities)), 1)[:, :width]
        shift = rng.uniform(-jitter, jitter, (len(index), 1, 3)) * [1.0, 1.0, 0.2]
        return Rows(
            where,
            torch.from_numpy(drawn),
            torch.from_numpy(shift.astype(np.float32)),
            self._cropped(where, width),
            self.object_index[where],
            self.parameters[where],
        )

    def in_order(self, index: np.ndarray) -> Rows:
        """Transitions `index` with identities 0..n-1 and no shift, as a planner sees them."""
        where = torch.from_numpy(np.asarray(index, np.int64))
        width = int(self.mask[where].sum(1).max())
        ids = torch.arange(width).expand(len(where), -1)
        zero = torch.zeros(len(where), 1, 3)
        labels = self._cropped(where, width)
        return Rows(where, ids, zero, labels, self.object_index[where], self.parameters[where])

    def _cropped(self, where: Tensor, width: int) -> Labels:
        """Labels of some transitions, cropped to `width` segments."""
        labels = self.labels
        return Labels(
            labels.mask[where, :width],
            labels.unary_before[where, :width],
            labels.unary_after[where, :width],
            labels.binary_before[where, :width, :width],
            labels.binary_after[where, :width, :width],
            labels.displacements[where, :width],
        )

    def flat_index(self, side: int, where: Tensor, chosen: Tensor) -> Tensor:
        """Numbers of the clouds that `chosen` (B, w) picks before (side 0) or after (side 1)."""
        row, segment = chosen.nonzero(as_tuple=True)
        return (side * len(self) + where[row]) * self.mask.shape[1] + segment

    def hoods(self, flat: Tensor, prepared: Tensor, model: Points2Plans) -> Neighbourhoods:
        """Neighbourhoods of the clouds numbered `flat`, computed once each."""
        new = (~self._known[flat]).nonzero().squeeze(-1)
        if len(new):
            fresh = neighbourhoods(prepared[new].detach(), model.config.encoder)
            with self._lock:
                self._hoods = self._hoods or _room(fresh, len(self._known))
            for item in dataclasses.fields(fresh):
                value = getattr(fresh, item.name)
                value = value if value.is_floating_point() else value.to(torch.uint8)
                getattr(self._hoods, item.name)[flat[new]] = value
            self._known[flat[new]] = True
        assert self._hoods is not None
        return self._hoods.take(flat)

    def kept(self, model: Points2Plans, side: int, rows: Rows) -> tuple[Tensor, Neighbourhoods] | tuple[None, None]:
        """What a latent must keep so that its segments can be moved: nothing under a centred encoder.

        Args:
            model: Says whether moving means encoding again.
            side: 0 before the skill, 1 after it, where what did not move keeps its cloud from before.
            rows: Transitions whose neighbourhoods are known already, by `hoods`.

        Returns:
            Clouds (B, n, 128, 3), not shifted, and the neighbourhoods of all B·n; those off the mask mean nothing.
        """
        if model.config.centred or self._hoods is None:
            return None, None
        width = rows.labels.mask.shape[1]
        later = self.moved[rows.index, :width] & rows.labels.mask & bool(side)
        number = (later * len(self) + rows.index.unsqueeze(1)) * self.mask.shape[1] + torch.arange(width)
        return self.clouds.flatten(0, 2)[number], self._hoods.take(number.flatten())


def _room(like: Neighbourhoods, count: int) -> Neighbourhoods:
    """Empty neighbourhoods of `count` clouds; indices in one byte each, since a cloud has 128 points."""
    values = (getattr(like, item.name) for item in dataclasses.fields(like))
    return Neighbourhoods(
        *(torch.empty(count, *v.shape[1:], dtype=v.dtype if v.is_floating_point() else torch.uint8) for v in values)
    )


def encode_rows(model: Points2Plans, data: Transitions, rows: Rows) -> tuple[Latent, Latent]:
    """Encode the clouds of some transitions, before and after; what did not move keeps its encoding from before."""
    mask, width = rows.labels.mask, rows.labels.mask.shape[1]
    again = mask & data.moved[rows.index, :width]
    flat = torch.cat([data.flat_index(0, rows.index, mask), data.flat_index(1, rows.index, again)])
    points = data.clouds.flatten(0, 2)[flat]
    shift = rows.shift.expand(-1, width, -1)
    if not model.config.centred:
        points = points + torch.cat([shift[mask], shift[again]]).unsqueeze(-2)
    prepared, centroid, extent = model.prepared(points)
    shape = model.encoder(prepared, data.hoods(flat, prepared, model))
    if model.config.centred:
        centroid = centroid + torch.cat([shift[mask], shift[again]])
    both = [_before_and_after(values, mask, again) for values in (shape, centroid, extent)]
    sides = [Clouds(*(values[side] for values in both)) for side in (0, 1)]
    return _latents(model, data, rows, sides, rows.shift)


def _latents(
    model: Points2Plans, data: Transitions, rows: Rows, sides: Sequence[Clouds], shift: Tensor
) -> tuple[Latent, Latent]:
    """The latents of clouds that are encoded, before and after; `shift` (B, 1, 3) [m] is where they were put."""
    made = []
    for side, clouds in enumerate(sides):
        points, hoods = data.kept(model, side, rows)
        points = None if points is None else points + shift.unsqueeze(-2)
        made.append(model.assemble(clouds, rows.labels.mask, rows.ids, points, hoods))
    return made[0], made[1]


def _before_and_after(values: Tensor, mask: Tensor, again: Tensor) -> tuple[Tensor, Tensor]:
    """Values of all clouds `mask`, then of those seen `again`, as (B, n, c) before and after."""
    count = int(mask.sum())
    before = _scattered(values[:count], mask)
    return before, torch.where(again.unsqueeze(-1), _scattered(values[count:], again), before)


def _scattered(values: Tensor, mask: Tensor) -> Tensor:
    """Rows of `values` put where `mask` is true, zeros elsewhere. Shape (B, n, c)."""
    room = torch.zeros(mask.numel(), values.shape[-1])
    return room.index_copy(0, mask.flatten().nonzero().squeeze(-1), values).view(*mask.shape, -1)


class Encoded:
    """Shape features and centroids of all clouds of a data set under an encoder that no longer changes."""

    def __init__(self, model: Points2Plans, data: Transitions, progress: Progress | None = None) -> None:
        self.data = data
        again = data.mask & data.moved
        every = torch.arange(len(data))
        flat = torch.cat([data.flat_index(0, every, data.mask), data.flat_index(1, every, again)])
        clouds = data.clouds.flatten(0, 2)
        parts: list[list[Tensor]] = [[], [], []]
        model.eval()
        with torch.no_grad():
            for first in range(0, len(flat), CHUNK):
                chunk = flat[first : first + CHUNK]
                prepared, centroid, extent = model.prepared(clouds[chunk])
                shape = model.encoder(prepared, data.hoods(chunk, prepared, model))
                for part, values in zip(parts, (shape, centroid, extent), strict=True):
                    part.append(values)
                if progress is not None:
                    progress("encode", (first + len(chunk)) / len(flat), f"{first + len(chunk)} of {len(flat)} clouds")
        self.shape, self.centroid, self.extent = (
            _before_and_after(torch.cat(part), data.mask, again) for part in parts
        )

    def latents(self, model: Points2Plans, rows: Rows) -> tuple[Latent, Latent]:
        """Latents of some transitions before and after. An encoder that is not centred cannot be shifted."""
        width = rows.labels.mask.shape[1]
        shift = rows.shift if model.config.centred else torch.zeros_like(rows.shift)
        sides = [
            Clouds(
                self.shape[side][rows.index, :width],
                self.centroid[side][rows.index, :width] + shift,
                self.extent[side][rows.index, :width],
            )
            for side in (0, 1)
        ]
        return _latents(model, self.data, rows, sides, shift)
