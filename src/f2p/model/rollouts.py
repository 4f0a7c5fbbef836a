"""What was rolled out last, by the parameters that led there: other goals are asked of the same candidates, or of some.

Shooting asks 128 of its 1,000 candidates where they leave what they move; a search asks those that achieve a literal
what they do to the whole goal. Rolling them out again took a seventh of a planning (ours).
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from itertools import accumulate, pairwise

import torch

from f2p.model.protocol import Latent


class Rollouts(threading.local):
    """Latents after one skeleton in one scene, apart for every thread; asked for another, the first are forgotten."""

    def __init__(self, most: int) -> None:
        """Keep at most `most` candidates."""
        self._most = most
        self._clear(None)

    def _clear(self, of: Hashable) -> None:
        """Forget everything, and begin with another skeleton or scene."""
        self._of = of
        self._latents: list[Latent] = []
        self._places: dict[bytes, tuple[int, int]] = {}
        self._last: tuple[list[bytes], Sequence[Latent]] = ([], [])

    def find(self, of: Hashable, rows: list[bytes]) -> Sequence[Latent] | None:
        """Return latents of all `rows` of parameters in their order, if they are all known."""
        if of != self._of:
            return None
        if rows != self._last[0]:
            places = [self._places.get(row) for row in rows]
            known = [place for place in places if place is not None]
            if len(known) < len(rows):
                return None
            self._last = rows, [self._gathered(known)]
        return self._last[1]

    def add(self, of: Hashable, rows: list[bytes], latents: Sequence[Latent], counts: Sequence[int]) -> None:
        """Keep what `rows` lead to: `latents` of `counts` candidates each, as many as there are rows."""
        if of != self._of or len(self._places) + len(rows) > self._most:
            self._clear(of)
        if len(rows) > self._most:
            return
        ends = list(accumulate(counts, initial=0))
        for number, (first, end) in enumerate(pairwise(ends), len(self._latents)):
            self._places |= {row: (number, place) for place, row in enumerate(rows[first:end])}
        self._latents += latents
        self._last = rows, latents

    def _gathered(self, places: list[tuple[int, int]]) -> Latent:
        """Return candidates of several latents as one."""
        order = sorted(range(len(places)), key=places.__getitem__)
        chosen: dict[int, list[int]] = {}
        for number, place in (places[index] for index in order):
            chosen.setdefault(number, []).append(place)
        parts = [self._latents[number].gathered((), torch.tensor(index)) for number, index in chosen.items()]
        back = torch.empty(len(order), dtype=torch.long)
        back[order] = torch.arange(len(order))
        return parts[0].gathered(parts[1:], back)
