"""`f2p train` from simulation to shipped files, in miniature."""

from __future__ import annotations

import dataclasses
import json
import resource
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from f2p.cli import train_data
from f2p.cli.train import held_out, scaled, train
from f2p.cli.train_data import generator_digest, make_shard, pretraining_data, shard_path
from f2p.model.batch import TransitionBatch
from f2p.model.factory import load_weights
from f2p.sim.data.pretraining import DEFAULT, PretrainingConfig, generate_shard
from f2p.sources import PACKAGE, imported_by
from f2p.types import Transition


@pytest.fixture(scope="module")
def command() -> Typer:
    """An application with this command alone."""
    app = Typer()
    app.command()(train)
    return app


@pytest.mark.slow
def test_train_writes_weights_manifest_and_replay(command: Typer, tmp_path: Path) -> None:
    out, data = tmp_path / "w" / "mini.safetensors", tmp_path / "data"
    words = ["--executions", "30", "--workers", "1", "--effort", "0.001", "--seed", "3", "--json",
             "--set", "training.joint.batch=4", "--set", "training.frozen.batch=8"]  # fmt: skip
    result = CliRunner().invoke(command, [*words, "--out", str(out), "--data", str(data)])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.strip().splitlines()[-1])
    model, manifest = load_weights(out)
    assert told["weights_id"] == manifest["weights_id"] and manifest["executions"] == 30 and manifest["seed"] == 3
    assert manifest["metrics"]["transitions"] == manifest["held_out"] == held_out(30) == 2
    assert set(manifest["metrics"]["f1_next"]) >= {"left", "contact", "inside", "mean", "movable"}
    assert manifest["code"]["generator_sha256"] == generator_digest() != manifest["code"]["model_sha256"]
    assert manifest["generation"]["scenes_per_model"] == DEFAULT.scenes_per_model and manifest["training"]["joint"]
    assert not model.training and not out.with_suffix(".checkpoint.safetensors").exists()
    replay = TransitionBatch.load(out.with_name("replay.safetensors"))
    assert len(replay) == 30
    stamp = shard_path(data, 3, 0, 30).stat().st_mtime_ns
    again = CliRunner().invoke(command, [*words, "--out", str(tmp_path / "two.safetensors"), "--data", str(data)])
    assert again.exit_code == 0 and shard_path(data, 3, 0, 30).stat().st_mtime_ns == stamp
    assert load_weights(tmp_path / "two.safetensors")[1]["weights_id"] == manifest["weights_id"]
    assert pretraining_data(data, 30, 3, 1, lambda *_: None)[1] == manifest["data_sha256"]


def test_shards_of_another_generator_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were known by seed, index and count alone: what an older simulator had made was trained on."""
    made: list[int] = []

    def generate(index: int, count: int, seed: int, config: PretrainingConfig) -> list[Transition]:
        made.append(index)
        return generate_shard(index, count, seed, config)

    monkeypatch.setattr(train_data, "generate_shard", generate)
    for generator, times in (("one", 1), ("one", 1), ("other", 2), ("other", 2)):
        path = make_shard(tmp_path, 5, 0, 2, generator)
        assert len(made) == times and len(TransitionBatch.load(path)) == 2
    manifest = path.with_suffix(".json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"notes": {"seed": 5}}))
    make_shard(tmp_path, 5, 0, 2, "other")
    assert len(made) == 3, "nobody knows what made it"


def test_what_generates_labels_and_packs_is_in_the_digest_and_so_is_its_configuration() -> None:
    names = {path.relative_to(PACKAGE).as_posix() for path in imported_by("f2p.cli.train_data")}
    assert {
        "sim/mujoco.py",
        "sim/motion/pick_place.py",
        "sim/physics/labels.py",
        "scene/relations.py",
        "relation/standard.py",
        "geometry.py",
    } <= names
    assert {"sim/data/pretraining.py", "model/batch.py", "types.py"} <= names and "model/train.py" not in names
    other = dataclasses.replace(DEFAULT, scenes_per_model=DEFAULT.scenes_per_model + 1)
    assert generator_digest(other) != generator_digest()


@pytest.mark.slow
def test_a_disk_that_fills_while_simulating_is_one_line(command: Typer, tmp_path: Path) -> None:
    """A limit on file size stands for a full disk; the worker that hits it tells the reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    words = ["--executions", "20", "--workers", "1", "--out", str(tmp_path / "w.safetensors"), "--data", str(tmp_path)]
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        result = CliRunner().invoke(command, words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.exit_code == 2 and "error: [Errno 27] File too large" in result.output
    assert not shard_path(tmp_path, 0, 0, 20).exists()


def test_effort_scales_the_steps_of_both_profiles() -> None:
    whole, half = scaled("default", 1.0), scaled("default", 0.5)
    assert half.joint.steps == whole.joint.steps // 2 and half.frozen.steps == whole.frozen.steps // 2
    assert scaled("literal", 1.0).joint.rate == 1e-4 and scaled("literal", 1.0).frozen.steps == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("--profile", "fast"),
            "error 10: no profile of points2plans is called 'fast'; choose one of: default, literal",
        ),
        (("--start", "/nowhere.safetensors"), "error 201: /nowhere.safetensors: not usable as weights: [Errno 2] No"),
        (("--data", __file__), f"error: [Errno 17] File exists: '{__file__}'"),
        (("--out", ""), "error 11: --out '.': expected a file that ends in .safetensors"),
        (("--out", "/"), "error 11: --out '/': expected"),
        (("--out", "w.json"), "error 11: --out 'w.json': expected"),
        (("--out", "w/replay.safetensors"), "other than replay.safetensors and *.checkpoint.safetensors"),
        (("--out", "w/w.checkpoint.safetensors"), "error 11: --out 'w/w.checkpoint.safetensors': expected"),
        (("--out", "folder.safetensors"), "error 11: --out 'folder.safetensors': folder.safetensors is to be written"),
        (("--out", "taken.safetensors"), "error 11: --out 'taken.safetensors': taken.json is to be written and is a"),
        (("--out", "/proc/x/w.safetensors"), "error: [Errno 2] No such file or directory: '/proc/x'"),
        (("--out", "/proc/w.safetensors"), "error: [Errno 2] No such file or directory: '/proc'"),
    ],
)
def test_what_cannot_be_used_is_one_line_before_anything_is_simulated(
    command: Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, str], says: str
) -> None:
    monkeypatch.setattr("f2p.cli.train_data.ProcessPoolExecutor", lambda *_: pytest.fail("simulated"))
    monkeypatch.chdir(tmp_path)
    for name in ("folder.safetensors", "taken.json"):
        (tmp_path / name).mkdir()
    data = () if "--data" in words else ("--data", "data")
    out = () if "--out" in words else ("--out", "out.safetensors")
    result = CliRunner().invoke(command, [*words, *data, "--executions", "20", "--workers", "1", *out])
    assert result.exit_code == 2 and says in result.stderr and not result.stdout.strip()
    assert len([line for line in result.stderr.splitlines() if line.startswith("error")]) == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--executions", 10**12), ("--workers", 10**23), ("--effort", "nan"), ("--effort", "inf")],
)
def test_numbers_without_an_end_are_refused(command: Typer, tmp_path: Path, option: str, value: object) -> None:
    """Simulating 10**12 hung, and so many workers were the trace of an overflow."""
    result = CliRunner().invoke(command, [option, str(value), "--out", str(tmp_path / "w.safetensors")])
    told = " ".join(result.stderr.split())
    assert result.exit_code == 2 and f"Invalid value for '{option}'" in told
