"""Transitions as arrays: what the model trains on, packed, saved and loaded without pickle."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from f2p.action.protocol import actions, checked_call, mirror_signs, widest, width_of
from f2p.files import write_whole
from f2p.model.errors import BadDatasetError, EmptyCloudError, TooManySegmentsError
from f2p.relation.table import mirrored as relations_mirrored
from f2p.types import Relations, Segment, Transition

POINTS = 128
"""Points of a segment that the encoder sees (A.11.2)."""

MAX_SEGMENTS = 12
"""Segments a batch has room for (ours: 7 contents, container, landmark, two tables and one spare)."""

FORMAT = "f2p-transitions-2"

CLOUDS = ("points_before", "points_after")
TRUTHS = ("unary_before", "unary_after", "binary_before", "binary_after")
"""Arrays that a file holds in less room: the clouds of segments that are there, and zeros and ones of one byte."""


@dataclass(frozen=True, eq=False)
class TransitionBatch:
    """N transitions, padded to the same number n of segments; frame: task frame, [m] and [rad]."""

    points_before: np.ndarray
    """Clouds before the skill. Shape (N, n, 128, 3), float32."""
    points_after: np.ndarray
    """Clouds after the skill. Shape (N, n, 128, 3), float32."""
    mask: np.ndarray
    """True where there is a segment. Shape (N, n), bool."""
    unary_before: np.ndarray
    """Shape (N, n, 3), float32, 0 or 1."""
    unary_after: np.ndarray
    """Shape (N, n, 3), float32, 0 or 1."""
    binary_before: np.ndarray
    """Shape (N, n, n, 9), float32, 0 or 1."""
    binary_after: np.ndarray
    """Shape (N, n, n, 9), float32, 0 or 1."""
    displacements: np.ndarray
    """True displacement of every body [m]. Shape (N, n, 3), float32."""
    object_index: np.ndarray
    """Segment the skill acts on. Shape (N,), int64."""
    parameters: np.ndarray
    """Continuous parameters of each row's skill, filled up with zeros to the widest. Shape (N, P), float32."""
    skill: np.ndarray
    """Index into `skills`. Shape (N,), int64."""
    skills: tuple[str, ...]
    """Names of the skills that occur; the only field that is no array."""

    def __len__(self) -> int:
        return len(self.mask)

    @property
    def segments(self) -> int:
        """Number n of segments the arrays have room for."""
        return self.mask.shape[1]

    def take(self, index: np.ndarray | Sequence[int] | slice) -> TransitionBatch:
        """Return the transitions at `index`, as a new batch."""
        return TransitionBatch(**{name: value[index] for name, value in self.arrays().items()}, skills=self.skills)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name, in the order of declaration."""
        return {name: getattr(self, name) for name in _array_names()}

    @property
    def sha256(self) -> str:
        """Digest of names, shapes and contents of the arrays."""
        digest = hashlib.sha256()
        for name, value in self.arrays().items():
            digest.update(f"{name}{value.shape}{value.dtype}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()

    def of(self, known: Sequence[str]) -> TransitionBatch:
        """Return the transitions whose skills are among `known`, and those skills only, in their order."""
        kept = [index for index, name in enumerate(self.skills) if name in known]
        rows = self.take(np.flatnonzero(np.isin(self.skill, kept)))
        skills = tuple(self.skills[index] for index in kept)
        return dataclasses.replace(rows, skill=np.searchsorted(kept, rows.skill).astype(np.int64), skills=skills)

    def in_half_precision(self) -> TransitionBatch:
        """Return the batch with clouds rounded to half precision (0.5 mm at 1 m, less than a camera's noise)."""
        rounded = {name: getattr(self, name).astype(np.float16).astype(np.float32) for name in CLOUDS}
        return dataclasses.replace(self, **rounded)

    def save(self, path: Path | str, notes: dict[str, object] | None = None) -> None:
        """Write `path` (safetensors) and its manifest (`.json`) by rename; `notes` go into the manifest.

        Raises:
            OSError: The disk is full, or the place cannot be written.
        """
        path = Path(path)
        arrays = {name: np.ascontiguousarray(_packed(name, value, self.mask)) for name, value in self.arrays().items()}
        write_whole(path, save(arrays, metadata={"format": FORMAT}))
        shapes = {name: [str(value.dtype), *value.shape] for name, value in arrays.items()}
        manifest = {"format": FORMAT, "transitions": len(self), "sha256": self.sha256, "skills": self.skills}
        text = json.dumps({**manifest, "arrays": shapes, "notes": notes or {}}, indent=1)
        write_whole(path.with_suffix(".json"), text.encode())

    @classmethod
    def load(cls, path: Path | str) -> TransitionBatch:
        """Read what `save` wrote. Raises BadDatasetError when file and manifest do not fit."""
        path = Path(path)
        try:
            manifest = json.loads(path.with_suffix(".json").read_text())
            arrays = load_file(path)
        except Exception as error:
            raise BadDatasetError(path, f"{type(error).__name__}: {error}") from error
        names = _array_names()
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or set(arrays) != set(names):
            raise BadDatasetError(path, f"expected format {FORMAT} with the arrays {', '.join(sorted(names))}")
        skills = _skills_of(path, manifest.get("skills"))
        try:
            batch = cls(**{name: _unpacked(name, arrays[name], arrays["mask"]) for name in names}, skills=skills)
        except (ValueError, IndexError) as error:
            raise BadDatasetError(path, f"its arrays do not fit each other: {error}") from error
        if batch.sha256 != manifest.get("sha256"):
            raise BadDatasetError(path, "the contents do not fit the digest in the manifest")
        ids = np.unique(batch.skill)
        if np.any((ids < 0) | (ids >= len(batch.skills))) or batch.parameters.shape[1:] < (widest(batch.skills),):
            raise BadDatasetError(path, f"skill or parameters do not fit the skills {', '.join(batch.skills)}")
        return batch


def _packed(name: str, value: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return an array as a file holds it: a cloud of half precision in half the room."""
    if name in CLOUDS:
        there, half = value[mask], value[mask].astype(np.float16)
        return half if np.array_equal(half, there) else there
    return value.astype(np.uint8) if name in TRUTHS else value


def _unpacked(name: str, value: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return what `_packed` was given, if the clouds of absent segments are zero and every truth is 0 or 1."""
    if name in CLOUDS:
        whole = np.zeros((*mask.shape, *value.shape[1:]), np.float32)
        whole[mask] = value
        return whole
    return value.astype(np.float32) if name in TRUTHS else value


def _array_names() -> tuple[str, ...]:
    """Return the fields of a batch that are arrays, in the order of declaration."""
    return tuple(item.name for item in dataclasses.fields(TransitionBatch) if item.name != "skills")


def _skills_of(path: Path, value: object) -> tuple[str, ...]:
    """Return the skills that a manifest names. Raises BadDatasetError for one that is not known here."""
    if not isinstance(value, list) or not value or any(name not in actions.names for name in value):
        raise BadDatasetError(path, f"its skills are {value!r}; known are: {', '.join(actions.names)}")
    return tuple(value)


def concatenate(batches: Sequence[TransitionBatch]) -> TransitionBatch:
    """Return one batch of all transitions, skills in the order in which they occur.

    Raises BadDatasetError unless all batches have room for the same number of segments.
    """
    widths = {batch.segments for batch in batches}
    if len(widths) != 1:
        raise BadDatasetError("concatenate", f"needs batches of one width, got widths {sorted(widths)}")
    skills = tuple(dict.fromkeys(name for batch in batches for name in batch.skills))
    width = max(batch.parameters.shape[1] for batch in batches)
    parts = [batch.arrays() for batch in batches]
    for part, batch in zip(parts, batches, strict=True):
        part["skill"] = np.array([skills.index(name) for name in batch.skills], np.int64)[batch.skill]
        part["parameters"] = np.pad(batch.parameters, [(0, 0), (0, width - batch.parameters.shape[1])])
    return TransitionBatch(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, skills=skills)


def mirrored(batch: TransitionBatch) -> TransitionBatch:
    """Return the same transitions with left and right (+y and -y) exchanged: they are as true of the world."""
    flip = np.array([1.0, -1.0, 1.0], np.float32)
    signs = np.ones((len(batch.skills), batch.parameters.shape[1]), np.float32)
    for row, skill in zip(signs, batch.skills, strict=True):
        row[: width_of(skill)] = mirror_signs(skill)
    return dataclasses.replace(
        batch,
        points_before=batch.points_before * flip,
        points_after=batch.points_after * flip,
        binary_before=relations_mirrored(batch.binary_before),
        binary_after=relations_mirrored(batch.binary_after),
        displacements=batch.displacements * flip,
        parameters=batch.parameters * signs[batch.skill],
    )


def sample_points(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Pick `count` points of a cloud (points, 3), without repetition if there are enough. Shape (count, 3), float32."""
    points = np.asarray(points, np.float32)
    index = rng.choice(len(points), count, replace=len(points) < count)
    return points[index]


def segment_points(segments: Sequence[Segment], rng: np.random.Generator) -> np.ndarray:
    """128 points of each segment. Shape (segments, 128, 3). Raises EmptyCloudError."""
    for segment in segments:
        if len(segment.points) == 0:
            raise EmptyCloudError(segment.name)
    return np.stack([sample_points(segment.points, POINTS, rng) for segment in segments])


def pack(
    transitions: Iterable[Transition], rng: np.random.Generator, max_segments: int = MAX_SEGMENTS
) -> TransitionBatch:
    """Turn transitions into one batch of width `max_segments`; points are picked with `rng`.

    Raises TooManySegmentsError when a scene has more segments than that, EmptyCloudError for an empty segment,
    UnknownNameError and BadParameterError for a call that is none of its skill.
    """
    items = list(transitions)
    if not items:
        raise BadDatasetError("pack", "there are no transitions to pack")
    skills = tuple(sorted({checked_call(item.call).skill for item in items}))
    rows = [_row(item, rng, max_segments, skills) for item in items]
    return TransitionBatch(**{name: np.stack([row[name] for row in rows]) for name in rows[0]}, skills=skills)


def _row(
    transition: Transition, rng: np.random.Generator, width: int, skills: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Return one transition's arrays, filled with zeros to `width` segments and the parameters of any of `skills`."""
    scene, count = transition.before, len(transition.before.segments)
    if count > width:
        raise TooManySegmentsError(count, width)
    unary_before, binary_before = _padded_relations(transition.relations_before, width)
    unary_after, binary_after = _padded_relations(transition.relations_after, width)
    return {
        "points_before": _padded(segment_points(scene.segments, rng), width),
        "points_after": _padded(segment_points(transition.after.segments, rng), width),
        "mask": np.arange(width) < count,
        "unary_before": unary_before,
        "unary_after": unary_after,
        "binary_before": binary_before,
        "binary_after": binary_after,
        "displacements": _padded(transition.displacements, width),
        "object_index": np.array(scene.index(transition.call.object), np.int64),
        "parameters": _padded(transition.call.parameter, widest(skills)),
        "skill": np.array(skills.index(transition.call.skill), np.int64),
    }


def _padded(values: np.ndarray, width: int) -> np.ndarray:
    """Return `values` with its first axis filled up with zeros to `width`, float32."""
    return np.concatenate([values, np.zeros((width - len(values), *values.shape[1:]))]).astype(np.float32)


def _padded_relations(relations: Relations, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unary (width, 3) and binary (width, width, 9) relations, filled up with zeros."""
    binary = np.zeros((width, width, relations.binary.shape[-1]), np.float32)
    count = len(relations.names)
    binary[:count, :count] = relations.binary
    return _padded(relations.unary, width), binary
