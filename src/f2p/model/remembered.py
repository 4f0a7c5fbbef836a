"""Features of clouds under an encoder that does not change, remembered from one data set and one round to the next.

A file of them outlives the process: it holds features by the digest of what they are features of, so that it can be
incomplete or of another encoder, but never wrong of those that are asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from f2p.files import read_regular, write_whole
from f2p.model.transitions import Transitions

MOST = 1024
"""Transitions whose features are remembered (ours: three replay sets; 14 MB)."""

MOST_BYTES = 64 * 2**20
"""Largest file of features that is read (ours: four times what is remembered)."""


class FeatureMemory:
    """The last features asked for, by digest of encoder and clouds: a replay set is the same in every round.

    Thread-safe.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()
        self._asked: dict[bytes, None] = {}

    def found(self, keys: Sequence[bytes]) -> list[Tensor | None]:
        """Return what is remembered under `keys`, None where nothing is."""
        with self._lock:
            self._asked |= dict.fromkeys(keys)
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

    @contextlib.contextmanager
    def lasting(self, path: Path) -> Iterator[None]:
        """Know in a `with` block what the file `path` holds, and leave there what was asked for in the block.

        One block at a time. A file that cannot be read or written costs the time of encoding again, and nothing else.
        """
        known = _read(path)
        for key, features in known.items():
            self.keep(key, features)
        self._asked = {}
        yield
        with self._lock:
            wanted = {key: self._kept[key] for key in self._asked if key in self._kept}
        if wanted.keys() - known.keys():
            with contextlib.suppress(OSError):
                write_whole(path, save({key.hex(): features.contiguous() for key, features in wanted.items()}))


def _read(path: Path) -> dict[bytes, Tensor]:
    """Return the features that a file holds; none where there is none, or another kind of file."""
    try:
        held = load(read_regular(path, MOST_BYTES, follow=False))
        found = {bytes.fromhex(name): features for name, features in held.items()}
    except (OSError, SafetensorError, ValueError):
        return {}
    sound = all(one.dim() == 3 and one.dtype == torch.float32 and one.isfinite().all() for one in found.values())
    return found if sound else {}


MEMORY = FeatureMemory()
"""Of this process."""


def keys_of(encoder: nn.Module, config: object, data: Transitions) -> list[bytes]:
    """Return a digest for every transition: of what the encoder is, of its clouds, and of which of them count.

    Args:
        encoder: Its parameters decide.
        config: Whatever else decides what it computes and is given, as something that prints.
        data: The transitions.
    """
    basis = hashlib.blake2b(repr(config).encode())
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
