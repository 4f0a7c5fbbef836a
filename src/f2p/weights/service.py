"""Weights of a store as predictors in service: checked, proven where no gate has let them pass, and warm."""

from __future__ import annotations

from f2p.model.architectures.protocol import Architecture
from f2p.model.predictor import TorchPredictor
from f2p.plan.protocol import Predictor
from f2p.weights.golden import ServingConfig
from f2p.weights.holder import WeightsHolder
from f2p.weights.manifest import Manifest
from f2p.weights.measure import prove
from f2p.weights.modules import load_module
from f2p.weights.store import WeightsStore


def load_predictor(store: WeightsStore, weights_id: str, config: ServingConfig | None = None) -> Predictor:
    """Return a predictor of the store's weights, checked as `load_module` does, and warm."""
    return _predictor(*load_module(store, weights_id, config))


def make_holder(store: WeightsStore, config: ServingConfig | None = None) -> WeightsHolder:
    """Return a holder that serves the store's champion; what it swaps to is checked, and measured where need be."""
    config = config or ServingConfig()

    def load(weights_id: str) -> Predictor:
        module, manifest = load_module(store, weights_id, config)
        prove(store, module, manifest, config.measure)
        return _predictor(module, manifest)

    return WeightsHolder(load, store.champion)


def _predictor(module: Architecture, manifest: Manifest) -> Predictor:
    """Return a predictor whose P(goal) is trusted as far as its plans came true."""
    trusted = 1.0 if manifest.reliability is None else float(manifest.reliability["probability"])
    return TorchPredictor(module, manifest.weights_id, reliability=trusted)
