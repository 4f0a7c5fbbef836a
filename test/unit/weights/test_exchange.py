"""Weights from elsewhere: measured before they are taken, signed where that is asked for, their origin written down."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

from f2p.model.architectures.protocol import Architecture
from f2p.model.factory import create, save_weights, shipped, weights_bytes
from f2p.weights.difference import difference
from f2p.weights.errors import (
    BadManifestError,
    BadWeightsFileError,
    KeyFileError,
    NotProvenError,
    PinnedError,
    SignatureError,
    WrongAnswersError,
)
from f2p.weights.exchange import export, take_exported, take_trained
from f2p.weights.measure import measure, prove
from f2p.weights.modules import load_module, manifest_for, open_store
from f2p.weights.store import WeightsStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> WeightsStore:
    """A store in which the shipped weights serve."""
    return open_store(tmp_path_factory.mktemp("store"))


def near(seed: int, amount: float = 0.003) -> Architecture:
    """The shipped model, a little different."""
    model, _ = shipped()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            spread = float(parameter.std(correction=0))
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=amount * spread)
    return model


def key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """A private key and the public one, as openssl writes them."""
    key = ed25519.Ed25519PrivateKey.generate()
    private, public = folder / f"{name}-private.pem", folder / f"{name}.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


def harmed(how: str) -> Architecture:
    """Weights that load, and whose digest will fit."""
    model, _ = shipped()
    with torch.no_grad():
        for parameter in model.parameters():
            if how == "zero":
                parameter.zero_()
            elif how == "scaled":
                parameter.mul_(1.5)
            elif how == "negated":
                parameter.neg_()
            elif how == "signs":  # the sign bit of every eighth number
                parameter.view(-1)[::8].neg_()
        if how == "flipped":  # one bit of one number: 0.05 becomes 1e37
            bits = next(iter(model.parameters())).view(torch.int32).view(-1)
            bits[0] ^= 1 << 30
    return model


@pytest.mark.parametrize("how", ["zero", "scaled", "negated", "signs", "flipped", "fresh"])
def test_harmful_weights_whose_digest_fits_are_not_taken(store: WeightsStore, tmp_path: Path, how: str) -> None:
    """All of them loaded, and answered as the manifest made from them said."""
    before = store.ids
    model = create(seed=4) if how == "fresh" else harmed(how)
    save_weights(model, tmp_path / "given.safetensors", {"profile": "default"})
    with pytest.raises((NotProvenError, BadWeightsFileError), match=r"NOT_PROVEN|at most 1000 is a weight"):
        take_trained(store, tmp_path / "given.safetensors")
    assert store.ids == before


def test_harmful_weights_put_there_by_hand_are_not_proven(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    data = weights_bytes(harmed("scaled"))
    weights_id = store.put(data, manifest_for(harmed("scaled"), data, "default"))
    with pytest.raises(NotProvenError, match="F1 next on replay data is 0"):
        prove(store, *load_module(store, weights_id))
    assert prove(store, *load_module(store, store.champion)) is None, "what serves needs no proof"


def test_where_nothing_serves_weights_must_know_more_than_that_nothing_changes(tmp_path: Path) -> None:
    empty = WeightsStore(tmp_path, lambda _: {})
    good, bad = (measure(one, empty, "0" * 64) for one in (shipped()[0], create(seed=4)))
    assert good.passed and good.reference is None and not bad.passed and set(bad.reference_f1) == {"next"}


def test_what_is_exported_is_imported_with_its_lineage_and_origin(store: WeightsStore, tmp_path: Path) -> None:
    model = near(1)
    data = weights_bytes(model)
    made = store.put(data, manifest_for(model, data, "default", parent=store.champion, made={"seed": 5}))
    files = export(store, made, tmp_path / "carried")
    assert [one.suffix for one in files] == [".safetensors", ".json"]
    other = open_store(tmp_path / "other")
    taken = take_exported(other, files[0])
    manifest = other.manifest(taken.weights_id)
    assert taken.weights_id == made and manifest.made == {"seed": 5} and manifest.parent == store.champion
    assert manifest.origin == {"how": "exported", "file": "carried.safetensors", "signed": None}
    assert manifest.measured is not None and manifest.measured["passed"] and taken.measured.reference == other.champion
    found = difference(other, other.champion, made)
    assert found.ancestor == other.champion and 0 < found.changed[0].share < 0.1 and found.golden_gap > 0


def test_signatures_are_checked_where_they_are_asked_for(store: WeightsStore, tmp_path: Path) -> None:
    (private, public), (stranger, _) = key_pair(tmp_path, "lab"), key_pair(tmp_path, "stranger")
    other = open_store(tmp_path / "other")
    (other.folder / "trusted").mkdir()
    (other.folder / "trusted" / "lab.pem").write_bytes(public.read_bytes())
    model = near(2)
    data = weights_bytes(model)
    made = store.put(data, manifest_for(model, data, "default"))
    file = export(store, made, tmp_path / "w")[0]
    with pytest.raises(SignatureError, match="one by lab is asked for"):
        take_exported(other, file)
    export(store, made, tmp_path / "w", stranger)
    with pytest.raises(SignatureError, match="it is not by lab over this manifest"):
        take_exported(other, file)
    export(store, made, tmp_path / "w", private)
    told = file.with_suffix(".json")
    words = json.loads(told.read_text())
    told.write_text(json.dumps(words | {"profile": "altered"}))
    with pytest.raises(SignatureError, match="not by lab"):
        take_exported(other, file)
    file.with_suffix(".sig").write_text("???")
    with pytest.raises(SignatureError, match="it is damaged"):
        take_exported(other, file)
    assert made not in other.ids
    export(store, made, tmp_path / "w", private)
    assert take_exported(other, file).origin["signed"].startswith("lab (")


def test_files_that_are_no_keys_are_said_to_be_none(store: WeightsStore, tmp_path: Path) -> None:
    (tmp_path / "odd.pem").write_text("no key")
    foreign = x25519.X25519PrivateKey.generate()
    (tmp_path / "foreign.pem").write_bytes(
        foreign.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    for name, says in (("odd", "no Ed25519 private key"), ("foreign", "another kind"), ("gone", "No such file")):
        with pytest.raises(KeyFileError, match=says):
            export(store, store.champion, tmp_path / "w", tmp_path / f"{name}.pem")
    assert not (tmp_path / "w.json").exists()
    file = export(store, store.champion, tmp_path / "w")[0]
    with pytest.raises(KeyFileError, match="no public key"):
        take_exported(store, file, key=tmp_path / "odd.pem")


def test_an_export_that_was_altered_is_refused(store: WeightsStore, tmp_path: Path) -> None:
    file = export(store, store.champion, tmp_path / "w")[0]
    told, whole = file.with_suffix(".json"), file.read_bytes()
    manifest = store.manifest(store.champion)
    damaged = bytearray(whole)
    damaged[len(damaged) // 2] ^= 1
    file.write_bytes(damaged)
    with pytest.raises(BadWeightsFileError, match="truncated or altered"):
        take_exported(store, file)
    file.write_bytes(whole)
    lying = dataclasses.replace(manifest, golden=[])
    told.write_bytes(lying.to_bytes())
    with pytest.raises(WrongAnswersError):
        take_exported(store, file)
    told.unlink()
    with pytest.raises(BadManifestError, match="No such file"):
        take_exported(store, file)


def test_what_is_pinned_stays(store: WeightsStore, tmp_path: Path) -> None:
    own = open_store(tmp_path)
    pinned = own.pin()
    data = weights_bytes(near(3))
    other = own.put(data, manifest_for(near(3), data, "default", parent=pinned))
    for change in (lambda: own.publish(other, pinned), lambda: own.promote(other)):
        with pytest.raises(PinnedError, match=f"PINNED: weights {pinned[:12]}"):
            change()
    assert own.champion == own.pinned == pinned
    own.unpin()
    own.publish(other, pinned)
    assert own.champion == other and own.pinned is None
