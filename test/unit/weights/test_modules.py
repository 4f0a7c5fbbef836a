"""From store to service: strict loading, golden questions, hostile configurations, weights from elsewhere."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from f2p.model.errors import BadWeightsError
from f2p.model.factory import create, save_weights, weights_bytes
from f2p.weights.errors import BadManifestError, NoChampionError, WrongAnswersError
from f2p.weights.golden import golden_answers, golden_gap, golden_scene
from f2p.weights.lineage import lineage_tree
from f2p.weights.manifest import Manifest
from f2p.weights.modules import adopt, expected_tensors, load_module, manifest_for, open_store
from f2p.weights.service import WeightsService
from f2p.weights.store import WeightsStore


@pytest.fixture
def store(tmp_path: Path) -> WeightsStore:
    """A store of real architectures."""
    return WeightsStore(tmp_path / "store", expected_tensors)


def test_weights_from_elsewhere_are_adopted_and_answer_the_same(store: WeightsStore, tmp_path: Path) -> None:
    model = create(seed=3)
    save_weights(model, tmp_path / "given.safetensors", {"seed": 3, "profile": "default"})
    store.publish(adopt(store, tmp_path / "given.safetensors", "default"), parent=None)
    module, manifest = load_module(store, store.champion)
    assert all(torch.equal(one, module.state_dict()[name]) for name, one in model.state_dict().items())
    assert manifest.made["seed"] == 3 and len(manifest.golden) > 50
    holder = WeightsService(store).holder
    assert golden_gap(golden_answers(holder.pin()), manifest.golden) < 1e-4


def test_weights_that_answer_otherwise_than_promised_are_refused(store: WeightsStore) -> None:
    model = create(seed=3)
    content = weights_bytes(model)
    manifest = manifest_for(model, content, "default")
    lying = dataclasses.replace(manifest, golden=[one + 0.3 for one in manifest.golden])
    weights_id = store.put(content, lying)
    with pytest.raises(WrongAnswersError, match=r"by 0\.3, allowed 0\.01"):
        load_module(store, weights_id)


def test_hostile_configurations_make_no_model(store: WeightsStore) -> None:
    model = create(seed=3)
    content = weights_bytes(model)
    manifest = manifest_for(model, content, "default")
    for change in (
        {"identities": 10**9},
        {"identity_width": -1},
        {"odd": 1},
        {"encoder": []},
        {"dynamics": {"layers": 10**6}},
        {"identity_width": 10**400},
        {"skills": [f"skill_{number}" for number in range(20_000)]},
    ):
        bad = dataclasses.replace(manifest, config={**manifest.config, **change})
        with pytest.raises(BadManifestError, match="its configuration makes no model"):
            store.put(content, bad)
    with pytest.raises(BadManifestError, match="'crystal_ball'; known are: binary_pred, points2plans, stow_gnn"):
        store.put(content, dataclasses.replace(manifest, architecture="crystal_ball"))
    for change, reason in (
        (
            {"vocabulary": {"unary": ["movable"], "binary": []}},
            "made for the unary relations movable, here they are mov",
        ),
        ({"config": {**manifest.config, "skills": ["juggle"]}}, "made for the skill 'juggle', known are pick_place"),
    ):
        with pytest.raises(BadManifestError, match=reason):
            store.put(content, dataclasses.replace(manifest, **change))
    assert store.ids == ()


@pytest.mark.parametrize("harm", ["missing", "dangling"])
def test_shipped_weights_never_take_the_place_of_a_lost_champion(tmp_path: Path, harm: str) -> None:
    store = open_store(tmp_path)
    model = create(seed=3)
    content = weights_bytes(model)
    store.promote(store.put(content, manifest_for(model, content, "default")))
    (tmp_path / "champion").unlink()
    if harm == "dangling":
        (tmp_path / "champion").symlink_to(tmp_path / "gone")
    with pytest.raises(NoChampionError):
        _ = open_store(tmp_path).champion


def test_a_first_opening_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    champion = open_store(tmp_path).champion
    (tmp_path / "champion").unlink()
    assert open_store(tmp_path).champion == champion


def test_words_of_a_manifest_are_no_markup(store: WeightsStore) -> None:
    model = create(seed=3)
    content = weights_bytes(model)
    weights_id = store.put(content, manifest_for(model, content, "[/red]"))
    console = Console(record=True, file=io.StringIO())
    console.print(lineage_tree(store, weights_id))
    assert "profile [/red]," in console.export_text()


def test_notes_within_notes_are_refused_in_one_line(store: WeightsStore, tmp_path: Path) -> None:
    """What JSON reads without complaint is not always written without one."""
    manifest = save_weights(create(seed=3), tmp_path / "given.safetensors", {})
    text = json.dumps({**manifest, "notes": "HERE"}).replace('"HERE"', "[" * 900 + "]" * 900)
    (tmp_path / "given.json").write_text(text)
    with pytest.raises((BadManifestError, BadWeightsError)):
        adopt(store, tmp_path / "given.safetensors")


def test_golden_gaps_are_never_small_by_accident() -> None:
    assert golden_gap([0.1], [0.1, 0.2]) == golden_gap([float("nan")], [0.1]) == float("inf")
    assert golden_gap([0.1, 0.5], [0.1, 0.2]) == pytest.approx(0.3)
    one, two = golden_scene(), golden_scene()
    assert all(np.array_equal(a.points, b.points) for a, b in zip(one.segments, two.segments, strict=True))


def test_a_manifest_survives_its_file() -> None:
    manifest = Manifest("a" * 64, "default", "points2plans", {"x": 1}, {"w": ["F32", [2]]}, golden=[0.25])
    assert Manifest.from_bytes(manifest.to_bytes(), "file") == manifest
    assert json.loads(manifest.to_bytes())["schema"] == "f2p-weights-1"
