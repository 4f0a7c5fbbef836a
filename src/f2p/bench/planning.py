"""Planning: a thousand candidates of three steps, scored by the shipped model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.bench.operations import Products
from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.plan.shooting import ShootingConfig, shoot
from f2p.settings import Settings, group, number
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.types import SkillStep


@dataclass(frozen=True)
class PlanningBenchConfig(Settings):
    """How much is planned, and in what time."""

    shooting: ShootingConfig = group(ShootingConfig)
    repeats: int = number(3, "runs of which the median counts", low=1, high=1000)
    most_s: float = number(1.5, "limit", unit="s", low=0.001, high=3600.0)


@benchmarks.register("planning")
class Planning:
    """Time the median of a few runs, each on a scene nothing is remembered of."""

    def __init__(self, config: PlanningBenchConfig | None = None) -> None:
        self.config = config or PlanningBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        model, _ = shipped()
        clock, simulator, seconds = SystemClock(), make_simulator(), []
        skeleton = tuple(SkillStep("pick_place", name) for name in ("object_1", "object_2", "box"))
        repeats, config = self.config.repeats, self.config.shooting
        for repeat in range(repeats):
            rng = np.random.default_rng((seed, repeat))
            instance = tasks.make("transport").make(rng, 3, simulator)
            scene = simulator.observe(instance.world, seed)
            predictor = TorchPredictor(model, "bench")
            start = clock.monotonic_s()
            shoot(predictor, scene, skeleton, instance.goal, rng, config=config)
            seconds.append(clock.monotonic_s() - start)
            progress("planning", (repeat + 1) / repeats, f"{seconds[-1]:.2f} s")
        with Products() as products:
            shoot(TorchPredictor(model, "bench"), scene, skeleton, instance.goal, rng, config=config)
        name, median = f"planning {config.candidates:,} candidates of horizon 3", float(np.median(seconds))
        return [Measurement(name, median, "s", self.config.most_s, products=products.seconds())]
