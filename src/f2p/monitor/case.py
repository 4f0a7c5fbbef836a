"""A failure as one folder that can be carried away: `case.json` for words, `arrays.safetensors` for numbers, no pickle.

The folder holds all that learning elsewhere needs: both scenes with their clouds, call, plan, predicted and observed
relations, goal, cause, and the id of the weights that were wrong. It appears by rename, whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from f2p.errors import F2pError
from f2p.files import read_regular, whole_folder, write_whole
from f2p.monitor.errors import CaseExistsError, CaseNotWrittenError, NotACaseError
from f2p.monitor.former import FORMER, upgraded
from f2p.monitor.values import Arrays, value_from, words_of
from f2p.scene.errors import SceneError
from f2p.scene.goals import check_goal
from f2p.types import Failure

SCHEMA = "f2p-failure-3"
"""Version of the folder's contents; readers take the one before as well, and refuse others."""

_WORDS, _NUMBERS, _HANDLED, _OPERATOR = "case.json", "arrays.safetensors", "handled", "operator.json"
_MOST_BYTES = 256 * 2**20
"""Largest file that is read [bytes] (ours: 12 clouds of 100,000 points, twice, are 29 MB)."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What the id of a failure may be: data sets made from it have it in their folders' names."""


def write_case(failure: Failure, folder: Path | str) -> Path:
    """Write `failure` to the new folder `folder`.

    Raises:
        CaseExistsError: The folder is there already.
        CaseNotWrittenError: The disk is full or the place cannot be written; nothing is left behind.
    """
    folder = Path(folder)
    if folder.exists():
        raise CaseExistsError(folder)
    arrays = Arrays()
    words = {"schema": SCHEMA, "failure": words_of(failure, arrays)}
    numbers = save({name: np.ascontiguousarray(value) for name, value in arrays.stored.items()})
    words["arrays_sha256"] = hashlib.sha256(numbers).hexdigest()
    try:
        with whole_folder(folder) as partial:
            (partial / _NUMBERS).write_bytes(numbers)
            (partial / _WORDS).write_text(json.dumps(words, indent=1, allow_nan=False))
    except OSError as error:
        raise CaseNotWrittenError(folder, error.strerror or str(error)) from error
    return folder


def is_case(folder: Path) -> bool:
    """Tell whether a folder looks like one that `write_case` left."""
    return (folder / _WORDS).is_file()


def written_ns(folder: Path) -> int:
    """Return when it was written [ns]. Raises OSError."""
    return (folder / _WORDS).stat().st_mtime_ns


def mark_handled(folder: Path) -> None:
    """Note that somebody learned from the failure, or tried to; where nothing can be written it stays as it is."""
    with contextlib.suppress(OSError):
        (folder / _HANDLED).touch()


def handled(folder: Path) -> bool:
    """Tell whether somebody did."""
    return (folder / _HANDLED).exists()


def note_operator(folder: Path, failure_id: str, said: Mapping[str, Any]) -> bool:
    """Add what an operator decided about a failure, and what was driven, to its folder beside others.

    Args:
        folder: Where the failures are.
        failure_id: Which one.
        said: The decision, as JSON has it.

    Returns:
        Whether there is such a failure.

    Raises:
        OSError: It cannot be written; what was noted before stays.
    """
    case = folder / failure_id
    if not _PLAIN.fullmatch(failure_id) or not is_case(case):
        return False
    write_whole(case / _OPERATOR, json.dumps([*operator_notes(case), dict(said)], indent=1).encode())
    return True


def operator_notes(case: Path) -> list[dict[str, Any]]:
    """Return what operators decided about a failure, oldest first; nothing where no such notes can be read."""
    try:
        told = json.loads(read_regular(case / _OPERATOR, _MOST_BYTES), parse_constant=_finite, parse_float=_finite)
    except (OSError, ValueError, RecursionError):
        return []
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def read_case(folder: Path | str) -> Failure:
    """Read what `write_case` wrote.

    Raises:
        NotACaseError: It is no such folder, of another version, truncated, altered, not finite, about different
            objects in different places, with a goal that cannot be asked of its scene, or its id is no plain name.
    """
    folder = Path(folder)
    try:
        there = folder.is_dir()
    except OSError as error:
        raise NotACaseError(folder, error.strerror or str(error)) from error
    if not there:
        raise NotACaseError(folder, "there is no such folder")
    words = _read_words(folder)
    numbers = _read_file(folder, _NUMBERS)
    if hashlib.sha256(numbers).hexdigest() != words.get("arrays_sha256"):
        raise NotACaseError(folder, f"{_NUMBERS} is not the file {_WORDS} speaks of (truncated or altered)")
    try:
        arrays = load(numbers)
    except SafetensorError as error:
        raise NotACaseError(folder, f"{_NUMBERS} cannot be read: {error}") from error
    for name, value in arrays.items():
        if not np.all(np.isfinite(value)):
            raise NotACaseError(folder, f"array {name!r} holds numbers that are not finite")
    try:
        kept, told = Arrays(arrays), words["failure"]
        failure: Failure = value_from(Failure, upgraded(told, kept) if words["schema"] == FORMER else told, kept)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, F2pError) as error:
        raise NotACaseError(
            folder, f"{_WORDS} and {_NUMBERS} do not fit together ({type(error).__name__}: {error})"
        ) from error
    try:
        check_goal(failure.goal, failure.outcome.before.names)
    except SceneError as error:
        raise NotACaseError(folder, f"its goal cannot be asked of its scene ({error})") from error
    if not _PLAIN.fullmatch(failure.id):
        raise NotACaseError(folder, f"its id {failure.id[:40]!r} is no plain name (up to 100 letters, digits, . _ -)")
    return failure


def _read_words(folder: Path) -> dict[str, Any]:
    """Return the JSON half, of a known version."""
    try:
        words = json.loads(_read_file(folder, _WORDS), parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise NotACaseError(folder, f"{_WORDS} is not JSON: {error}") from error
    version = words.get("schema") if isinstance(words, dict) else None
    if version not in (SCHEMA, FORMER):
        raise NotACaseError(folder, f"its schema is {version!r}; this f2p reads {SCHEMA!r}")
    return words


def _read_file(folder: Path, name: str) -> bytes:
    """Return the bytes of one regular file of acceptable size."""
    try:
        return read_regular(folder / name, _MOST_BYTES)
    except FileNotFoundError as error:
        raise NotACaseError(folder, f"{name} is missing") from error
    except OSError as error:
        raise NotACaseError(folder, f"{name} cannot be read: {error.strerror}") from error


def _finite(text: str) -> float:
    """Parse a number of the JSON half, which has neither NaN nor what is read as infinite, such as 1e999."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return value
