"""Models by architecture and profile, and their weights as files: safetensors and how they were made."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch.overrides import TorchFunctionMode

from f2p.files import read_regular, write_whole
from f2p.model.architectures.protocol import Architecture, architecture_of, architectures
from f2p.model.errors import BadWeightsError, ForeignWeightsError
from f2p.model.shipping import DEFAULT_ARCHITECTURE, SHIPPED
from f2p.model.vocabulary import misfit, vocabulary
from f2p.registry import UnknownNameError
from f2p.settings import field_types

FORMAT = "f2p-weights-1"

MOST_BYTES, MOST_MANIFEST = 64 * 2**20, 4 * 2**20
"""Largest weights file and largest manifest that are read [bytes] (promises.md 5.14; ours)."""

MOST_PARAMETERS, MOST_SKILLS = MOST_BYTES // 4, 16
"""Largest model, in numbers and in skills, that a manifest may ask for (ours: A.10 has one skill)."""


def create(profile: str = "default", architecture: str = DEFAULT_ARCHITECTURE, seed: int = 0) -> Architecture:
    """Create a model, in eval mode; the same seed gives the same weights. Raises UnknownNameError with the choices."""
    kind = architectures.get(architecture)
    if profile not in kind.profiles:
        raise UnknownNameError(f"profile of {architecture}", profile, tuple(sorted(kind.profiles)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(kind.profiles[profile]()).eval()


def weights_bytes(model: Architecture) -> bytes:
    """Return the weights as safetensors."""
    return save({name: value.contiguous() for name, value in model.state_dict().items()}, {"format": FORMAT})


def weights_id(content: bytes) -> str:
    """Return the name of weights: the first 16 digits of the SHA-256 of their safetensors."""
    return hashlib.sha256(content).hexdigest()[:16]


def manifest_of(model: Architecture, content: bytes, notes: dict[str, object]) -> dict[str, object]:
    """Return what a manifest says: architecture, configuration, tensors, digest, and `notes` on how they were made."""
    tensors = {name: list(value.shape) for name, value in model.state_dict().items()}
    return {
        "format": FORMAT,
        "architecture": architecture_of(model),
        "config": dataclasses.asdict(model.config),
        "vocabulary": vocabulary(),
        "weights_id": weights_id(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "parameters": sum(value.numel() for value in model.state_dict().values()),
        "tensors": tensors,
        **notes,
    }


def save_weights(model: Architecture, path: Path, notes: dict[str, object]) -> dict[str, object]:
    """Write `path` (.safetensors) and its manifest (.json) by rename; return the manifest."""
    content = weights_bytes(model)
    manifest = manifest_of(model, content, notes)
    write_whole(path, content)
    write_whole(path.with_suffix(".json"), json.dumps(manifest, indent=1).encode())
    return manifest


def config_from(architecture: str, values: Mapping[str, Any]) -> Any:
    """Return the configuration of an architecture in a manifest.

    Raises TypeError, KeyError, ValueError or SettingError when it is not one, or a number is out of its bounds.
    """
    config = _filled(architectures.get(architecture).config_class, values)
    if len(config.skills) > MOST_SKILLS:
        raise ValueError(f"{len(config.skills)} skills, at most {MOST_SKILLS} are built")
    return config


def _filled(kind: Any, values: Mapping[str, Any]) -> Any:
    """Fill a config dataclass from JSON, tuples from lists; numbers and switches may be missing, parts may not."""
    types = field_types(kind)
    given: dict[str, Any] = {}
    for item in dataclasses.fields(kind):
        if item.default is dataclasses.MISSING and item.name not in values:
            raise KeyError(f"{kind.__name__} without {item.name}")
    for name, value in values.items():
        inner = types.get(name)
        if dataclasses.is_dataclass(inner):
            if not isinstance(value, Mapping):
                raise TypeError(f"{name} is {value!r}, expected an object")
            given[name] = _filled(inner, value)
        else:
            given[name] = tuple(value) if isinstance(value, list) else value
    return kind(**given)


class _Unfilled(TorchFunctionMode):
    """Draws no embeddings: for values of the meta device torch imports its compiler, which takes 1.3 s."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        return kwargs["tensor"] if function is torch.nn.init.normal_ else function(*args, **kwargs)


