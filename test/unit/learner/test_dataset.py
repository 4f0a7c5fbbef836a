"""Data sets: written whole or not at all, read back bit by bit, and refused when anything was changed."""

from __future__ import annotations

import json
import resource
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from f2p.learner.dataset import read_dataset, read_learning, read_particles, write_dataset
from f2p.learner.errors import DatasetNotWrittenError, NotADatasetError
from f2p.learner.protocol import LearnContext, LearnedData
from f2p.learner.random_data import RandomData
from f2p.learner.untargeted import UntargetedConfig
from f2p.model.batch import TransitionBatch, pack
from f2p.types import Failure, Particles, SkillStep


@pytest.fixture
def gathered(failure: Failure, simulator: Any) -> tuple[LearnedData, TransitionBatch]:
    """Six transitions with particles."""
    data = RandomData(UntargetedConfig(transitions=6)).respond(failure, LearnContext(None, simulator, seed=0))
    calls = tuple(transition.call for transition in data.transitions)
    particles = Particles(failure.outcome.before.names, np.zeros((6, 6, 4)), calls, np.arange(6.0), np.zeros(6))
    data = LearnedData(data.transitions, particles, data.counts, {"simulate": 0.1})
    return data, pack(data.transitions, np.random.default_rng(0))


def test_round_trip(failure: Failure, gathered: tuple[LearnedData, TransitionBatch], tmp_path: Path) -> None:
    data, batch = gathered
    written = write_dataset(tmp_path / "data" / "one", failure, "random", 4, data, batch)
    back = read_dataset(written.folder)
    assert back.sha256 == batch.sha256 == written.sha256
    assert all(np.array_equal(back.batch.arrays()[name], value) for name, value in batch.arrays().items())
    for key, value in {
        "learner": "random",
        "seed": 4,
        "failure": "box-1",
        "weights": "analytic",
        "transitions": 6,
    }.items():
        assert back.provenance[key] == value
    assert back.provenance["tags"] == {"random": 6} and len(back.provenance["particles_sha256"]) == 64
    again = write_dataset(tmp_path / "data" / "one", failure, "random", 4, data, batch)
    assert again.sha256 == written.sha256 and len(list((tmp_path / "data").iterdir())) == 1


def test_other_data_is_never_written_over(
    failure: Failure, gathered: tuple[LearnedData, TransitionBatch], tmp_path: Path
) -> None:
    data, batch = gathered
    write_dataset(tmp_path / "one", failure, "random", 4, data, batch)
    with pytest.raises(DatasetNotWrittenError, match="another data set"):
        write_dataset(tmp_path / "one", failure, "random", 4, data, batch.take(slice(0, 3)))


@pytest.mark.parametrize("name", ["dataset.json", "transitions.safetensors", "transitions.json"])
def test_damaged_data_is_refused(
    failure: Failure, gathered: tuple[LearnedData, TransitionBatch], tmp_path: Path, name: str
) -> None:
    folder = write_dataset(tmp_path / "one", failure, "random", 4, *gathered).folder
    path = folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NotADatasetError, match="is not a whole data set"):
        read_dataset(folder)
    if name == "dataset.json":
        path.write_text(json.dumps({**json.loads(whole), "sha256": "0" * 64}))
        with pytest.raises(NotADatasetError, match=r"not those that dataset.json speaks of"):
            read_dataset(folder)
    path.unlink()
    with pytest.raises(NotADatasetError):
        read_dataset(folder)


@pytest.mark.parametrize("budget", [0, 4096, 65536])
def test_a_full_disk_leaves_nothing(
    failure: Failure, gathered: tuple[LearnedData, TransitionBatch], tmp_path: Path, budget: int
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (budget, hard))
        with pytest.raises(DatasetNotWrittenError, match="free space and learn again"):
            write_dataset(tmp_path / "one", failure, "random", 4, *gathered)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(tmp_path.iterdir()) == []


LEARNED = {"failure": "f", "parent": "p", "weights": "w", "losses": [1.0], "seconds": {"total": 2.0}, "counts": {}}


def test_what_was_made_of_the_data_is_read_whole_or_refused(tmp_path: Path) -> None:
    path, whole = tmp_path / "learn.json", json.dumps(LEARNED)
    path.write_text(whole)
    assert read_learning(tmp_path) == LEARNED
    lacking = [{name: value for name, value in LEARNED.items() if name != gone} for gone in ("losses", "parent")]
    foreign = [LEARNED | {"seconds": [1]}, LEARNED | {"losses": ["x"]}, LEARNED | {"weights": 5}, [LEARNED], 5]
    for text in [whole[:-3], "", *map(json.dumps, [*lacking, *foreign])]:
        path.write_text(text)
        with pytest.raises(NotADatasetError, match=r"is not a whole data set: learn\.json"):
            read_learning(tmp_path)
    path.unlink()
    with pytest.raises(NotADatasetError, match="No such file"):
        read_learning(tmp_path)


def test_foreign_particles_are_refused(tmp_path: Path) -> None:
    save_file({"poses": np.zeros((1, 1, 4))}, tmp_path / "particles.safetensors")
    with pytest.raises(NotADatasetError, match="its particles cannot be read: 'parameters'"):
        read_particles(tmp_path, ("box",), SkillStep("pick_place", "box"))
