"""From stored weights to a module: build it, load strictly, ask the golden questions; and weights from files."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from f2p.model.architectures.protocol import Architecture, architecture_of, architectures
from f2p.model.factory import built, config_from, load_weights, shipped_path, weights_bytes
from f2p.model.predictor import TorchPredictor
from f2p.model.shipping import DEFAULT_ARCHITECTURE
from f2p.model.vocabulary import misfit, vocabulary
from f2p.settings import SettingError
from f2p.weights.checks import CheckConfig, sha256_of, tensors_of
from f2p.weights.errors import BadManifestError, BadWeightsFileError, ParentMovedError, WrongAnswersError
from f2p.weights.golden import ServingConfig, golden_answers, golden_gap
from f2p.weights.manifest import Manifest
from f2p.weights.store import LoadedWeights, WeightsStore

Said = tuple[tuple[str, tuple[str, ...]], ...]
"""Names of relations as one can remember them."""


def open_store(
    folder: Path | str, architecture: str = DEFAULT_ARCHITECTURE, config: CheckConfig | None = None
) -> WeightsStore:
    """Open the store in `folder`; an empty one gets the shipped weights of `architecture`, if any, as champion.

    One that holds other weights, and does not say which are served, stays as it is: a person has to say.

    Raises:
        WeightsError: The folder cannot be written, or the shipped weights do not pass the checks.
    """
    store = WeightsStore(folder, expected_tensors, config)
    path = shipped_path(architecture)
    if path.exists() and not os.path.lexists(store.folder / "champion") and set(store.ids) <= {_id_of(path)}:
        with contextlib.suppress(ParentMovedError):  # another process opened it first, with the same weights
            store.publish(adopt(store, path), parent=None)
    return store


def _id_of(path: Path) -> str:
    """Return the id a weights file has in a store, which may hold it already after an opening that was cut short."""
    return sha256_of(path.read_bytes())


def adopt(store: WeightsStore, path: Path, profile: str | None = None) -> str:
    """Keep a weights file that is trusted (with its manifest beside it) in `store`; returns its id there.

    What comes from elsewhere is measured before: see `exchange.take_trained`.

    Args:
        store: Where to; its champion stays what it is.
        path: The weights file.
        profile: What the configuration is called; as its manifest says where None.

    Raises:
        BadWeightsError: File or manifest are missing, truncated, or not each other's.
        WeightsError: The store refuses them, or cannot be written.
    """
    _, data, manifest = read_trained(path, profile)
    return store.put(data, manifest)


def read_trained(path: Path, profile: str | None = None) -> tuple[Architecture, bytes, Manifest]:
    """Return model, bytes and manifest of a weights file as training writes it; arguments and errors as of `adopt`."""
    model, notes = load_weights(path)
    profile = profile or str(notes.get("profile", "unnamed"))
    data = weights_bytes(model)
    made = {name: value for name, value in notes.items() if name not in ("tensors", "config", "format")}
    return model, data, manifest_for(model, data, profile, made=made)


def manifest_for(model: Architecture, content: bytes, profile: str, **facts: Any) -> Manifest:
    """Make a manifest for `model` and its bytes, golden answers included; `facts` are further entries."""
    weights_id = sha256_of(content)
    return Manifest(
        weights_id=weights_id,
        profile=profile,
        architecture=architecture_of(model),
        config=_plain(model),
        vocabulary=vocabulary(),
        tensors=tensors_of(model.state_dict()),
        golden=golden_answers(TorchPredictor(model, weights_id)),
        **facts,
    )


def expected_tensors(manifest: Manifest) -> dict[str, list[Any]]:
    """Return what tensors the architecture of `manifest` has: name to [dtype, shape]. Raises BadManifestError."""
    if manifest.architecture not in architectures.names:
        known = ", ".join(architectures.names)
        raise BadManifestError(manifest.weights_id, f"architecture {manifest.architecture!r}; known are: {known}")
    said = {name: tuple(names) for name, names in manifest.vocabulary.items()}
    config = json.dumps(manifest.config, sort_keys=True)
    return _expected(manifest.architecture, config, tuple(sorted(said.items())), manifest.weights_id)


@lru_cache(maxsize=16)
def _expected(architecture: str, config: str, said: Said, source: str) -> dict[str, list[Any]]:
    """Return tensors of a configuration, every number of which lies within its bounds."""
    return tensors_of(_built(architecture, json.loads(config), dict(said), source).state_dict())


def _built(architecture: str, values: dict[str, Any], said: Mapping[str, Sequence[str]], source: str) -> Architecture:
    """Build a module of a stored configuration for the relations `said`. Raises BadManifestError if that fails."""
    try:
        config = config_from(architecture, values)
        reason = misfit(said, config.skills)
        if not reason:
            return built(architecture, config)
    except (TypeError, KeyError, ValueError, OverflowError, RuntimeError, AssertionError, SettingError) as error:
        raise BadManifestError(source, f"its configuration makes no model ({error})") from error
    raise BadManifestError(source, reason)


def module_of(loaded: LoadedWeights) -> Architecture:
    """Return the module with these weights, in eval mode."""
    told = loaded.manifest
    module = _built(told.architecture, told.config, told.vocabulary, loaded.weights_id)
    try:
        module.load_state_dict(loaded.tensors, strict=True)
    except RuntimeError as error:
        raise BadWeightsFileError(loaded.weights_id, str(error).splitlines()[0]) from error
    return module.eval()


def load_module(
    store: WeightsStore, weights_id: str, config: ServingConfig | None = None
) -> tuple[Architecture, Manifest]:
    """Return a module of the store's weights that passed every check of `config`, golden questions included.

    Raises:
        WeightsError: Why they must not be served.
    """
    loaded = store.load(weights_id)
    module = module_of(loaded)
    answers_as_told(module, loaded.manifest, config)
    return module, loaded.manifest


def answers_as_told(module: Architecture, manifest: Manifest, config: ServingConfig | None = None) -> None:
    """Ask a module the golden questions. Raises WrongAnswersError where it answers otherwise than its manifest says."""
    gap = golden_gap(golden_answers(TorchPredictor(module, manifest.weights_id)), manifest.golden)
    allowed = (config or ServingConfig()).golden_tolerance
    if not gap <= allowed:
        raise WrongAnswersError(manifest.weights_id, gap, allowed)


def _plain(model: Architecture) -> dict[str, Any]:
    """Return the model's configuration as JSON gives it back."""
    return json.loads(json.dumps(dataclasses.asdict(model.config)))
