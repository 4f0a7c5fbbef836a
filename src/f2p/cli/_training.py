"""What `f2p train` can be asked for: how executions are made, and how a model is trained on them."""

from __future__ import annotations

from dataclasses import dataclass

from f2p.model.recipe import PretrainConfig
from f2p.settings import Settings, group
from f2p.sim.data.pretraining import PretrainingConfig


@dataclass(frozen=True)
class TrainConfig(Settings):
    """Data and recipe of pre-training."""

    generation: PretrainingConfig = group(PretrainingConfig)
    training: PretrainConfig = group(PretrainConfig)
