"""Features of clouds under an encoder that does not change, remembered from one data set and one round to the next."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from f2p.model.transitions import Transitions

MOST = 1024
"""Transitions whose features are remembered (ours: three replay sets; 14 MB)."""


class FeatureMemory:
    """The last features asked for, by digest of encoder and clouds: a replay set is the same in every round.

    Thread-safe.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()

    def found(self, keys: Sequence[bytes]) -> list[Tensor | None]:
        """Return what is remembered under `keys`, None where nothing is."""
        with self._lock:
            for key in keys:
                if key in self._kept:
                    self._kept.move_to_end(key)
            return [self._kept.get(key) for key in keys]

    def keep(self, key: bytes, features: Tensor) -> None:
        """Remember `features`, and forget what was longest not asked for."""
        with self._lock:
            self._kept[key] = features
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """Forget everything, as in a new process."""
        with self._lock:
            self._kept.clear()


MEMORY = FeatureMemory()
"""Of this process."""


def keys_of(encoder: nn.Module, scale: object, data: Transitions) -> list[bytes]:
    """Return a digest for every transition: of what the encoder is, of its clouds, and of which of them count.

    Args:
        encoder: Its parameters and its config decide.
        scale: Whatever else decides what the encoder is given, as something that prints.
        data: The transitions.
    """
    basis = hashlib.blake2b(repr((scale, dataclasses.asdict(encoder.config))).encode())  # type: ignore[call-overload]
    for value in encoder.state_dict().values():
        basis.update(np.ascontiguousarray(value.numpy()).data)
    out = []
    for index in range(len(data)):
        own = basis.copy()
        for part in (data.clouds[0, index], data.clouds[1, index], data.mask[index], data.moved[index]):
            own.update(repr(tuple(part.shape)).encode())
            own.update(np.ascontiguousarray(part.numpy()).data)
        out.append(own.digest())
    return out
