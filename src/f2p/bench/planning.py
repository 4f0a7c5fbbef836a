"""Planning: a thousand candidates of three steps, scored by the shipped model, in small scenes and in full ones."""

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
    objects: int = number(3, "objects of a small scene", low=2, high=8)
    many: int = number(7, "objects of a full scene", low=2, high=8)
    most_s: float = number(1.5, "limit with few objects", unit="s", low=0.001, high=3600.0)
    most_many_s: float = number(2.5, "limit with many", unit="s", low=0.001, high=3600.0)


@benchmarks.register("planning")
class Planning:
    """Time the median of a few runs, each on a scene nothing is remembered of."""

    def __init__(self, config: PlanningBenchConfig | None = None) -> None:
        self.config = config or PlanningBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        config = self.config
        sizes = ((config.objects, config.most_s), (config.many, config.most_many_s))
        return [self._planned(objects, limit, seed, progress) for objects, limit in sizes]

    def _planned(self, objects: int, limit: float, seed: int, progress: Progress) -> Measurement:
        """Plan in scenes of so many objects."""
        model, _ = shipped()
        clock, simulator, seconds = SystemClock(), make_simulator(), []
        skeleton = tuple(SkillStep("pick_place", name) for name in ("object_1", "object_2", "box"))
        repeats, config = self.config.repeats, self.config.shooting
        for repeat in range(repeats):
            rng = np.random.default_rng((seed, repeat))
            instance = tasks.make("transport").make(rng, objects, simulator)
            scene = simulator.observe(instance.world, seed)
            predictor = TorchPredictor(model, "bench")
            start = clock.monotonic_s()
            shoot(predictor, scene, skeleton, instance.goal, rng, config=config)
            seconds.append(clock.monotonic_s() - start)
            progress("planning", (repeat + 1) / repeats, f"{objects} objects, {seconds[-1]:.2f} s")
        with Products() as products:
            shoot(TorchPredictor(model, "bench"), scene, skeleton, instance.goal, rng, config=config)
        name = f"planning {config.candidates:,} candidates of horizon 3, {objects} objects"
        return Measurement(name, float(np.median(seconds)), "s", limit, products=products.seconds())
