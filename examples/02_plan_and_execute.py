"""The untaught model plans with a given skeleton; the simulator executes, and says what it expected wrongly."""

from __future__ import annotations

import numpy as np

from f2p.evaluate.trial import run_plan
from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.monitor.compare import compare, contradictions_text
from f2p.monitor.outcome import outcome_of
from f2p.plan.planner import Planner
from f2p.plan.tree import plan_tree
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.types import Execution


def main() -> None:
    """Move a full box with a model that has never seen one move."""
    simulator = make_simulator()
    instance = tasks.make("transport").make(np.random.default_rng(2), 3, simulator)
    model, manifest = shipped()
    predictor = TorchPredictor(model, str(manifest["weights_id"]))
    scene = simulator.observe(instance.world, seed=2)
    plan = Planner(lambda: predictor).plan(scene, instance.goal, 2, instance.proposal)
    print(plan_tree(plan))
    done = run_plan(simulator, instance.world, plan, seed=2)
    if not done:
        raise SystemExit("the simulation blew up; try another seed")
    outcome = outcome_of(done[0].before, done[0].after, plan, 0, Execution(True))
    print(f"goal reached: {instance.success(done[-1].relations_after)}")
    print(f"not as predicted: {contradictions_text(compare(outcome).contradictions)}")


if __name__ == "__main__":
    main()