def built(architecture: str, config: Any) -> Architecture:
    """Return a fresh module of a configuration of the architecture, counted before it takes memory.

    Raises what torch raises when it makes none, and ValueError when it has too many parameters.
    """
    kind = architectures.get(architecture)
    with torch.device("meta"), _Unfilled():
        size = sum(value.numel() for value in kind(config).state_dict().values())
    if size > MOST_PARAMETERS:
        raise ValueError(f"{size} parameters, at most {MOST_PARAMETERS} are built")
    return kind(config)


def model_from_bytes(content: bytes, manifest: dict[str, object], source: str = "weights") -> Architecture:
    """Return the model in eval mode, from the bytes of both files. Raises BadWeightsError naming what does not fit."""
    if manifest.get("format") != FORMAT:
        raise BadWeightsError(source, f"the manifest's format is {manifest.get('format')!r}, expected {FORMAT!r}")
    architecture = manifest.get("architecture")
    if architecture not in architectures.names:
        choices = ", ".join(architectures.names)
        raise BadWeightsError(source, f"architecture {architecture!r}; known are: {choices}")
    if hashlib.sha256(content).hexdigest() != manifest.get("sha256"):
        raise BadWeightsError(source, "the contents do not fit the digest in the manifest (truncated or altered)")
    try:
        config = config_from(str(architecture), manifest["config"])  # type: ignore[arg-type]
        if reason := misfit(manifest.get("vocabulary") or {}, config.skills):  # type: ignore[arg-type]
            raise ForeignWeightsError(source, reason)
        model = built(str(architecture), config)
        tensors = load(content)
        model.load_state_dict(tensors)
    except ForeignWeightsError:
        raise
    except Exception as error:
        raise BadWeightsError(source, f"{type(error).__name__}: {error}".splitlines()[0]) from error
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise BadWeightsError(source, "it holds numbers that are not finite")
    return model.eval()


def load_weights(path: Path | str) -> tuple[Architecture, dict[str, object]]:
    """Model and manifest of a weights file. Raises BadWeightsError when they are missing, truncated or foreign."""
    path = Path(path)
    try:
        content = read_regular(path, MOST_BYTES)
        manifest = json.loads(read_regular(path.with_suffix(".json"), MOST_MANIFEST))
    except (OSError, ValueError, RecursionError) as error:
        raise BadWeightsError(path, str(error)) from error
    if not isinstance(manifest, dict):
        raise BadWeightsError(path, "the manifest is not a JSON object")
    return model_from_bytes(content, manifest, str(path)), manifest


def started_from(model: Architecture, path: Path | str) -> dict[str, object]:
    """Give `model` the weights in `path`, and return their manifest; parts that the file lacks stay fresh.

    Raises ForeignWeightsError when they are of another architecture, and BadWeightsError when the file holds something
    that the model has no place for.
    """
    other, manifest = load_weights(path)
    if type(other) is not type(model):
        both = f"{architecture_of(other)!r}, this model's is {architecture_of(model)!r}"
        raise ForeignWeightsError(path, f"their architecture is {both}")
    room = model.state_dict()
    for name, value in other.state_dict().items():
        if name not in room or room[name].shape != value.shape:
            raise BadWeightsError(path, f"this model has no place for its {name} of shape {tuple(value.shape)}")
    model.load_state_dict({**room, **other.state_dict()})
    return manifest


def shipped_path(architecture: str = DEFAULT_ARCHITECTURE) -> Path:
    """Find the weights of an architecture that come with the package. Raises UnknownNameError with the choices."""
    architectures.get(architecture)
    return SHIPPED / f"{architecture}.safetensors"


def shipped(architecture: str = DEFAULT_ARCHITECTURE) -> tuple[Architecture, dict[str, object]]:
    """Model and manifest of an architecture that come with the package."""
    return load_weights(shipped_path(architecture))
