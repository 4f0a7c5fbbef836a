"""Making models, writing their weights, refusing what is no weights."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from f2p.model.architectures.points2plans import Points2Plans, Points2PlansConfig, TransformerConfig
from f2p.model.errors import BadWeightsError, ForeignWeightsError
from f2p.model.factory import (
    MOST_BYTES,
    SHIPPED,
    create,
    load_weights,
    manifest_of,
    model_from_bytes,
    save_weights,
    shipped,
    started_from,
    weights_bytes,
    weights_id,
)
from f2p.model.vocabulary import FIRST, vocabulary
from f2p.registry import UnknownNameError

LIMIT = 8_000_000
"""Of a skill [byte]: weights are committed, and swapped while a robot waits."""


def test_seeds_make_models() -> None:
    assert weights_bytes(create(seed=1)) == weights_bytes(create(seed=1)) != weights_bytes(create(seed=2))


def test_weights_are_loaded_without_torchs_compiler() -> None:
    """It took longer to import than torch itself, in every process that asks a model."""
    script = "import sys; from f2p.model.factory import shipped; shipped(); sys.exit('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=120).returncode == 0


def test_unknown_names_list_the_choices() -> None:
    with pytest.raises(UnknownNameError, match="default, literal"):
        create("no such profile")
    with pytest.raises(UnknownNameError, match="points2plans"):
        create(architecture="perceptron")


@pytest.mark.parametrize("profile", ["default", "literal"])
def test_weights_come_back_as_they_were_written(tmp_path: Path, profile: str) -> None:
    model, path = create(profile, seed=3), tmp_path / "w.safetensors"
    manifest = save_weights(model, path, {"seed": 3})
    assert path.stat().st_size < LIMIT * len(model.config.skills)
    loaded, read = load_weights(path)
    assert read == json.loads(json.dumps(manifest)) and read["weights_id"] == weights_id(path.read_bytes())
    assert loaded.config == model.config and not loaded.training
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), loaded.parameters(), strict=True))


@pytest.mark.parametrize(
    "harm", ["truncate", "empty", "manifest", "architecture", "format", "config", "missing", "nan"]
)
def test_damaged_and_foreign_weights_are_refused(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "w.safetensors"
    model = create()
    if harm == "nan":
        model.identity.weight.data[0, 0] = torch.nan
    manifest = save_weights(model, path, {})
    if harm == "truncate":
        path.write_bytes(path.read_bytes()[:1000])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "missing":
        path.unlink()
    elif harm == "manifest":
        path.with_suffix(".json").write_text("[]")
    elif harm in ("architecture", "format"):
        path.with_suffix(".json").write_text(json.dumps({**manifest, harm: "foreign"}))
    elif harm == "config":
        path.with_suffix(".json").write_text(json.dumps({**manifest, "config": {"centred": True}}))
    with pytest.raises(BadWeightsError, match=r"w\.safetensors"):
        load_weights(path)


def test_neither_file_is_waited_for_or_read_without_end(tmp_path: Path) -> None:
    """A pipe hung, a link to a device took all memory, and brackets within brackets gave a trace."""
    path, manifest = tmp_path / "w.safetensors", tmp_path / "w.json"
    save_weights(create(), path, {})
    good = {one: one.read_bytes() for one in (path, manifest)}
    for one in (path, manifest):
        for make, reason in (
            (lambda one=one: os.mkfifo(one), "no regular file"),
            (lambda one=one: one.symlink_to("/dev/zero"), "no regular file"),
            (lambda one=one: (one.touch(), os.truncate(one, MOST_BYTES + 1)), "at most"),
        ):
            one.unlink()
            make()
            with pytest.raises(BadWeightsError, match=reason):
                load_weights(path)
        one.unlink()
        one.write_bytes(good[one])
    manifest.write_text("[" * 100_000)
    with pytest.raises(BadWeightsError, match="recursion"):
        load_weights(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"skills": [f"skill_{number}" for number in range(20_000)]}, "20000 skills, at most 16"),
        ({"identity_width": 10**400}, "OverflowError"),
        ({"identities": 10**9}, "must be a whole number and within"),
        ({"encoder": {"width_3": 10**6}}, "must be a whole number and within"),
        ({"dynamics": {"layers": 10**6}}, "must be a whole number and within"),
        ({"identity_width": 1024, "dynamics": {"layers": 12, "feed_forward": 4096}}, "parameters, at most"),
    ],
)
def test_a_manifest_cannot_ask_for_a_model_of_any_size(change: dict[str, object], reason: str) -> None:
    model = create()
    content = weights_bytes(model)
    manifest = json.loads(json.dumps(manifest_of(model, content, {})))
    with pytest.raises(BadWeightsError, match=reason):
        model_from_bytes(content, {**manifest, "config": {**manifest["config"], **change}})


def test_going_on_from_weights_keeps_them_and_leaves_what_they_lack_fresh(tmp_path: Path) -> None:
    plain = Points2Plans(Points2PlansConfig(dynamics=TransformerConfig()))
    save_weights(plain, tmp_path / "w.safetensors", {"seed": 9})
    model = create(seed=1)
    fresh = {name: value.clone() for name, value in model.state_dict().items()}
    assert started_from(model, tmp_path / "w.safetensors")["seed"] == 9
    known = plain.state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(value, known[name] if name in known else fresh[name])
    with pytest.raises(BadWeightsError, match="no place for its"):
        started_from(create("literal"), tmp_path / "w.safetensors")


def test_weights_of_one_architecture_are_refused_by_another_with_both_names(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(create(architecture="stow_gnn"), path, {})
    both = f"{path}: not usable as weights: their architecture is 'stow_gnn', this model's is 'points2plans'"
    with pytest.raises(ForeignWeightsError, match=re.escape(both)):
        started_from(create(), path)
    manifest = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps({**manifest, "architecture": "points2plans"}))
    with pytest.raises(BadWeightsError, match="'steps'"):
        load_weights(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"vocabulary": {**FIRST, "unary": ["movable", "is_cup"]}},
            "made for the unary relations movable, is_cup, here they are movable, is_drawer, drawer_open",
        ),
        ({"vocabulary": {"unary": FIRST["unary"]}}, "made for the binary relations none, here they are left, right"),
        ({"skills": ["pick_place", "juggle"]}, "made for the skill 'juggle', known are pick_place"),
    ],
)
def test_weights_of_another_vocabulary_are_refused_by_name(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    path = tmp_path / "w.safetensors"
    manifest = json.loads(json.dumps(save_weights(create(), path, {})))
    config = {**manifest["config"], **({"skills": change["skills"]} if "skills" in change else {})}
    path.with_suffix(".json").write_text(json.dumps({**manifest, "config": config, **change}))
    with pytest.raises(ForeignWeightsError, match=reason):
        load_weights(path)


def test_weights_from_before_manifests_named_relations_mean_the_first_ones(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    manifest = save_weights(create(), path, {})
    assert manifest.pop("vocabulary") == vocabulary() == FIRST
    path.with_suffix(".json").write_text(json.dumps(manifest))
    assert load_weights(path)[0].config == create().config


@pytest.mark.parametrize("architecture", [path.stem for path in SHIPPED.glob("*.json") if path.stem != "replay"])
def test_shipped_weights_say_how_they_were_made(architecture: str) -> None:
    _, manifest = shipped(architecture)
    assert manifest["architecture"] == architecture and manifest["vocabulary"] == vocabulary()
    assert manifest["executions"] >= 10_000
    for name in ("data_sha256", "seed", "training", "code", "metrics", "duration_s"):
        assert manifest[name] is not None


def test_what_ships_is_no_larger_than_a_repository_likes() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 24e6


def test_the_shipped_default_is_as_good_as_it_was_made() -> None:
    """Over all held-out executions, falls included."""
    metrics = shipped()[1]["metrics"]
    assert metrics["changed_accuracy"] >= 0.95 > metrics["persistence"]["changed_accuracy"]
    assert metrics["position_error_m"]["grasped"] <= 0.02 < metrics["persistence"]["position_error_m"]["grasped"]
    assert metrics["position_error_m"]["static"] <= 0.001
    assert metrics["f1_now"]["mean"] >= 0.95 and metrics["f1_next"]["mean"] > metrics["persistence"]["f1_next"]["mean"]
