"""Hot swap under load: every answer must come whole from one version of the weights, and none may fail."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.model.factory import shipped, weights_bytes
from f2p.settings import Settings, number
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.types import Scene
from f2p.weights.holder import WeightsHolder
from f2p.weights.modules import manifest_for, open_store
from f2p.weights.service import load_predictor
from f2p.weights.store import WeightsStore


@dataclass
class Load:
    """Asks the holder at a fixed rate and compares every answer with what its version answers alone."""

    holder: WeightsHolder
    scene: Scene
    expected: dict[str, np.ndarray]
    rate: float
    """Requests per second."""
    answers: int = 0
    failed: int = 0
    mixed: int = 0
    waits_s: list[float] = field(default_factory=list)
    asked: int = 0
    lasted_s: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Ask until asked to end, each time when it is due, or at once when late."""
        clock = SystemClock()
        began = clock.monotonic_s()
        while not self.ended.wait(timeout=max(0.0, began + self.asked / self.rate - clock.monotonic_s())):
            self.asked += 1
            start = clock.monotonic_s()
            try:
                predictor = self.holder.pin()
                answer = predictor.detect(self.scene).binary
            except Exception:  # whatever it is, it is a failed answer
                self.failed += 1
                continue
            self.waits_s.append(clock.monotonic_s() - start)
            self.answers += 1
            self.mixed += not np.allclose(answer, self.expected[predictor.weights_id], atol=1e-5)
        self.lasted_s = clock.monotonic_s() - began


def versions(store: WeightsStore, count: int, seed: int) -> list[str]:
    """Put slightly different weights into the store."""
    import torch

    generator, out = torch.Generator().manual_seed(seed), []
    for _ in range(count):
        model, _ = shipped()
        with torch.no_grad():
            for parameter in model.parameters():
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.add_(noise, alpha=0.01 * float(parameter.std(correction=0)))
        data = weights_bytes(model)
        out.append(store.put(data, manifest_for(model, data, "default", made={"bench": seed})))
    return out


@dataclass(frozen=True)
class SwappingBenchConfig(Settings):
    """How often is swapped and asked, and what is allowed meanwhile."""

    swaps: int = number(200, "swaps", low=1, high=100_000)
    versions: int = number(3, "slightly different weights beside the shipped ones", low=1, high=20)
    rate: float = number(50.0, "requests meanwhile", unit="1/s", low=0.1, high=10_000.0)
    least_share: float = number(0.98, "share of the requests that must be made in time", low=0.0, high=1.0)
    most_wait_ms: float = number(250.0, "limit of an answer's 99th percentile", unit="ms", low=0.1, high=60_000.0)


@benchmarks.register("swapping")
class Swapping:
    """Swaps among a few versions beside requests at a fixed rate, to what the model server holds them in."""

    def __init__(self, config: SwappingBenchConfig | None = None) -> None:
        self.config = config or SwappingBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        simulator, config = make_simulator(), self.config
        instance = tasks.make("transport").make(np.random.default_rng(seed), 3, simulator)
        scene = simulator.observe(instance.world, seed)
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(Path(folder))
            names = [store.champion, *versions(store, config.versions, seed)]
            expected = {name: load_predictor(store, name).detect(scene).binary for name in names}
            holder = WeightsHolder(lambda name: load_predictor(store, name), names[0])
            load = Load(holder, scene, expected, config.rate)
            thread = threading.Thread(target=load.run, name="load", daemon=True)
            thread.start()
            for swap in range(config.swaps):
                holder.swap(names[(swap + 1) % len(names)])
                progress("swapping", (swap + 1) / config.swaps, f"{load.answers} answers")
            load.ended.set()
            thread.join(timeout=5.0)
        least, slowest = config.least_share * config.rate, 1e3 * float(np.percentile(load.waits_s, 99))
        return [
            Measurement(f"failed answers in {config.swaps} swaps", load.failed, "answers", 0.0),
            Measurement(f"mixed answers in {config.swaps} swaps", load.mixed, "answers", 0.0),
            Measurement("requests meanwhile", load.asked / load.lasted_s, "per s", least, at_least=True),
            Measurement("answer, 99th percentile", slowest, "ms", config.most_wait_ms),
        ]
