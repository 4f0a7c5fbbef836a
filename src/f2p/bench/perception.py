"""What the robot's eyes make of rooms: the twin's camera looks, and relations are compared with the ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.evaluate.onlooker import Onlooker
from f2p.scene.errors import SceneError
from f2p.scene.relations import relations_of
from f2p.settings import Settings, number, setting
from f2p.sim.protocol import make_simulator
from f2p.sim.world import World
from f2p.tasks.protocol import tasks
from f2p.twin.eye import Eye
from f2p.types import Scene


@dataclass(frozen=True)
class PerceptionBenchConfig(Settings):
    """Which rooms are looked at."""

    rooms: int = number(20, "rooms of each kind", low=1, high=1000)
    first_seed: int = number(
        1000, "seed of the first room, counted from the seed of the benchmark", low=0, high=2**31,
        source="ours: settings were tuned on the seeds below",
    )  # fmt: skip
    objects: int = number(3, "movable objects of a room", low=1, high=12)
    kinds: tuple[str, ...] = setting(("transport", "tabletop"), "tasks whose scenes are looked at")
    least_equal: float = number(0.98, "least share of relations as in the ground truth", low=0.0, high=1.0)


@benchmarks.register("perception")
class Perception:
    """Look once at every room, and count the relations of all pairs of bodies that are as in the simulation."""

    def __init__(self, config: PerceptionBenchConfig | None = None) -> None:
        self.config = config or PerceptionBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        config, simulator, out = self.config, make_simulator(), []
        for kind in config.kinds:
            shares = []
            for room in range(int(config.rooms)):
                number_ = seed + int(config.first_seed) + room
                instance = tasks.make(kind).make(np.random.default_rng(number_), int(config.objects), simulator)
                shares.append(equal_share(instance.world, number_))
                progress(kind, (room + 1) / config.rooms, f"room {number_}: {shares[-1]:.3f}")
            what = f"relations as they are, {kind}, mean of {len(shares)} rooms"
            out.append(Measurement(what, float(np.mean(shares)), "", config.least_equal, at_least=True))
        return out


def equal_share(world: World, seed: int) -> float:
    """Return the share of relations that a look finds as they are; what concerns a body it misses is wrong."""
    try:
        seen = Onlooker(Eye(seed), world.bodies).look(world)
    except SceneError:
        return 0.0
    return compared(seen, world.scene)


def compared(seen: Scene, truth: Scene) -> float:
    """Return the share of unary and binary relations of `truth` that `seen` has too."""
    there = [index for index, name in enumerate(truth.names) if name in seen.names]
    order = [seen.index(truth.names[index]) for index in there]
    true, found = relations_of(truth), relations_of(seen)
    unary = true.unary[there] == found.unary[order]
    binary = true.binary[np.ix_(there, there)] == found.binary[np.ix_(order, order)]
    pairs = len(truth.names) * (len(truth.names) - 1) * true.binary.shape[-1]
    own = binary[~np.eye(len(there), dtype=bool)].sum()
    return float((unary.sum() + own) / (true.unary.size + pairs))
