"""Planning: a thousand candidates of three steps, scored by the shipped model."""

from __future__ import annotations

import numpy as np

from f2p.bench.operations import Products
from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.plan.shooting import ShootingConfig, shoot
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.types import SkillStep

REPEATS = 3


@benchmarks.register("planning")
def planning(seed: int, progress: Progress) -> list[Measurement]:
    """Time the median of a few runs, each on a scene nothing is remembered of."""
    model, _ = shipped()
    clock, simulator, seconds = SystemClock(), make_simulator(), []
    skeleton = tuple(SkillStep("pick_place", name) for name in ("object_1", "object_2", "box"))
    for repeat in range(REPEATS):
        rng = np.random.default_rng((seed, repeat))
        instance = tasks.make("transport").make(rng, 3, simulator)
        scene = simulator.observe(instance.world, seed)
        predictor, config = TorchPredictor(model, "bench"), ShootingConfig(candidates=1000)
        start = clock.monotonic_s()
        shoot(predictor, scene, skeleton, instance.goal, rng, config=config)
        seconds.append(clock.monotonic_s() - start)
        progress("planning", (repeat + 1) / REPEATS, f"{seconds[-1]:.2f} s")
    with Products() as products:
        shoot(TorchPredictor(model, "bench"), scene, skeleton, instance.goal, rng, config=config)
    name, median = "planning 1,000 candidates of horizon 3", float(np.median(seconds))
    return [Measurement(name, median, "s", 1.5, products=products.seconds())]
