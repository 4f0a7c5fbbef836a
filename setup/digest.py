"""Tells whether a stage has anything to do: a digest of what it reads, kept where it wrote."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path


def files_under(path: Path) -> list[Path]:
    """List `path` itself, or every file below it in a fixed order, caches left out."""
    if path.is_file():
        return [path]
    return sorted(item for item in path.rglob("*") if item.is_file() and "__pycache__" not in item.parts)


def digest(root: Path, inputs: tuple[str, ...], facts: tuple[str, ...]) -> str:
    """Hash the names and contents of `inputs` (files or folders below `root`) and the `facts` beside them."""
    total = hashlib.sha256("\0".join(facts).encode())
    for name in inputs:
        for path in files_under(root / name):
            total.update(f"\0{path.relative_to(root).as_posix()}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


class Stamps:
    """The digests of the stages that are done, in one JSON file that appears once its folder does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done = self._read()

    def is_done(self, stage: str, value: str) -> bool:
        """Tell whether `stage` was done with exactly these inputs."""
        return self._done.get(stage) == value

    def forget(self, stage: str) -> None:
        """Drop a stage before it is done again, so that an interruption is noticed."""
        self._done.pop(stage, None)
        self._write()

    def forget_all(self) -> None:
        """Drop every stage."""
        self._done.clear()
        self._write()

    def done(self, stage: str, value: str) -> None:
        """Note that `stage` is done."""
        self._done[stage] = value
        self._write()

    def _read(self) -> dict[str, str]:
        try:
            stored = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return stored if isinstance(stored, dict) else {}

    def _write(self) -> None:
        if not self._path.parent.is_dir():
            return
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self._done, indent=1, sort_keys=True) + "\n")
        os.replace(temporary, self._path)
