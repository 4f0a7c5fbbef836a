"""Whatever happens while publishing: the champion loads and is the old one or the new one."""

from __future__ import annotations

import itertools
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from f2p.weights.errors import NoSpaceError, StoreBusyError
from f2p.weights.files import locked, write_whole
from f2p.weights.manifest import Manifest
from f2p.weights.store import WeightsStore

Make = Callable[..., tuple[bytes, Manifest]]

STEPS = ("fsync", "open", "fdopen", "close")
"""Functions of `os` before which a publisher is killed."""


def dying_publisher(store: WeightsStore, data: bytes, manifest: Manifest, parent: str, fatal: int) -> int:
    """Publish in a process of its own that kills itself (kill -9) at its `fatal`-th file operation; its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    calls = itertools.count()

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            if next(calls) == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    try:
        for name in STEPS:
            setattr(os, name, dying(getattr(os, name)))
        for name in ("open", "replace", "unlink", "mkdir"):
            setattr(Path, name, dying(getattr(Path, name)))
        store.publish(store.put(data, manifest), parent)
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_kill_at_every_step_of_publishing(filled: WeightsStore, make: Make) -> None:
    """One process per file operation, killed right before it, until one lives to the end."""
    old = filled.champion
    data, manifest = make(2, parent=old)
    seen: list[str] = []
    for step in range(300):
        status = dying_publisher(filled, data, manifest, old, step)
        champion = filled.champion
        assert champion in (old, manifest.weights_id) and filled.load(champion).weights_id == champion
        seen.append(champion)
        if status == 0:
            break
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if champion != old:
            filled.promote(old)
        if filled.folder.joinpath(f"{manifest.weights_id}.json").exists() and step % 2:
            filled.folder.joinpath(f"{manifest.weights_id}.json").unlink()
    assert status == 0 and len(seen) > 12 and set(seen) == {old, manifest.weights_id}
    assert list(filled.folder.glob(".*.part")) == [], "a publisher sweeps what dead ones left"


@pytest.mark.parametrize("budget", [0, 1, 64, 200, 1024, 1600, 2000])
def test_a_full_disk_leaves_the_champion_and_no_rubbish(filled: WeightsStore, make: Make, budget: int) -> None:
    champion = filled.champion
    before = sorted(path.name for path in filled.folder.iterdir())
    data, manifest = make(7, parent=champion, made={"notes": "x" * 4096})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (budget, hard))
        with pytest.raises(NoSpaceError, match=r"NO_SPACE: .* File too large; free space"):
            filled.publish(filled.put(data, manifest), champion)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    left = {path.name for path in filled.folder.iterdir()} - set(before)
    assert left <= {f"{manifest.weights_id}.safetensors"} and filled.load(filled.champion).weights_id == champion
    filled.publish(filled.put(data, manifest), champion)
    assert filled.champion == manifest.weights_id


@pytest.mark.parametrize("size", np.linspace(0, 3000, 13).astype(int).tolist())
def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))
        if size > 1500:
            with pytest.raises(NoSpaceError):
                write_whole(path, b"n" * size)
        else:
            write_whole(path, b"n" * size)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == (b"old" if size > 1500 else b"n" * size)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_one_holder_of_a_lock_who_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        locked(path),
        pytest.raises(StoreBusyError, match=f"is held by process {os.getpid()} since"),
        locked(path, 0.0),
    ):
        pass
    with locked(path, wait_s=0.0):
        pass
