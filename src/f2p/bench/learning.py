"""Learning: from one failure to promoted weights, stage by stage."""

from __future__ import annotations

import tempfile
from pathlib import Path

from f2p.bench.operations import Products
from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.evaluate.failures import make_failure
from f2p.learner.protocol import learners
from f2p.model.remembered import MEMORY
from f2p.plan.planner import Planner
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.weights.cycle import learn
from f2p.weights.modules import load_predictor, open_store


@benchmarks.register("learning")
def learning(seed: int, progress: Progress) -> list[Measurement]:
    """Time learning from one failure of the transport task with three objects, nothing remembered before.

    The round is done twice: measured, then with its matrix products counted.
    """
    simulator = make_simulator()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as again:
        store = open_store(Path(folder))
        original = load_predictor(store, store.champion)
        failure = make_failure(tasks.make("transport"), Planner(lambda: original), simulator, 3, seed)
        MEMORY.forget()
        learner = learners.make("fail2progress")
        seconds = learn(failure, learner, store, simulator, seed=seed, progress=progress).seconds
        MEMORY.forget()
        with Products() as products:
            learn(failure, learner, open_store(Path(again)), simulator, seed=seed, progress=products.counting(progress))
    inferred = seconds["svi_states"] + seconds["svi_actions"]
    simulated = seconds["settle"] + seconds["simulate"]
    inference = products.seconds("svi_states", "svi_actions", "settle")  # told of the end of actions by what follows
    return [
        Measurement("failure to promoted weights", seconds["total"], "s", 60.0, products=products.seconds()),
        Measurement("Stein variational inference", inferred, "s", 10.0, products=inference),
        Measurement("simulation, settling included", simulated, "s", 3.0),
        Measurement("fine-tune", seconds["finetune"], "s", 30.0, products=products.seconds("encode", "finetune")),
    ]
