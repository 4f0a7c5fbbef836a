"""What is written beside every weights file: what it is, what it was made from, and how it proved itself."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from f2p.weights.errors import BadManifestError

SCHEMA = "f2p-weights-1"


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
    golden: list[float] = field(default_factory=list)
    """Answers to the golden questions."""
    schema: str = SCHEMA

    def to_bytes(self) -> bytes:
        """As JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True, allow_nan=False).encode()

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
        wrong = [name for name in ("weights_id", "profile", "architecture") if not isinstance(words[name], str)]
        wrong += [name for name in ("config", "tensors") if not isinstance(words[name], dict)]
        if wrong or not isinstance(words.get("golden", []), list):
            raise BadManifestError(source, f"entries of the wrong type: {', '.join(wrong) or 'golden'}")
        return cls(**words)
