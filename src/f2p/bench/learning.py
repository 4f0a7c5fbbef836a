"""Learning: from one failure to promoted weights, stage by stage."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from f2p.bench.operations import Products
from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.evaluate.failures import make_failure
from f2p.learner.protocol import learners
from f2p.model.remembered import MEMORY
from f2p.plan.planner import Planner
from f2p.settings import Settings, choice, number
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.weights.cycle import learn
from f2p.weights.cycle_config import CycleConfig
from f2p.weights.modules import open_store
from f2p.weights.service import load_predictor


@dataclass(frozen=True)
class LearningBenchConfig(Settings):
    """Who learns from what, and in what time."""

    task: str = choice("transport", "task that is failed", lambda: tasks.names)
    objects: int = number(3, "objects of the scene", low=1, high=8)
    many: int = number(7, "objects of the scene that is learned from for comparison", low=1, high=8)
    learner: str = choice("fail2progress", "how the failure is responded to", lambda: learners.names)
    most_total_s: float = number(60.0, "limit from failure to promoted weights", unit="s", low=0.1, high=36000.0)
    most_inference_s: float = number(10.0, "limit of inference", unit="s", low=0.1, high=36000.0)
    most_simulation_s: float = number(3.0, "limit of simulation, settling included", unit="s", low=0.1, high=36000.0)
    most_ratio: float = number(1.3, "limit of the time with many objects to that with few", low=0.1, high=100.0)
    most_finetune_s: float = number(30.0, "limit of the fine-tune", unit="s", low=0.1, high=36000.0)


@benchmarks.register("learning")
class Learning:
    """Time learning from one failure of a task, nothing remembered before, in a small scene and in a full one.

    The round in the small scene is done twice: measured, then with its matrix products counted.
    """

    def __init__(self, config: LearningBenchConfig | None = None) -> None:
        self.config = config or LearningBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        limits = self.config
        seconds = self._learned(limits.objects, seed, progress)
        many = self._learned(limits.many, seed, progress)["total"]
        self._learned(limits.objects, seed, progress, products := Products())
        inferred = sum(seconds.get(stage, 0.0) for stage in ("svi_states", "svi_actions"))
        simulated = sum(seconds.get(stage, 0.0) for stage in ("settle", "simulate"))
        # the end of actions is told by what follows
        inference = products.seconds("svi_states", "svi_actions", "settle")
        total, tuned, name = products.seconds(), products.seconds("encode", "finetune"), "failure to promoted weights"
        small, full = f"{name}, {limits.objects} objects", f"{name}, {limits.many} objects"
        return [
            Measurement(small, seconds["total"], "s", limits.most_total_s, products=total),
            Measurement("Stein variational inference", inferred, "s", limits.most_inference_s, products=inference),
            Measurement("simulation, settling included", simulated, "s", limits.most_simulation_s),
            Measurement("fine-tune", seconds["finetune"], "s", limits.most_finetune_s, products=tuned),
            Measurement(full, many, "s", limits.most_ratio * limits.most_total_s),
            Measurement("… to that with few", many / seconds["total"], "times", limits.most_ratio),
        ]

    def _learned(
        self, objects: int, seed: int, progress: Progress, products: Products | None = None
    ) -> dict[str, float]:
        """Return the seconds of every stage of one round; its `products` are counted where some are given."""
        simulator, learner = make_simulator(), learners.make(self.config.learner)
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(Path(folder))
            original = load_predictor(store, store.champion)
            task = tasks.make(self.config.task)
            failure = make_failure(task, Planner(lambda: original), simulator, objects, seed)
            MEMORY.forget()
            if products is None:
                return learn(failure, learner, store, simulator, seed=seed, progress=progress).seconds
            alone = CycleConfig(workers=1)  # another thread's products are not counted
            with products:
                return learn(failure, learner, store, simulator, alone, seed, products.counting(progress)).seconds
