"""The loop as a library: a failure, particles around it, transitions, new weights, and the same task once more."""

from __future__ import annotations

import sys
import tempfile

import numpy as np

from f2p.evaluate.failures import make_failure
from f2p.evaluate.trial import run_trial
from f2p.learner.protocol import learners
from f2p.plan.planner import Planner
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.weights.cycle import learn
from f2p.weights.cycle_config import CycleConfig
from f2p.weights.modules import open_store
from f2p.weights.service import load_predictor


def main(transitions: int = 20) -> None:
    """Fail, learn, try again on fresh scenes, before and after."""
    simulator, task = make_simulator(), tasks.make("transport")
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        before = load_predictor(store, store.champion)
        failure = make_failure(task, Planner(lambda: before), simulator, objects=3, number=3)
        print(f"failure {failure.id}: {len(failure.contradictions)} relations are not as predicted")
        report = learn(
            failure, learners.make("fail2progress"), store, simulator, CycleConfig(transitions=transitions), seed=3
        )
        print(f"weights {report.weights_id}, gate passed: {report.gate is not None and report.gate.passed}")
        after = load_predictor(store, store.champion)
        for name, predictor in (("before", before), ("after", after)):
            planner = Planner(lambda chosen=predictor: chosen)
            solved = 0
            for number in range(5):
                instance = task.make(np.random.default_rng((7, number)), 3, simulator)
                solved += run_trial(instance, planner, simulator, free=False, seed=number).success
            print(f"{name}: {solved} of 5 fresh scenes solved")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
