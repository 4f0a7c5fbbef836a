"""The store: content addressed, compare-and-swap, rollback, and everything that must never be served."""

from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from f2p.weights.errors import (
    BadLineError,
    BadManifestError,
    BadWeightsFileError,
    NoChampionError,
    NoPreviousError,
    ParentMovedError,
    UnknownWeightsError,
    WeightsError,
)
from f2p.weights.manifest import Manifest
from f2p.weights.store import WeightsStore

Make = Callable[..., tuple[bytes, Manifest]]


class Trap:
    """Runs code when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.path,)


def tensors_path(store: WeightsStore, weights_id: str) -> Path:
    return store.folder / f"{weights_id}.safetensors"


def test_what_is_put_is_loaded_and_named_after_its_content(store: WeightsStore, make: Make) -> None:
    data, manifest = make(1, golden=[0.5], made={"seed": 1})
    weights_id = store.put(data, manifest)
    loaded = store.load(weights_id)
    assert save(loaded.tensors) == data and loaded.manifest == manifest and loaded.weights_id == weights_id
    assert store.put(data, manifest) == weights_id and store.ids == (weights_id,)


def test_publish_is_compare_and_swap(filled: WeightsStore, make: Make) -> None:
    first = filled.champion
    second, third = (filled.put(*make(seed, parent=first)) for seed in (2, 3))
    filled.publish(second, parent=first)
    assert filled.champion == second and filled.previous == first
    with pytest.raises(ParentMovedError, match=f"PARENT_MOVED: these weights were made from {first[:12]}"):
        filled.publish(third, parent=first)
    with pytest.raises(ParentMovedError, match="made from nothing"):
        filled.publish(third, parent=None)
    assert filled.champion == second and third in filled.ids


def test_two_at_once_one_wins(filled: WeightsStore, make: Make) -> None:
    for turn in range(20):
        parent = filled.champion
        rivals = [filled.put(*make(100 + 2 * turn + k, parent=parent)) for k in range(2)]
        start, results = threading.Barrier(2), []

        def publish(weights_id: str, parent: str = parent, start: threading.Barrier = start) -> None:
            start.wait(timeout=5)
            try:
                filled.publish(weights_id, parent)
                results.append("won")  # noqa: B023 - joined before the next turn
            except ParentMovedError:
                results.append("lost")  # noqa: B023

        threads = [threading.Thread(target=publish, args=(one,)) for one in rivals]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert sorted(results) == ["lost", "won"] and filled.champion in rivals


def test_rollback_and_promote(filled: WeightsStore, make: Make) -> None:
    first = filled.champion
    with pytest.raises(NoPreviousError, match="no previous champion"):
        filled.rollback()
    before = tensors_path(filled, first).read_bytes()
    second = filled.put(*make(2, parent=first))
    filled.publish(second, parent=first)
    assert filled.rollback() == first == filled.champion and filled.previous == second
    assert tensors_path(filled, first).read_bytes() == before
    assert filled.promote(second[:8]) == second == filled.champion
    assert filled.promote("previous") == first


def test_names_that_mean_nothing_are_refused_with_the_choices(filled: WeightsStore, store: WeightsStore) -> None:
    champion = filled.champion
    for asked in ("ffff0000", "../../etc/passwd", "", "abc", champion[:-1] + "g", "*"):
        with pytest.raises(UnknownWeightsError, match=champion[:12]):
            filled.resolve(asked)
        with pytest.raises(UnknownWeightsError):
            filled.load(asked)
    with pytest.raises(NoChampionError, match="promote some weights first"):
        _ = WeightsStore(store.folder / "empty", lambda _: {}).champion


def refused(store: WeightsStore, weights_id: str, reason: str) -> None:
    """Loading and promoting fail with the cause, and the champion stays."""
    champion = store.champion
    with pytest.raises(WeightsError, match=reason):
        store.load(weights_id)
    with pytest.raises(WeightsError):
        store.promote(weights_id)
    assert store.champion == champion


def test_every_truncation_and_every_flipped_bit_is_refused(filled: WeightsStore, make: Make) -> None:
    weights_id = filled.put(*make(2))
    path, rng = tensors_path(filled, weights_id), np.random.default_rng(0)
    whole = path.read_bytes()
    for cut in rng.integers(0, len(whole), 150):
        path.write_bytes(whole[:cut])
        refused(filled, weights_id, "truncated or altered")
    for bit in rng.integers(0, 8 * len(whole), 300):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(damaged)
        refused(filled, weights_id, "truncated or altered")
    path.write_bytes(whole + b"\0")
    refused(filled, weights_id, "truncated or altered")


def planted(store: WeightsStore, data: bytes, manifest: Manifest) -> str:
    """A file with a manifest that fits it, put there behind the store's back."""
    from f2p.weights.checks import sha256_of

    manifest = replace(manifest, weights_id=sha256_of(data))
    (store.folder / f"{manifest.weights_id}.safetensors").write_bytes(data)
    (store.folder / f"{manifest.weights_id}.json").write_bytes(manifest.to_bytes())
    return manifest.weights_id


