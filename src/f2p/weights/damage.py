"""Ways in which a weights file can be bad, one function each: what stays of it lies in a store as if it belonged there.

Some do not fit their digest, some fit it and are no weights, some fit it and are weights that predict nonsense.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from f2p.model.architectures.protocol import Architecture
from f2p.model.factory import create, shipped, weights_bytes
from f2p.weights.checks import sha256_of, tensors_of
from f2p.weights.manifest import Manifest
from f2p.weights.modules import manifest_for

Rng = np.random.Generator
Bytes = Callable[[bytes, Rng], bytes]
Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Good:
    """Weights that are good, from which the bad ones are made."""

    data: bytes
    manifest: Manifest


def good() -> Good:
    """Return the shipped weights."""
    model, _ = shipped()
    data = weights_bytes(model)
    return Good(data, manifest_for(model, data, "default"))


def plant(folder: Path, data: bytes, manifest: Manifest, weights_id: str = "") -> str:
    """Put a file and its manifest where a store looks for them; returns the id."""
    name = weights_id or sha256_of(data)
    (folder / f"{name}.safetensors").write_bytes(data)
    (folder / f"{name}.json").write_bytes(dataclasses.replace(manifest, weights_id=name).to_bytes())
    return name


def _cut(data: bytes, rng: Rng) -> bytes:
    return data[: int(rng.integers(0, len(data)))]


def _grown(data: bytes, rng: Rng) -> bytes:
    return data + rng.bytes(int(rng.integers(1, 4096)))


def _bit(data: bytes, rng: Rng) -> bytes:
    out, place = bytearray(data), int(rng.integers(0, 8 * len(data)))
    out[place // 8] ^= 1 << (place % 8)
    return bytes(out)


def _block(data: bytes, rng: Rng) -> bytes:
    start, length = int(rng.integers(0, len(data))), int(rng.integers(1, 65536))
    return data[:start] + rng.bytes(len(data[start : start + length])) + data[start + length :]


def _header(data: bytes, rng: Rng) -> bytes:
    length = int.from_bytes(data[:8], "little")
    start = 8 + int(rng.integers(0, length))
    return data[:start] + rng.bytes(4) + data[start + 4 :]


def _claim(data: bytes, rng: Rng) -> bytes:
    return int(rng.integers(2**21, 2**63)).to_bytes(8, "little") + data[8:]


def _foreign(data: bytes, rng: Rng) -> bytes:
    return bytes((b"PK\x03\x04", b"\x89HDF\r\n", b"\x1f\x8b\x08", b"")[int(rng.integers(0, 4))]) + rng.bytes(500)


ALTERED: dict[str, Bytes] = {
    "cut": _cut, "grown": _grown, "bit": _bit, "block": _block, "header": _header, "claim": _claim, "foreign": _foreign,
}  # fmt: skip
"""What is done to the bytes; each is planted once with the digest it had, and once with the one it has now."""


def changed(data: bytes, kind: str, rng: Rng) -> Tensors:
    """Return tensors that a file with a right digest must not have."""
    from safetensors.torch import load

    tensors = load(data)
    name = sorted(tensors)[int(rng.integers(0, len(tensors)))]
    value = tensors[name]
    if kind == "missing":
        del tensors[name]
    elif kind == "extra":
        tensors["extra"] = torch.ones(3)
    elif kind == "shape":
        tensors[name] = torch.zeros([*value.shape, 2])
    elif kind == "dtype":
        tensors[name] = value.double() if value.is_floating_point() else value.float()
    else:
        floats = [one for one in sorted(tensors) if tensors[one].is_floating_point() and tensors[one].numel()]
        name = floats[int(rng.integers(0, len(floats)))]
        tensors[name] = tensors[name].clone()
        odd = {"nan": float("nan"), "infinite": float("inf"), "huge": 1e30}[kind]
        tensors[name].view(-1)[int(rng.integers(0, tensors[name].numel()))] = odd
    return tensors


FITTING = ("missing", "extra", "shape", "dtype", "nan", "infinite", "huge")


def fitting(base: Good, kind: str, rng: Rng) -> tuple[bytes, Manifest]:
    """Return bytes and manifest that fit each other and not their architecture, or are no numbers."""
    tensors = changed(base.data, kind, rng)
    return save(tensors), dataclasses.replace(base.manifest, tensors=tensors_of(tensors))


NONSENSE = ("zero", "scaled", "negated", "signs", "exponents", "shuffled", "layer", "noise", "fresh")


def nonsense(kind: str, rng: Rng) -> Architecture:
    """Return a model that loads, answers its own golden questions, and predicts nonsense."""
    if kind == "fresh":
        return create(seed=int(rng.integers(1, 2**31)))
    model, _ = shipped()
    parameters = [one for one in model.parameters() if one.is_floating_point()]
    big = sorted(parameters, key=lambda one: -one.numel())[:12]
    with torch.no_grad():
        for value in parameters:
            if kind == "zero":
                value.zero_()
            elif kind == "scaled":
                value.mul_(float(rng.choice((rng.uniform(0.1, 0.6), rng.uniform(1.5, 5.0)))))
            elif kind == "negated":
                value.neg_()
            elif kind == "noise":
                drawn = torch.from_numpy(rng.normal(size=tuple(value.shape))).float()
                value.add_(drawn, alpha=0.8 * float(value.std(correction=0)))
            elif kind == "shuffled":
                order = torch.from_numpy(rng.permutation(value.numel()))
                value.copy_(value.reshape(-1)[order].reshape(value.shape))
            elif kind in ("signs", "exponents"):
                places = torch.from_numpy(np.flatnonzero(rng.random(value.numel()) < 0.05))
                bits = value.view(torch.int32).view(-1)
                bits[places] ^= -(2**31) if kind == "signs" else 1 << int(rng.integers(24, 31))
        if kind == "layer":
            big[int(rng.integers(0, len(big)))].zero_()
    return model


ODD_FILES = ("link", "pipe", "folder", "no manifest", "other manifest", "no json", "code")


def odd_file(folder: Path, base: Good, kind: str, rng: Rng, trap: Path) -> str:
    """Plant what is no regular pair of files; returns the id that is asked for. `trap` appears if code is run."""
    data = _bit(base.data, rng)
    name = plant(folder, data, base.manifest)
    file, told = folder / f"{name}.safetensors", folder / f"{name}.json"
    if kind == "link":
        file.rename(folder / "moved")
        file.symlink_to(folder / "moved")
    elif kind == "pipe":
        file.unlink()
        os.mkfifo(file)
    elif kind == "folder":
        file.unlink()
        file.mkdir()
    elif kind == "no manifest":
        told.unlink()
    elif kind == "other manifest":
        told.write_bytes(base.manifest.to_bytes())
    elif kind == "no json":
        told.write_bytes(rng.bytes(200) if rng.random() < 0.5 else json.dumps([[]] * 50).encode())
    else:  # a pickle that makes a folder when it is unpickled, under a digest that fits
        file.unlink()
        told.unlink()
        name = plant(folder, b"cposix\nmkdir\n(V" + str(trap).encode() + b"\nI511\ntR.", base.manifest)
    return name
