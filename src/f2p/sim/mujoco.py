"""The simulator on MuJoCo: a batch of scenes on the threads of this process."""

from __future__ import annotations

from f2p.sim.labelled import LabelledSimulator, SimulationConfig
from f2p.sim.physics.engine import Runs, States
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.sim.protocol import simulators


@simulators.register("mujoco")
class MujocoSimulator(LabelledSimulator):
    """`Simulator` on MuJoCo's CPU rollouts."""

    def __init__(self, config: SimulationConfig | None = None) -> None:
        config = config or SimulationConfig()

        def engine(scene: BuiltScene, start: States) -> Runs:
            from f2p.sim.physics.rollout import Batch

            return Batch(scene, start, config.threads)

        super().__init__(config, engine)