def test_foreign_contents_are_refused_even_if_their_sha_fits(filled: WeightsStore, make: Make, tmp_path: Path) -> None:
    good, manifest = make(5)
    tensors = {"layer.weight": torch.ones(24, 16), "layer.bias": torch.ones(24), "steps": torch.tensor([1])}
    header = {"format": "x" * 2_000_000}
    huge = json.dumps({"__metadata__": header}).encode()
    cases = {
        "no safetensors file": b"",
        "truncated or foreign": b"PK\x03\x04" + b"\0" * 40,
        "header claims": (2**63).to_bytes(8, "little") + b"{}",
        "header claims .* truncated": len(huge).to_bytes(8, "little") + huge,
        "header is not that of": (4).to_bytes(8, "little") + b"[[[[",
        "header claims \\d+ bytes": pickle.dumps(Trap(str(tmp_path / "canary"))),
    }
    for reason, data in cases.items():
        refused(filled, planted(filled, data, manifest), reason)
    for change, reason in (
        ({"layer.bias": torch.ones(25)}, r"'layer.bias' is \['F32', \[25\]\]"),
        ({"layer.bias": torch.ones(24, dtype=torch.float64)}, "'layer.bias' is .'F64'"),
        ({"extra": torch.ones(1)}, "unexpected 'extra'"),
        ({"layer.bias": torch.full((24,), float("nan"))}, "'layer.bias' holds numbers that are not finite"),
        ({"layer.bias": torch.full((24,), float("inf"))}, "not finite"),
    ):
        data, other = make({**tensors, **change})
        refused(filled, planted(filled, data, other), reason)
        with pytest.raises(BadWeightsFileError, match=reason):
            filled.put(data, other)
    data, other = make({"layer.weight": tensors["layer.weight"]})
    refused(filled, planted(filled, data, other), "missing 'layer.bias'; 2 missing")
    assert not (tmp_path / "canary").exists()
    with pytest.raises(BadManifestError, match="it is of other weights"):
        filled.put(good, make(6)[1])


def test_norms_out_of_proportion_to_the_parent_are_refused(filled: WeightsStore, make: Make) -> None:
    champion = filled.load(filled.champion)
    for factor in (0.0, 1e-3, 100.0):
        scaled = {**champion.tensors, "layer.weight": factor * champion.tensors["layer.weight"]}
        weights_id = filled.put(*make(scaled, parent=champion.weights_id))
        refused(filled, weights_id, "root mean square of 'layer.weight'")
    doubled = {**champion.tensors, "layer.weight": 2 * champion.tensors["layer.weight"]}
    assert filled.load(filled.put(*make(doubled, parent=champion.weights_id)))


def test_what_is_no_regular_file_is_never_opened_or_waited_for(filled: WeightsStore, make: Make) -> None:
    weights_id = filled.put(*make(2))
    path = tensors_path(filled, weights_id)
    whole = path.read_bytes()
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))
    refused(filled, weights_id, "Too many levels of symbolic links")
    path.unlink()
    os.mkfifo(path)
    refused(filled, weights_id, "it is no regular file")
    path.unlink()
    path.mkdir()
    refused(filled, weights_id, "Is a directory")
    path.rmdir()
    refused(filled, weights_id, "No such file")
    with path.open("wb") as stream:
        stream.truncate(100 * 2**20)
    refused(filled, weights_id, "it has 104857600 bytes, at most 67108864 are read")
    path.write_bytes(whole)
    assert filled.load(weights_id)


