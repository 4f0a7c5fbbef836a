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
from f2p.weights.cycle import CycleConfig, learn
from f2p.weights.modules import load_predictor, open_store


@dataclass(frozen=True)
class LearningBenchConfig(Settings):
    """Who learns from what, and in what time."""

    task: str = choice("transport", "task that is failed", lambda: tasks.names)
    objects: int = number(3, "objects of the scene", low=1, high=8)
    learner: str = choice("fail2progress", "how the failure is responded to", lambda: learners.names)
    most_total_s: float = number(60.0, "limit from failure to promoted weights", unit="s", low=0.1, high=36000.0)
    most_inference_s: float = number(10.0, "limit of inference", unit="s", low=0.1, high=36000.0)
    most_simulation_s: float = number(3.0, "limit of simulation, settling included", unit="s", low=0.1, high=36000.0)
    most_finetune_s: float = number(30.0, "limit of the fine-tune", unit="s", low=0.1, high=36000.0)


@benchmarks.register("learning")
class Learning:
    """Time learning from one failure of a task, nothing remembered before.

    The round is done twice: measured, then with its matrix products counted.
    """

    def __init__(self, config: LearningBenchConfig | None = None) -> None:
        self.config = config or LearningBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        simulator, limits = make_simulator(), self.config
        task, learner = tasks.make(limits.task), learners.make(limits.learner)
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as again:
            store = open_store(Path(folder))
            original = load_predictor(store, store.champion)
            failure = make_failure(task, Planner(lambda: original), simulator, limits.objects, seed)
            MEMORY.forget()
            seconds = learn(failure, learner, store, simulator, seed=seed, progress=progress).seconds
            MEMORY.forget()
            with Products() as products:
                told = products.counting(progress)
                alone = CycleConfig(workers=1)  # another thread's products are not counted
                learn(failure, learner, open_store(Path(again)), simulator, alone, seed, told)
        inferred = sum(seconds.get(stage, 0.0) for stage in ("svi_states", "svi_actions"))
        simulated = sum(seconds.get(stage, 0.0) for stage in ("settle", "simulate"))
        # the end of actions is told by what follows
        inference = products.seconds("svi_states", "svi_actions", "settle")
        total, tuned = products.seconds(), products.seconds("encode", "finetune")
        return [
            Measurement("failure to promoted weights", seconds["total"], "s", limits.most_total_s, products=total),
            Measurement("Stein variational inference", inferred, "s", limits.most_inference_s, products=inference),
            Measurement("simulation, settling included", simulated, "s", limits.most_simulation_s),
            Measurement("fine-tune", seconds["finetune"], "s", limits.most_finetune_s, products=tuned),
        ]
