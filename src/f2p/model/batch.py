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

from f2p.files import write_whole
from f2p.model.errors import BadDatasetError, EmptyCloudError, TooManySegmentsError
from f2p.types import PARAMETER_SIZE, Relations, Segment, Transition

POINTS = 128
"""Points of a segment that the encoder sees (A.11.2)."""

MAX_SEGMENTS = 12
"""Segments a batch has room for (ours: 7 contents, container, landmark, two tables and one spare)."""

SKILLS = ("pick_place",)
"""Skills in the order of their index in a batch."""

FORMAT = "f2p-transitions-1"


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
    """Continuous parameter of the skill. Shape (N, 4), float32."""
    skill: np.ndarray
    """Index into SKILLS. Shape (N,), int64."""

    def __len__(self) -> int:
        return len(self.mask)

    @property
    def segments(self) -> int:
        """Number n of segments the arrays have room for."""
        return self.mask.shape[1]

    def take(self, index: np.ndarray | Sequence[int] | slice) -> TransitionBatch:
        """The transitions at `index`, as a new batch."""
        return TransitionBatch(**{name: value[index] for name, value in self.arrays().items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name, in the order of declaration."""
        return {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}

    @property
    def sha256(self) -> str:
        """Digest of names, shapes and contents."""
        digest = hashlib.sha256()
        for name, value in self.arrays().items():
            digest.update(f"{name}{value.shape}{value.dtype}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()

    def save(self, path: Path | str, notes: dict[str, object] | None = None) -> None:
        """Write `path` (safetensors) and its manifest (`.json`) by rename; `notes` go into the manifest.

        Raises:
            OSError: The disk is full, or the place cannot be written.
        """
        path = Path(path)
        arrays = {name: np.ascontiguousarray(value) for name, value in self.arrays().items()}
        write_whole(path, save(arrays, metadata={"format": FORMAT}))
        shapes = {name: [str(value.dtype), *value.shape] for name, value in arrays.items()}
        manifest = {"format": FORMAT, "transitions": len(self), "sha256": self.sha256, "skills": SKILLS}
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
        names = {item.name for item in dataclasses.fields(cls)}
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or set(arrays) != names:
            raise BadDatasetError(path, f"expected format {FORMAT} with the arrays {', '.join(sorted(names))}")
        batch = cls(**arrays)
        if batch.sha256 != manifest.get("sha256"):
            raise BadDatasetError(path, "the contents do not fit the digest in the manifest")
        return batch


def concatenate(batches: Sequence[TransitionBatch]) -> TransitionBatch:
    """One batch of all transitions; the batches must have room for the same number of segments."""
    widths = {batch.segments for batch in batches}
    if len(widths) != 1:
        raise BadDatasetError("concatenate", f"needs batches of one width, got widths {sorted(widths)}")
    parts = [batch.arrays() for batch in batches]
    return TransitionBatch(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


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

    Raises TooManySegmentsError when a scene has more segments than that, EmptyCloudError for an empty segment.
    """
    rows = [_row(transition, rng, max_segments) for transition in transitions]
    if not rows:
        raise BadDatasetError("pack", "there are no transitions to pack")
    return TransitionBatch(**{name: np.stack([row[name] for row in rows]) for name in rows[0]})


def _row(transition: Transition, rng: np.random.Generator, width: int) -> dict[str, np.ndarray]:
    """The arrays of one transition, padded with zeros to `width` segments."""
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
        "parameters": np.asarray(transition.call.parameter, np.float32).reshape(PARAMETER_SIZE),
        "skill": np.array(SKILLS.index(transition.call.skill), np.int64),
    }


def _padded(values: np.ndarray, width: int) -> np.ndarray:
    """`values` with its first axis filled up with zeros to `width`, float32."""
    return np.concatenate([values, np.zeros((width - len(values), *values.shape[1:]))]).astype(np.float32)


def _padded_relations(relations: Relations, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Unary (width, 3) and binary (width, width, 9) relations, filled up with zeros."""
    binary = np.zeros((width, width, relations.binary.shape[-1]), np.float32)
    count = len(relations.names)
    binary[:count, :count] = relations.binary
    return _padded(relations.unary, width), binary
