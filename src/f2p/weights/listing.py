"""What is in a weights store, a row each, read without torch: where weights come from, how judged, who serves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from f2p.weights.errors import BadWeightsFileError, WeightsError
from f2p.weights.files import read_regular
from f2p.weights.manifest import Manifest
from f2p.weights.remarks import shadow_of, withdrawn

ROLES = ("champion", "previous", "waiting", "pinned")
"""Lines of a store: a file each, with the id of weights."""

_ID = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 4 * 2**20


@dataclass(frozen=True)
class WeightsRow:
    """One version of the weights."""

    id: str
    roles: tuple[str, ...]
    """Which of `ROLES` it has."""
    profile: str = ""
    parent: str | None = None
    """Id of the weights it was made from."""
    failure: str | None = None
    """Id of the failure that taught it."""
    origin: str = ""
    judged: tuple[str, ...] = ()
    """Verdicts, in words."""
    skills: tuple[str, ...] = ()
    """Those that it can predict; empty where its manifest does not say."""


def lines_of(folder: Path) -> dict[str, str]:
    """Return the id behind each of `ROLES` that a store names; what cannot be read is left out."""
    out = {}
    for role in ROLES:
        try:
            text = read_regular(folder / role, 1024).decode("ascii", "replace").strip()
        except BadWeightsFileError:
            continue
        if _ID.fullmatch(text):
            out[role] = text
    return out


def listed(folder: Path) -> tuple[WeightsRow, ...]:
    """Return all weights of a store, sorted by id; nothing where there is no store."""
    lines = lines_of(folder)
    ids = sorted(path.stem for path in folder.glob("*.json") if _ID.fullmatch(path.stem)) if folder.is_dir() else []
    return tuple(row_of(folder, one, tuple(role for role, named in lines.items() if named == one)) for one in ids)


def row_of(folder: Path, weights_id: str, roles: tuple[str, ...]) -> WeightsRow:
    """Return one row; weights with an unreadable manifest are listed as such."""
    path = folder / f"{weights_id}.json"
    try:
        manifest = Manifest.from_bytes(read_regular(path, _MOST_BYTES), str(path))
    except WeightsError:
        return WeightsRow(weights_id, roles, judged=("manifest unreadable: f2p weights verify",))
    judged = {"gate": manifest.gate, "replay": manifest.measured}
    verdicts = [f"{what} {'passed' if one['passed'] else 'refused'}" for what, one in judged.items() if one is not None]
    if shadow := shadow_of(folder, weights_id):
        verdicts.append(f"shadow {shadow['disagreements']} of {shadow['questions']} otherwise")
    if reason := withdrawn(folder, weights_id):
        verdicts.append(f"withdrawn: {reason}")
    failure = None if manifest.failure is None else str(manifest.failure["id"])
    return WeightsRow(
        weights_id,
        roles,
        manifest.profile,
        manifest.parent,
        failure,
        origin_text(manifest),
        tuple(verdicts),
        skills_of(manifest),
    )


def skills_of(manifest: Manifest) -> tuple[str, ...]:
    """Return the skills that weights can predict, by what their manifest says; nothing where it does not."""
    told = manifest.config.get("skills", ())
    return tuple(map(str, told)) if isinstance(told, (list, tuple)) else ()


def origin_text(manifest: Manifest) -> str:
    """Say where weights come from: a file, who signed it, this robot, or the package."""
    if manifest.origin is not None:
        signed = f", signed by {manifest.origin['signed']}" if manifest.origin.get("signed") else ""
        return f"{manifest.origin['file']} ({manifest.origin['how']}{signed})"
    return "learned here" if manifest.failure is not None else "the package, or put there by hand"


def ancestry(rows: tuple[WeightsRow, ...], weights_id: str) -> tuple[WeightsRow, ...]:
    """Return weights and those they were made from, newest first, as far as the store has them."""
    by_id, out = {row.id: row for row in rows}, list[WeightsRow]()
    current = by_id.get(weights_id)
    while current is not None and current not in out:
        out.append(current)
        current = by_id.get(current.parent or "")
    return tuple(out)
