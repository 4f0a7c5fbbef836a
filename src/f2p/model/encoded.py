"""Clouds of a data set under a shared encoder: neighbourhoods remembered, and features once the encoder is frozen."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from f2p.model.latent import Clouds, ObjectLatent
from f2p.model.pointconv import Neighbourhoods, neighbourhoods
from f2p.model.remembered import MEMORY, MOST, keys_of
from f2p.model.transitions import Progress, Rows, Transitions

if TYPE_CHECKING:
    from f2p.model.architectures.objectcentric import ObjectCentric

CHUNK = 128
"""Clouds encoded at once when nothing is trained."""


class Encoded:
    """The observations of a data set as latents of an object-centric model; fulfils `Encoding`."""

    def __init__(self, model: ObjectCentric, data: Transitions) -> None:
        self._model, self.data = model, data
        self._lock = threading.Lock()
        self._known = torch.zeros(data.clouds.shape[:3].numel(), dtype=torch.bool)
        self._neighbours: Neighbourhoods | None = None
        self._frozen: tuple[Tensor, ...] | None = None

    def latents(self, rows: Rows) -> tuple[ObjectLatent, ObjectLatent]:
        """Latents of some transitions before and after. A frozen encoder that is not centred cannot be shifted."""
        if self._frozen is None:
            return self._latents(rows, self._encoded(rows), rows.shift)
        width = rows.labels.mask.shape[1]
        shift = rows.shift if self._model.config.centred else torch.zeros_like(rows.shift)
        sides = []
        for side in (0, 1):
            shape, centroid, extent = (values[side][rows.index, :width] for values in self._frozen)
            sides.append(Clouds(shape, centroid + shift, extent))
        return self._latents(rows, sides, shift)

    def freeze(self, progress: Progress | None = None) -> None:
        """Remember shape features and centroids of all clouds, those of earlier data sets from then."""
        data, model = self.data, self._model
        lasting = model.config.centred and len(data) <= MOST  # others need the clouds themselves
        keys = keys_of(model.encoder, (model.config.scale, model.encoder.config), data) if lasting else []
        known = MEMORY.found(keys) if lasting else [None] * len(data)
        missing = torch.tensor([index for index, features in enumerate(known) if features is None], dtype=torch.int64)
        if len(missing):
            fresh = self._features(missing, progress).unbind(1)
            for index, features in zip(missing.tolist(), fresh, strict=True):
                known[index] = features
                if lasting:
                    MEMORY.keep(keys[index], features.clone())
        every = torch.stack([features for features in known if features is not None], 1)
        width = every.shape[-1] - 9
        self._frozen = every[..., :width], every[..., width : width + 3], every[..., width + 3 :]

    @torch.no_grad()
    def _features(self, index: Tensor, progress: Progress | None) -> Tensor:
        """Shape features, centroid and extent of the clouds of some transitions. Shape (2, B, n, features + 9)."""
        data, model = self.data, self._model
        mask, again = data.mask[index], (data.mask & data.moved)[index]
        flat = torch.cat([self._flat_index(0, index, mask), self._flat_index(1, index, again)])
        clouds, parts = data.clouds.flatten(0, 2), []
        model.eval()
        for first in range(0, len(flat), CHUNK):
            chunk = flat[first : first + CHUNK]
            prepared, centroid, extent = model.prepared(clouds[chunk])
            shape = model.encoder(prepared, self._neighbourhoods(chunk, prepared))
            parts.append(torch.cat([shape, centroid, extent], -1))
            if progress is not None:
                progress("encode", (first + len(chunk)) / len(flat), f"{first + len(chunk)} of {len(flat)} clouds")
        return torch.stack(_before_and_after(torch.cat(parts), mask, again))

    def _encoded(self, rows: Rows) -> list[Clouds]:
        """Return the clouds before and after, encoded; what did not move keeps its encoding from before."""
        data, model, mask, width = self.data, self._model, rows.labels.mask, rows.labels.mask.shape[1]
        again = mask & data.moved[rows.index, :width]
        flat = torch.cat([self._flat_index(0, rows.index, mask), self._flat_index(1, rows.index, again)])
        points = data.clouds.flatten(0, 2)[flat]
        shift = rows.shift.expand(-1, width, -1)
        if not model.config.centred:
            points = points + torch.cat([shift[mask], shift[again]]).unsqueeze(-2)
        prepared, centroid, extent = model.prepared(points)
        shape = model.encoder(prepared, self._neighbourhoods(flat, prepared))
        if model.config.centred:
            centroid = centroid + torch.cat([shift[mask], shift[again]])
        both = [_before_and_after(values, mask, again) for values in (shape, centroid, extent)]
        return [Clouds(*(values[side] for values in both)) for side in (0, 1)]

    def _latents(self, rows: Rows, sides: Sequence[Clouds], shift: Tensor) -> tuple[ObjectLatent, ObjectLatent]:
        """Return the latents of encoded clouds, before and after; `shift` (B, 1, 3) [m] is where they were put."""
        made = []
        for side, clouds in enumerate(sides):
            points, neighbours = self._kept(side, rows)
            points = None if points is None else points + shift.unsqueeze(-2)
            made.append(self._model.assemble(clouds, rows.labels.mask, rows.ids, points, neighbours))
        return made[0], made[1]

    def _flat_index(self, side: int, where: Tensor, chosen: Tensor) -> Tensor:
        """Return numbers of the clouds that `chosen` (B, w) picks before (side 0) or after (side 1)."""
        row, segment = chosen.nonzero(as_tuple=True)
        return (side * len(self.data) + where[row]) * self.data.mask.shape[1] + segment

    def _neighbourhoods(self, flat: Tensor, prepared: Tensor) -> Neighbourhoods:
        """Return neighbourhoods of the clouds numbered `flat`, computed once each."""
        new = (~self._known[flat]).nonzero().squeeze(-1)
        if len(new):
            fresh = neighbourhoods(prepared[new].detach(), self._model.config.encoder)
            with self._lock:
                self._neighbours = self._neighbours or _room(fresh, len(self._known))
            for item in dataclasses.fields(fresh):
                value = getattr(fresh, item.name)
                value = value if value.is_floating_point() else value.to(torch.uint8)
                getattr(self._neighbours, item.name)[flat[new]] = value
            self._known[flat[new]] = True
        assert self._neighbours is not None
        return self._neighbours.take(flat)

    def _kept(self, side: int, rows: Rows) -> tuple[Tensor, Neighbourhoods] | tuple[None, None]:
        """Return what a latent must keep so that its segments can be moved: nothing under a centred encoder.

        Args:
            side: 0 before the skill, 1 after it, where what did not move keeps its cloud from before.
            rows: Transitions whose neighbourhoods are known already.

        Returns:
            Clouds (B, n, 128, 3), not shifted, and the neighbourhoods of all B·n; those off the mask mean nothing.
        """
        if self._model.config.centred or self._neighbours is None:
            return None, None
        data, width = self.data, rows.labels.mask.shape[1]
        later = data.moved[rows.index, :width] & rows.labels.mask & bool(side)
        number = (later * len(data) + rows.index.unsqueeze(1)) * data.mask.shape[1] + torch.arange(width)
        return data.clouds.flatten(0, 2)[number], self._neighbours.take(number.flatten())


def _room(like: Neighbourhoods, count: int) -> Neighbourhoods:
    """Empty neighbourhoods of `count` clouds; indices in one byte each, since a cloud has 128 points."""
    values = (getattr(like, item.name) for item in dataclasses.fields(like))
    return Neighbourhoods(
        *(torch.empty(count, *v.shape[1:], dtype=v.dtype if v.is_floating_point() else torch.uint8) for v in values)
    )


def _before_and_after(values: Tensor, mask: Tensor, again: Tensor) -> tuple[Tensor, Tensor]:
    """Return values of all clouds `mask`, then of those seen `again`, as (B, n, c) before and after."""
    count = int(mask.sum())
    before = _scattered(values[:count], mask)
    return before, torch.where(again.unsqueeze(-1), _scattered(values[count:], again), before)


def _scattered(values: Tensor, mask: Tensor) -> Tensor:
    """Return rows of `values` put where `mask` is true, zeros elsewhere. Shape (B, n, c)."""
    room = torch.zeros(mask.numel(), values.shape[-1])
    return room.index_copy(0, mask.flatten().nonzero().squeeze(-1), values).view(*mask.shape, -1)
