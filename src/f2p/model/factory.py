"""Models by architecture and profile, and their weights as files: safetensors and how they were made."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load, save

from f2p.files import read_regular, write_whole
from f2p.model.dynamics import DynamicsConfig
from f2p.model.errors import BadWeightsError
from f2p.model.pointconv import PointConvConfig
from f2p.model.points2plans import Points2Plans, Points2PlansConfig, literal_config
from f2p.registry import Registry

FORMAT = "f2p-weights-1"

MOST_BYTES, MOST_MANIFEST = 64 * 2**20, 4 * 2**20
"""Largest weights file and largest manifest that are read [bytes] (promises.md 5.14; ours)."""

MOST_PARAMETERS, MOST_SKILLS = MOST_BYTES // 4, 16
"""Largest model, in numbers and in skills, that a manifest may ask for (ours: A.10 has one skill)."""

SHIPPED = Path(__file__).parent / "shipped"

Maker = Callable[[str], torch.nn.Module]

architectures: Registry[Maker] = Registry("architecture")
"""What makes a model of a profile, by name of the architecture."""

profiles: Registry[Callable[[], Points2PlansConfig]] = Registry("profile")
"""Configurations by name of the profile."""

profiles.register("default")(Points2PlansConfig)
profiles.register("literal")(literal_config)


@architectures.register("points2plans")
def points2plans(profile: str) -> Points2Plans:
    """Points2Plans in one of its profiles."""
    return Points2Plans(profiles.get(profile)())


def create(profile: str = "default", architecture: str = "points2plans", seed: int = 0) -> Points2Plans:
    """A fresh model, in eval mode; the same seed gives the same weights. Raises UnknownNameError with the choices."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = architectures.get(architecture)(profile)
    assert isinstance(model, Points2Plans)
    return model.eval()


def weights_bytes(model: Points2Plans) -> bytes:
    """The weights as safetensors."""
    return save({name: value.contiguous() for name, value in model.state_dict().items()}, {"format": FORMAT})


def weights_id(content: bytes) -> str:
    """The name of weights: the first 16 digits of the SHA-256 of their safetensors."""
    return hashlib.sha256(content).hexdigest()[:16]


def manifest_of(model: Points2Plans, content: bytes, notes: dict[str, object]) -> dict[str, object]:
    """Everything a manifest says: architecture, configuration, tensors, digest, and `notes` on how they were made."""
    tensors = {name: list(value.shape) for name, value in model.state_dict().items()}
    return {
        "format": FORMAT,
        "architecture": "points2plans",
        "config": dataclasses.asdict(model.config),
        "weights_id": weights_id(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "parameters": sum(value.numel() for value in model.state_dict().values()),
        "tensors": tensors,
        **notes,
    }


def save_weights(model: Points2Plans, path: Path, notes: dict[str, object]) -> dict[str, object]:
    """Write `path` (.safetensors) and its manifest (.json) by rename; return the manifest."""
    content = weights_bytes(model)
    manifest = manifest_of(model, content, notes)
    write_whole(path, content)
    write_whole(path.with_suffix(".json"), json.dumps(manifest, indent=1).encode())
    return manifest


def config_from(values: dict[str, object]) -> Points2PlansConfig:
    """The configuration in a manifest.

    Raises TypeError, KeyError, ValueError or SettingError when it is not one, or a number is out of its bounds.
    """
    inner = dict(values)
    encoder = PointConvConfig(**inner.pop("encoder"))  # type: ignore[arg-type]
    dynamics = DynamicsConfig(**inner.pop("dynamics"))  # type: ignore[arg-type]
    skills: tuple[str, ...] = tuple(inner.pop("skills"))  # type: ignore[arg-type]
    if len(skills) > MOST_SKILLS:
        raise ValueError(f"{len(skills)} skills, at most {MOST_SKILLS} are built")
    return Points2PlansConfig(encoder=encoder, dynamics=dynamics, skills=skills, **inner)  # type: ignore[arg-type]


def built(values: dict[str, object]) -> Points2Plans:
    """A fresh module of the configuration in a manifest, counted before it takes memory.

    Raises what torch or `config_from` raise when it makes none, and ValueError when it has too many parameters.
    """
    config = config_from(values)
    with torch.device("meta"):
        size = sum(value.numel() for value in Points2Plans(config).state_dict().values())
    if size > MOST_PARAMETERS:
        raise ValueError(f"{size} parameters, at most {MOST_PARAMETERS} are built")
    return Points2Plans(config)


def model_from_bytes(content: bytes, manifest: dict[str, object], source: str = "weights") -> Points2Plans:
    """The model in eval mode, from the bytes of both files. Raises BadWeightsError naming what does not fit."""
    if manifest.get("format") != FORMAT:
        raise BadWeightsError(source, f"the manifest's format is {manifest.get('format')!r}, expected {FORMAT!r}")
    if manifest.get("architecture") not in architectures.names:
        choices = ", ".join(architectures.names)
        raise BadWeightsError(source, f"architecture {manifest.get('architecture')!r}; known are: {choices}")
    if hashlib.sha256(content).hexdigest() != manifest.get("sha256"):
        raise BadWeightsError(source, "the contents do not fit the digest in the manifest (truncated or altered)")
    try:
        model = built(manifest["config"])  # type: ignore[arg-type]
        tensors = load(content)
        model.load_state_dict(tensors)
    except Exception as error:
        raise BadWeightsError(source, f"{type(error).__name__}: {error}".splitlines()[0]) from error
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise BadWeightsError(source, "it holds numbers that are not finite")
    return model.eval()


def load_weights(path: Path | str) -> tuple[Points2Plans, dict[str, object]]:
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


def started_from(model: Points2Plans, path: Path | str) -> dict[str, object]:
    """Give `model` the weights in `path`, and return their manifest; parts that the file lacks stay fresh.

    Raises BadWeightsError when the file holds something that the model has no place for.
    """
    other, manifest = load_weights(path)
    room = model.state_dict()
    for name, value in other.state_dict().items():
        if name not in room or room[name].shape != value.shape:
            raise BadWeightsError(path, f"this model has no place for its {name} of shape {tuple(value.shape)}")
    model.load_state_dict({**room, **other.state_dict()})
    return manifest


def shipped(profile: str = "default") -> tuple[Points2Plans, dict[str, object]]:
    """Model and manifest that come with the package."""
    return load_weights(SHIPPED / f"{profile}.safetensors")