def test_manifests_are_held_to_their_weights(filled: WeightsStore, make: Make) -> None:
    one, other = filled.put(*make(2)), filled.put(*make(3))
    manifest = filled.folder / f"{one}.json"
    words = json.loads(manifest.read_text())
    for content, reason in (
        ((filled.folder / f"{other}.json").read_bytes(), f"it is of other weights .{other[:12]}"),
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "its schema is 'list', expected 'f2p-weights-1'"),
        (json.dumps({**words, "odd": 1}).encode(), "missing or unknown entries: odd"),
        (json.dumps({**words, "tensors": []}).encode(), "entries of the wrong type: tensors"),
        (json.dumps({**words, "tensors": {}}).encode(), "it describes other tensors"),
    ):
        manifest.write_bytes(content)
        refused(filled, one, reason)


FAILURE = {"id": "f", "cause": "model", "explanation": "", "goal": "", "call": "", "score": 1.0, "threshold": 0.5}


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("gate", {}), ("gate", []), ("gate", {"passed": True, "reasons": "none"}), ("parent", 5), ("parent", "../../x"),
        ("failure", {}), ("failure", {**FAILURE, "contradictions": [1]}), ("failure", "lost"), ("made", [1]),
        ("data", "x"), ("data", {"sha256": 5, "transitions": 1, "tags": {}, "counts": {}}), ("particles", {"count": 1}),
        ("plan", {"id": "p", "calls": [1], "probability": 0.5, "weights": "w"}), ("golden", ["x"]), ("golden", [1e400]),
        ("tensors", {"w": 5}), ("tensors", {"w": ["F32"]}), ("tensors", {"w": ["F32", ["a"]]}), ("config", 5),
        ("tensors", {"w": ["F32", [-1]]}),
    ],
)  # fmt: skip
def test_a_manifest_with_entries_of_another_kind_is_refused_where_it_is_read(
    filled: WeightsStore, entry: str, value: object
) -> None:
    """List and lineage read them later on, and ended in a trace."""
    path = filled.folder / f"{filled.champion}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), entry: value}))
    with pytest.raises(BadManifestError, match=f"entries of the wrong type: {entry}$"):
        filled.manifest(filled.champion)


def test_a_champion_line_that_is_no_id_is_refused(filled: WeightsStore) -> None:
    (filled.folder / "champion").write_text("rm -rf /\n")
    with pytest.raises(BadLineError, match="it does not hold an id but 'rm -rf /'; f2p weights promote <id> writes it"):
        _ = filled.champion


DAMAGE = [b"", b"rm -rf /\n", b"\xff" * 64, b"x" * 1000]


@pytest.mark.parametrize("content", DAMAGE, ids=["empty", "foreign", "binary", "long"])
def test_promoting_repairs_damaged_lines(filled: WeightsStore, make: Make, content: bytes) -> None:
    first, second = filled.champion, filled.put(*make(2))
    filled.promote(second)
    for name in ("champion", "previous"):
        (filled.folder / name).write_bytes(content)
    with pytest.raises(BadLineError, match=f"/{name}' does not say which weights are meant"):
        _ = filled.previous
    assert filled.promote(first) == first == filled.champion and filled.previous is None
    (filled.folder / "previous").write_bytes(content)
    assert filled.promote("champion") == first and filled.previous is None
    (filled.folder / "champion").write_bytes(content)
    assert filled.promote(second) == second and filled.previous is None
    assert filled.promote(first) == first and filled.previous == second


def test_errors_name_whole_files_and_claim_nothing_of_the_champion(filled: WeightsStore) -> None:
    """What is damaged may be the champion itself, and a name cut in its middle names nothing."""
    champion = filled.champion
    tensors_path(filled, champion).unlink()
    with pytest.raises(BadWeightsFileError) as caught:
        filled.load(champion)
    assert f"'{tensors_path(filled, champion)}'" in str(caught.value) and "champion" not in str(caught.value)
    (filled.folder / f"{champion}.json").unlink()
    with pytest.raises(BadManifestError, match=f"^manifest '.*/{champion}.json' refused: No such file or directory$"):
        filled.manifest(champion)
