"""Learning: from one failure to promoted weights, stage by stage."""

from __future__ import annotations

import tempfile
from pathlib import Path

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.evaluate.failures import make_failure
from f2p.learner.protocol import learners
from f2p.plan.planner import Planner
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.weights.cycle import learn
from f2p.weights.modules import load_predictor, open_store


@benchmarks.register("learning")
def learning(seed: int, progress: Progress) -> list[Measurement]:
    """One failure of the transport task with three things, learned from by fail2progress."""
    simulator = make_simulator()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        original = load_predictor(store, store.champion)
        failure = make_failure(tasks.make("transport"), Planner(lambda: original), simulator, 3, seed)
        seconds = learn(failure, learners.make("fail2progress"), store, simulator, seed=seed, progress=progress).seconds
    return [
        Measurement("failure to promoted weights", seconds["total"], "s", 60.0),
        Measurement("Stein variational inference", seconds["svi_states"] + seconds["svi_actions"], "s", 10.0),
        Measurement("simulation, settling included", seconds["settle"] + seconds["simulate"], "s", 3.0),
        Measurement("fine-tune", seconds["finetune"], "s", 30.0),
    ]
