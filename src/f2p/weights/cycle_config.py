"""The numbers of a round of learning. Apart from the round: who declares them as parameters needs no torch for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from f2p.learner.protocol import learners
from f2p.model.recipe import FinetuneConfig
from f2p.model.shipping import SHIPPED
from f2p.settings import Settings, group, number, setting
from f2p.sim.protocol import simulators
from f2p.weights.gate import GateConfig
from f2p.weights.reliability import ReliabilityConfig


@dataclass(frozen=True)
class CycleConfig(Settings):
    """Everything about one round of learning."""

    finetune: FinetuneConfig = group(FinetuneConfig)
    gate: GateConfig = group(GateConfig)
    reliability: ReliabilityConfig = group(ReliabilityConfig)
    replay: Path = setting(SHIPPED / "replay.safetensors", "frozen subset of the pre-training data")
    gate_share: float = number(
        0.33, "share of the replay data for the gate alone, unless its manifest says", low=0.05, high=0.9
    )
    transitions: int | None = number(
        None, "transitions that a learner may have simulated; where none is given, as its own config says", low=2,
        high=100_000,
    )  # fmt: skip
    publish: bool = setting(True, "whether weights that pass the gate become the champion")
    workers: int = number(
        2, "threads that work on a round at once; what it comes to does not depend on them", low=1, high=64,
        source="ours: two cores",
    )  # fmt: skip
    busy_wait_s: float = number(0.0, "how long to wait for another fine-tune", unit="s", low=0.0, high=3600.0)


@dataclass(frozen=True)
class LearningConfig(Settings):
    """A round of learning with whatever learner and simulator are chosen by name."""

    cycle: CycleConfig = group(CycleConfig)
    learner_settings: Mapping[str, Any] = group(learners.configs, "of each learner")
    simulator_settings: Mapping[str, Any] = group(simulators.configs, "of each simulator")
