"""What came out when a recording was run again: a digest a step, equal bit for bit on the same machine and code.

Two certificates of one recording are held against each other: equal, or the first step that differs and in what.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from f2p.files import read_regular
from f2p.record.errors import NotACertificateError
from f2p.record.values import Recorded
from f2p.sources import package_digest

SCHEMA = "f2p-replay-1"
_MOST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class ReplayedStep:
    """One thing that was done again."""

    kind: str
    """perceive, check or case."""
    at_ns: int
    """When it was done, on the clock of the recording [ns]."""
    parts: Mapping[str, str]
    """Digest of each part of what came out, by its name."""
    agrees: bool | None
    """Whether it is what the record says; None where that says nothing of it."""
    text: str
    """One line for people."""


@dataclass(frozen=True)
class Certificate:
    """All steps, and what they were made from and by."""

    recording: str
    """SHA-256 of every message that was read."""
    code: str
    machine: str
    steps: tuple[ReplayedStep, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the recording's digest and of all steps."""
        told = [[step.kind, step.at_ns, sorted(step.parts.items())] for step in self.steps]
        return hashlib.sha256(json.dumps([self.recording, told]).encode()).hexdigest()

    @property
    def agrees(self) -> bool:
        """Whether no step contradicts the record."""
        return not any(step.agrees is False for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {"schema": SCHEMA, "digest": self.digest, **dataclasses.asdict(self)}


def machine() -> str:
    """Return what numbers depend on beside the code."""
    return f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}"


class Fingerprint:
    """The digest of every message that passes."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def of(self, messages: Iterable[Recorded]) -> Iterator[Recorded]:
        """Pass messages on."""
        for message in messages:
            self._digest.update(f"{message.topic.name} {message.stamp_ns} {len(message.data)}\n".encode())
            self._digest.update(message.data)
            yield message

    @property
    def digest(self) -> str:
        """SHA-256 of what has passed."""
        return self._digest.hexdigest()


def certificate(recording: str, steps: Sequence[ReplayedStep]) -> Certificate:
    """Return the certificate of what was made here and now from a recording of that digest."""
    return Certificate(recording, package_digest(), machine(), tuple(steps))


def read_certificate(path: Path) -> Certificate:
    """Read what was written before.

    Raises:
        NotACertificateError: It is none.
    """
    try:
        said = json.loads(read_regular(path, _MOST_BYTES))
        if said["schema"] != SCHEMA:
            raise NotACertificateError(path, f"its schema is {said['schema']!r}; this f2p reads {SCHEMA!r}")
        steps = tuple(ReplayedStep(**{**step, "parts": dict(step["parts"])}) for step in said["steps"])
        out = Certificate(str(said["recording"]), str(said["code"]), str(said["machine"]), steps)
        if out.digest != said["digest"]:
            raise NotACertificateError(path, "its digest is not that of its steps")
    except OSError as error:
        raise NotACertificateError(path, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotACertificateError(path, f"it cannot be read ({type(error).__name__}: {error})") from error
    return out


def difference(before: Certificate, now: Certificate) -> str:
    """Return the first step that differs, and in what; empty where none does."""
    if before.recording != now.recording:
        return "it is of another recording, or of another part of it"
    if before.digest == now.digest:
        return ""
    why = "" if before.code == now.code else "; the code is another"
    why += "" if before.machine == now.machine else f"; the machine is another: {before.machine}, now {now.machine}"
    for number, (one, other) in enumerate(zip(before.steps, now.steps, strict=False), start=1):
        if (one.kind, one.at_ns) != (other.kind, other.at_ns):
            return f"step {number} is {one.kind} before and {other.kind} now{why}"
        parts = [name for name in {**one.parts, **other.parts} if one.parts.get(name) != other.parts.get(name)]
        if parts:
            return f"step {number}, {one.kind}, differs in: {', '.join(parts)}{why}"
    return f"there were {len(before.steps)} steps, now there are {len(now.steps)}{why}"


def digest_of_value(value: Any) -> str:
    """Return the digest of an array, a text or whatever is written exactly as JSON."""
    if isinstance(value, np.ndarray):
        data = f"{value.dtype.str} {value.shape}\n".encode() + np.ascontiguousarray(value).tobytes()
    else:
        data = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()
