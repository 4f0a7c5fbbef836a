"""A data set as a folder: transitions, the particles they came from, and a manifest that names the failure.

transitions.safetensors/.json   packed transitions, as the model trains on them
particles.safetensors           poses, actions and log targets, where there are any
dataset.json                    provenance and digests of the other files
learn.json                      what was made of it: losses, gate, seconds; written once the weights are known, and
                                again once they are published: where `published` is null, only the store can tell
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from f2p.action.errors import BadParameterError
from f2p.action.protocol import checked_call
from f2p.files import whole_folder, write_whole
from f2p.learner.errors import DatasetNotWrittenError, NotADatasetError
from f2p.learner.protocol import LearnedData
from f2p.model.batch import TransitionBatch
from f2p.model.errors import BadDatasetError
from f2p.types import Failure, Particles, SkillCall, SkillStep

SCHEMA = "f2p-dataset-1"


@dataclass(frozen=True, eq=False)
class Dataset:
    """One data set on disk."""

    folder: Path
    sha256: str
    """Digest of the packed transitions."""
    batch: TransitionBatch
    provenance: dict[str, Any]


def write_dataset(
    folder: Path | str, failure: Failure, learner: str, seed: int, data: LearnedData, batch: TransitionBatch
) -> Dataset:
    """Write a data set to `folder` by rename. The same data set written twice is no error.

    Args:
        folder: New folder; its parent is made if need be.
        failure: What taught it.
        learner: Who gathered it.
        seed: Of the learner.
        data: What was gathered.
        batch: `data.transitions`, packed.

    Raises:
        DatasetNotWrittenError: The disk is full, the place cannot be written, or other data is there already.
    """
    folder = Path(folder)
    provenance = _provenance(failure, learner, seed, data, batch)
    if folder.exists():
        there = read_dataset(folder)
        if there.sha256 != batch.sha256:
            raise DatasetNotWrittenError(folder, f"another data set ({there.sha256[:12]}) is there already")
        return there
    try:
        with whole_folder(folder) as partial:
            batch.save(partial / "transitions.safetensors", notes={"failure": failure.id})
            if data.particles is not None:
                content = save(_particle_arrays(data.particles))
                (partial / "particles.safetensors").write_bytes(content)
                provenance["particles_sha256"] = hashlib.sha256(content).hexdigest()
            (partial / "dataset.json").write_text(json.dumps(provenance, indent=1))
    except OSError as error:
        raise DatasetNotWrittenError(folder, error.strerror or str(error)) from error
    return Dataset(folder, batch.sha256, batch, provenance)


def read_dataset(folder: Path | str) -> Dataset:
    """Read a data set. Raises NotADatasetError when it is none, or not whole."""
    folder = Path(folder)
    try:
        provenance = json.loads((folder / "dataset.json").read_text())
        batch = TransitionBatch.load(folder / "transitions.safetensors")
    except (OSError, ValueError, BadDatasetError) as error:
        raise NotADatasetError(folder, str(error)) from error
    if not isinstance(provenance, dict) or provenance.get("schema") != SCHEMA:
        raise NotADatasetError(folder, f"its schema is not {SCHEMA!r}")
    if provenance.get("sha256") != batch.sha256:
        raise NotADatasetError(folder, "the transitions are not those that dataset.json speaks of")
    return Dataset(folder, batch.sha256, batch, provenance)


def write_learning(dataset: Dataset, values: dict[str, Any]) -> Path:
    """Put beside the data what was made of it. Raises DatasetNotWrittenError when the disk is full."""
    path = dataset.folder / "learn.json"
    try:
        write_whole(path, json.dumps(values, indent=1).encode())
    except OSError as error:
        raise DatasetNotWrittenError(dataset.folder, error.strerror or str(error)) from error
    return path


def read_learning(folder: Path | str) -> dict[str, Any]:
    """Return what `write_learning` left: at least failure, parent, weights, losses and seconds.

    Raises:
        NotADatasetError: It is missing, truncated or of another kind.
    """
    folder = Path(folder)
    try:
        values = json.loads((folder / "learn.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise NotADatasetError(folder, f"learn.json cannot be read: {error}") from error
    kinds: dict[str, type | tuple[type, ...]] = {
        "failure": str,
        "parent": str,
        "weights": (str, type(None)),
        "losses": list,
        "seconds": dict,
    }
    if not isinstance(values, dict):
        raise NotADatasetError(folder, "learn.json holds no mapping")
    wrong = [name for name, kind in kinds.items() if name not in values or not isinstance(values[name], kind)]
    numbers = [] if wrong else [*values["losses"], *values["seconds"].values()]
    if wrong or not all(isinstance(one, (int, float)) for one in numbers):
        raise NotADatasetError(folder, f"learn.json lacks or garbles {', '.join(wrong) or 'losses or seconds'}")
    return values


def read_particles(folder: Path | str, names: tuple[str, ...], step: SkillStep) -> Particles | None:
    """Return the particles of a data set; None where there are none.

    Args:
        folder: The data set.
        names: Segments of the failed scene, in order.
        step: Skill and object of the failure, which every particle shares.
    """
    try:
        arrays = load((Path(folder) / "particles.safetensors").read_bytes())
        calls = tuple(checked_call(SkillCall(step.skill, step.object, row)) for row in arrays["parameters"])
        return Particles(names, arrays["poses"], calls, arrays["log_target"], arrays["log_entropy"])
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, KeyError, BadParameterError) as error:
        raise NotADatasetError(Path(folder), f"its particles cannot be read: {error}") from error


def _provenance(failure: Failure, learner: str, seed: int, data: LearnedData, batch: TransitionBatch) -> dict[str, Any]:
    """Return where the data came from, as JSON."""
    tags = [transition.tag for transition in data.transitions]
    return {
        "schema": SCHEMA,
        "sha256": batch.sha256,
        "transitions": len(batch),
        "tags": {tag: tags.count(tag) for tag in sorted(set(tags))},
        "learner": learner,
        "seed": seed,
        "failure": failure.id,
        "weights": failure.outcome.weights_id,
        "counts": data.counts,
        "seconds": {name: round(value, 3) for name, value in data.timings.items()},
    }


def _particle_arrays(particles: Particles) -> dict[str, np.ndarray]:
    """Return particles as arrays."""
    return {
        "poses": np.ascontiguousarray(particles.poses, dtype=np.float64),
        "parameters": np.array([call.parameter for call in particles.calls], dtype=np.float64),
        "log_target": np.ascontiguousarray(particles.log_target, dtype=np.float64),
        "log_entropy": np.ascontiguousarray(particles.log_entropy, dtype=np.float64),
    }
