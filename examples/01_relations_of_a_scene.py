"""A simulated scene, seen by a camera: what stands on what, by ground truth and by the shipped model."""

from __future__ import annotations

import numpy as np

from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.types import BINARY_RELATIONS


def main() -> None:
    """Print the relations of one packed box that are true, and how sure the model is of each."""
    simulator = make_simulator()
    instance = tasks.make("transport").make(np.random.default_rng(1), 3, simulator)
    scene, truth = simulator.observe(instance.world, seed=1), simulator.relations(instance.world)
    model, manifest = shipped()
    seen = TorchPredictor(model, str(manifest["weights_id"])).detect(scene)
    print(f"goal: {instance.goal}")
    for relation in ("above", "inside", "contact"):
        kind = BINARY_RELATIONS.index(relation)
        for subject, object_ in np.argwhere(truth.binary[..., kind] > 0.5):
            fact = f"{relation}({truth.names[subject]}, {truth.names[object_]})"
            print(f"{fact:32} P = {seen.binary[subject, object_, kind]:.3f}")


if __name__ == "__main__":
    main()
