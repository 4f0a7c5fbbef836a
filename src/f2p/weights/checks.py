"""Whether bytes are weights that may be served: size, sha, header against the architecture, strict, finite, norms.

safetensors is safe, not correct: it accepts flipped bits and NaN. So each file is read as bytes (never mapped, a mapped
file can change underfoot), held to its sha, and then to what the architecture says it must contain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from f2p.model.factory import MOST_BYTES
from f2p.settings import Settings, number
from f2p.weights.errors import BadWeightsFileError

_DTYPES = {
    torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip


@dataclass(frozen=True)
class CheckConfig(Settings):
    """Limits of what is read and served."""

    most_bytes: int = number(
        MOST_BYTES, "largest weights file", unit="bytes", low=1024, high=2**31, source="promises.md 5.14"
    )
    most_header: int = number(
        2**20, "largest header", unit="bytes", low=64, high=2**27, source="ours: 100 tensors take 10 kB"
    )
    most_value: float = number(
        1000.0, "largest absolute value of a weight", low=1.0, high=1e30,
        source="ours: those shipped stay below 4; a flipped exponent bit makes 1e37 of 0.05",
    )  # fmt: skip
    norm_ratio: float = number(
        10.0, "a tensor's root mean square may differ from its parent's by this factor", low=1.0, high=1e6,
        source="ours: fine-tuning moves them by less than 3",
    )  # fmt: skip
    small: float = number(
        0.02, "root mean square below which ratios say nothing (biases start near 0)", low=0.0, high=1.0
    )


def sha256_of(data: bytes) -> str:
    """Return the id that these bytes have."""
    return hashlib.sha256(data).hexdigest()


def header_of(data: bytes, source: str, config: CheckConfig | None = None) -> dict[str, list[Any]]:
    """Return names, dtypes and shapes from a safetensors header, read without trusting it.

    Returns:
        Name to [dtype, shape].

    Raises:
        BadWeightsFileError: Too short, a header beyond the file or the limit, or not JSON of tensors.
    """
    config = config or CheckConfig()
    if len(data) < 8:
        raise BadWeightsFileError(source, f"{len(data)} bytes are no safetensors file")
    length = int.from_bytes(data[:8], "little")
    if length > config.most_header or 8 + length > len(data):
        raise BadWeightsFileError(
            source, f"its header claims {length} bytes of {len(data)}; it is truncated or foreign"
        )
    try:
        words = json.loads(data[8 : 8 + length])
        return {name: [one["dtype"], list(one["shape"])] for name, one in words.items() if name != "__metadata__"}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise BadWeightsFileError(source, f"its header is not that of a safetensors file ({error})") from error


def tensors_of(state: Mapping[str, Tensor]) -> dict[str, list[Any]]:
    """Name to [dtype, shape], as `header_of` gives it, of a module's state."""
    return {name: [_DTYPES[value.dtype], list(value.shape)] for name, value in state.items()}


def checked_tensors(
    data: bytes, expected: Mapping[str, list[Any]], source: str, config: CheckConfig | None = None
) -> dict[str, Tensor]:
    """Return tensors of a weights file that are exactly those `expected`, and finite.

    Raises:
        BadWeightsFileError: Names the first difference.
    """
    header = header_of(data, source, config)
    missing, extra = sorted(set(expected) - set(header)), sorted(set(header) - set(expected))
    if missing or extra:
        odd = f"missing {missing[0]!r}" if missing else f"unexpected {extra[0]!r}"
        raise BadWeightsFileError(source, f"other tensors than the architecture has ({odd}; {len(missing)} missing)")
    for name, wanted in expected.items():
        if header[name] != list(wanted):
            raise BadWeightsFileError(source, f"{name!r} is {header[name]}, the architecture has {list(wanted)}")
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise BadWeightsFileError(source, f"it cannot be read: {error}") from error
    most = (config or CheckConfig()).most_value
    for name, value in tensors.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise BadWeightsFileError(source, f"{name!r} holds numbers that are not finite")
        largest = float(value.abs().max()) if value.is_floating_point() and value.numel() else 0.0
        if largest > most:
            raise BadWeightsFileError(source, f"{name!r} holds {largest:.3g}, at most {most:g} is a weight")
    return tensors


def check_norms(
    tensors: Mapping[str, Tensor], parent: Mapping[str, Tensor], source: str, config: CheckConfig | None = None
) -> None:
    """Refuse weights of which a tensor grew or shrank out of proportion to its parent's.

    A tensor whose parent is zero (a zero-initialised feature) may become anything finite.

    Raises:
        BadWeightsFileError: Names the tensor and the factor.
    """
    config = config or CheckConfig()
    for name, old in parent.items():
        if name not in tensors or not old.is_floating_point() or not bool(old.any()):
            continue
        before, after = (float(one.double().norm()) / max(one.numel(), 1) ** 0.5 for one in (old, tensors[name]))
        grown = after > config.norm_ratio * max(before, config.small)
        shrunk = before > config.small and after < before / config.norm_ratio
        if grown or shrunk:
            raise BadWeightsFileError(source, f"the root mean square of {name!r} went from {before:.3g} to {after:.3g}")
