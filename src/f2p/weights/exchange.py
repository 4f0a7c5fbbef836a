"""Weights that come and go as files: what was trained, what another store exported; measured before they are taken."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from f2p.model.architectures.protocol import Architecture
from f2p.model.factory import MOST_MANIFEST
from f2p.weights.checks import checked_tensors, header_of, sha256_of
from f2p.weights.errors import BadManifestError, BadWeightsFileError, NotProvenError
from f2p.weights.files import read_regular, write_whole
from f2p.weights.golden import ServingConfig
from f2p.weights.manifest import Manifest
from f2p.weights.measure import Measured, measure
from f2p.weights.modules import answers_as_told, expected_tensors, module_of, read_trained
from f2p.weights.signature import sign, signer_of, trusted_keys
from f2p.weights.store import LoadedWeights, WeightsStore


@dataclass(frozen=True)
class Taken:
    """Weights that were taken into a store."""

    weights_id: str
    measured: Measured
    origin: dict[str, Any]
    """`how` and `file` they came, and who `signed` them, if that was asked for."""


def take_trained(
    store: WeightsStore, path: Path, config: ServingConfig | None = None, key: Path | None = None
) -> Taken:
    """Take a weights file as training writes it.

    Args:
        store: Where to; its champion stays what it is.
        path: The file; its manifest lies beside it, and its signature where one is asked for.
        config: What they must show.
        key: Whose signature is asked for; None: of one of the store's trusted keys, if there are any.

    Raises:
        BadWeightsError, WeightsError: They are damaged, not signed as asked, or do worse than what serves.
    """
    signed = _signer(store, path, key)
    model, data, manifest = read_trained(path)
    return _take(store, model, data, manifest, _origin("trained", path, signed), config)


def take_exported(
    store: WeightsStore, path: Path, config: ServingConfig | None = None, key: Path | None = None
) -> Taken:
    """Take weights that `export` wrote, with their lineage; arguments and errors as of `take_trained`."""
    signed = _signer(store, path, key)
    told = path.with_suffix(".json")
    try:
        words = read_regular(told, MOST_MANIFEST)
    except BadWeightsFileError as error:
        raise BadManifestError(told, error.reason) from error
    manifest = Manifest.from_bytes(words, str(told))
    data = read_regular(path, int(store.config.most_bytes))
    if sha256_of(data) != manifest.weights_id:
        raise BadWeightsFileError(path, "its contents are not those its manifest speaks of (truncated or altered)")
    if header_of(data, str(path), store.config) != manifest.tensors:
        raise BadManifestError(told, "it describes other tensors than the file has")
    tensors = checked_tensors(data, expected_tensors(manifest), str(path), store.config)
    model = module_of(LoadedWeights(manifest, tensors))
    answers_as_told(model, manifest, config)
    return _take(store, model, data, manifest, _origin("exported", path, signed), config)


def export(store: WeightsStore, weights_id: str, path: Path, key: Path | None = None) -> tuple[Path, ...]:
    """Write weights of the store and their manifest, signed where a private `key` is given; returns the files.

    Raises:
        UnknownWeightsError, BadWeightsFileError, BadManifestError: They are not whole.
        KeyFileError, NoSpaceError, StoreWriteError: Why nothing was written.
    """
    store.load(weights_id)
    words = store.manifest(weights_id).to_bytes()
    files = {path.with_suffix(".safetensors"): store.bytes_of(weights_id), path.with_suffix(".json"): words}
    if key is not None:
        files[path.with_suffix(".sig")] = sign(words, key)
    for file, data in files.items():
        write_whole(file, data)
    return tuple(files)


def _take(
    store: WeightsStore,
    model: Architecture,
    data: bytes,
    manifest: Manifest,
    origin: dict[str, Any],
    config: ServingConfig | None,
) -> Taken:
    """Measure weights and keep them. Raises NotProvenError where they do worse than what serves."""
    checked_tensors(data, manifest.tensors, manifest.weights_id, store.config)
    found = measure(model, store, manifest.weights_id, (config or ServingConfig()).measure)
    if not found.passed:
        raise NotProvenError(manifest.weights_id, found.reasons)
    kept = dataclasses.replace(manifest, measured=found.values(), origin=origin)
    return Taken(store.put(data, kept), found, origin)


def _origin(how: str, path: Path, signed: str | None) -> dict[str, Any]:
    return {"how": how, "file": path.name, "signed": signed}


def _signer(store: WeightsStore, path: Path, key: Path | None) -> str | None:
    """Return who signed the manifest beside a file, None where nobody asks. Raises SignatureError."""
    keys = (key,) if key is not None else trusted_keys(store.folder)
    if not keys:
        return None
    told = path.with_suffix(".json")
    return signer_of(read_regular(told, MOST_MANIFEST), path.with_suffix(".sig"), keys)
