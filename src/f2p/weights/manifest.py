"""What is written beside every weights file: what it is, what it was made from, and how it proved itself."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from f2p.weights.errors import BadManifestError

SCHEMA = "f2p-weights-1"

_ID = re.compile(r"[0-9a-f]{64}")
_HUGE = 1e300

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_HUGE < value < _HUGE


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_tensors(value: Any) -> bool:
    """Tell whether it is names to [dtype, shape]."""
    return isinstance(value, dict) and all(
        isinstance(one, list) and len(one) == 2 and _is_text(one[0]) and isinstance(one[1], list)
        and all(isinstance(extent, int) and 0 <= extent < 2**40 for extent in one[1])
        for one in value.values()
    )  # fmt: skip


def _part(**checks: Check) -> Check:
    """Tell whether it is nothing, or a mapping with at least these entries."""

    def check(value: Any) -> bool:
        return value is None or (
            isinstance(value, dict) and all(name in value and one(value[name]) for name, one in checks.items())
        )

    return check


_CHECKS: dict[str, Check] = {
    "weights_id": _is_text,
    "profile": _is_text,
    "architecture": _is_text,
    "config": _is_mapping,
    "tensors": _are_tensors,
    "vocabulary": lambda value: isinstance(value, dict) and all(map(_are_texts, value.values())),
    "parent": lambda value: value is None or (_is_text(value) and _ID.fullmatch(value) is not None),
    "made": _is_mapping,
    "data": _part(sha256=_is_text, transitions=_is_number, tags=_is_mapping, counts=_is_mapping),
    "particles": _part(count=_is_number, spread_m=_is_mapping,
                       mean_log_target=lambda one: one is None or _is_number(one)),
    "failure": _part(id=_is_text, cause=_is_text, explanation=_is_text, goal=_is_text, call=_is_text, score=_is_number,
                     threshold=_is_number, contradictions=_are_texts),
    "plan": _part(id=_is_text, calls=_are_texts, probability=_is_number, weights=_is_text),
    "reliability": _part(probability=lambda one: _is_number(one) and 0.0 <= one <= 1.0),
    "gate": _part(passed=lambda one: isinstance(one, bool), reasons=_are_texts),
    "measured": _part(passed=lambda one: isinstance(one, bool), f1=_is_mapping, reasons=_are_texts),
    "origin": _part(how=_is_text, file=_is_text),
    "golden": lambda value: isinstance(value, list) and all(map(_is_number, value)),
}  # fmt: skip
"""What each entry must be, as far as anybody reads it."""


@dataclass(frozen=True)
class Manifest:
    """Identity, origin and proofs of one weights file."""

    weights_id: str
    """sha-256 of the safetensors file."""
    profile: str
    """`default`, `literal`, or what else the configuration is called."""
    architecture: str
    config: dict[str, Any]
    """Configuration of the architecture, from which the module is built again."""
    tensors: dict[str, list[Any]]
    """Name to [dtype, shape]."""
    parent: str | None = None
    """Weights it was fine-tuned from; None for a pre-trained model."""
    made: dict[str, Any] = field(default_factory=dict)
    """How: learner, seed, recipe, losses, or the pre-training's own manifest."""
    data: dict[str, Any] | None = None
    """The data set: sha-256, counts, folder."""
    particles: dict[str, Any] | None = None
    """What Stein variational inference left: how many, spread, log targets, counts."""
    failure: dict[str, Any] | None = None
    """The failure that taught it: id, cause, goal, contradictions, weights that were wrong."""
    plan: dict[str, Any] | None = None
    """The plan whose step failed."""
    gate: dict[str, Any] | None = None
    """The gate's report."""
    reliability: dict[str, Any] | None = None
    """How often its plans came true (`probability`, by which its P(goal) is multiplied) and on how many tries; None
    where nothing is known."""
    measured: dict[str, Any] | None = None
    """What they came to on the frozen replay set when they were taken from a file, beside those in service then."""
    origin: dict[str, Any] | None = None
    """How and as what file they came, and who signed them; None where they were made here, or shipped."""
    golden: list[float] = field(default_factory=list)
    """Answers to the golden questions."""
    vocabulary: dict[str, list[str]] = field(default_factory=dict)
    """Names of the relations, `unary` and `binary`; empty where made before this entry (`model/vocabulary.py`)."""
    schema: str = SCHEMA

    def to_bytes(self) -> bytes:
        """Encode it as JSON. Raises BadManifestError where a number is not finite, or nesting is too deep."""
        try:
            return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True, allow_nan=False).encode()
        except ValueError as error:
            raise BadManifestError(self.weights_id, f"not every number in it is finite ({error})") from error
        except RecursionError as error:
            raise BadManifestError(self.weights_id, "an entry is nested too deeply") from error

    @classmethod
    def from_bytes(cls, data: bytes, source: str) -> Manifest:
        """Read JSON. Raises BadManifestError when it is not one of ours."""
        try:
            words = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise BadManifestError(source, f"it is not JSON ({error})") from error
        if not isinstance(words, dict) or words.get("schema") != SCHEMA:
            found = words.get("schema") if isinstance(words, dict) else type(words).__name__
            raise BadManifestError(source, f"its schema is {found!r}, expected {SCHEMA!r}")
        known = {item.name for item in dataclasses.fields(cls)}
        missing = {"weights_id", "profile", "architecture", "config", "tensors"} - set(words)
        if missing or set(words) - known:
            odd = sorted(missing | (set(words) - known))
            raise BadManifestError(source, f"missing or unknown entries: {', '.join(map(str, odd))}")
        wrong = [name for name, check in _CHECKS.items() if name in words and not check(words[name])]
        if wrong:
            raise BadManifestError(source, f"entries of the wrong type: {', '.join(wrong)}")
        return cls(**words)
