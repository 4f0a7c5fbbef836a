"""What the robot's eyes make of rooms: the twin's camera looks, and relations are compared with the ground truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.evaluate.onlooker import Onlooker
from f2p.scene.errors import SceneError
from f2p.scene.relations import relations_of
from f2p.settings import Settings, number, setting
from f2p.sim.data.furniture_rooms import HIDDEN_BASE, room_with_boards, room_with_drawer
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
    objects: int = number(3, "movable objects of a room of a task", low=1, high=12)
    tasks: tuple[str, ...] = setting(("transport", "tabletop", "packing"), "tasks whose scenes are looked at")
    furniture: bool = setting(True, "look at rooms with a sliding part, and with boards, as well")
    least_equal: float = number(0.98, "least share of relations as in the ground truth", low=0.0, high=1.0)


@benchmarks.register("perception")
class SeenRooms:
    """Look once at every room, and count the relations of all pairs of bodies that are as in the simulation."""

    def __init__(self, config: PerceptionBenchConfig | None = None) -> None:
        self.config = config or PerceptionBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        config, out = self.config, []
        for kind, make in self._kinds().items():
            shares = []
            for room in range(int(config.rooms)):
                number_ = seed + int(config.first_seed) + room
                shares.append(equal_share(make(np.random.default_rng(number_)), number_))
                progress(kind, (room + 1) / config.rooms, f"room {number_}: {shares[-1]:.3f}")
            what = f"relations as they are, {kind}, mean of {len(shares)} rooms"
            out.append(Measurement(what, float(np.mean(shares)), "", config.least_equal, at_least=True))
        return out

    def _kinds(self) -> dict[str, Callable[[np.random.Generator], World]]:
        """Return how each kind of room is made."""
        simulator, objects = make_simulator(), int(self.config.objects)

        def of_task(name: str) -> Callable[[np.random.Generator], World]:
            return lambda rng: tasks.make(name).make(rng, objects, simulator).world

        kinds = {name: of_task(name) for name in self.config.tasks}
        furniture = {"a cabinet that opens": room_with_drawer, "a case with boards": room_with_boards}
        return kinds | (furniture if self.config.furniture else {})


def equal_share(world: World, seed: int) -> float:
    """Return the share of relations that a look finds as they are; what concerns a body it misses is wrong."""
    try:
        seen = Onlooker(Eye(seed), world.bodies).look(world)
    except SceneError:
        return 0.0
    truth = Scene(tuple(one for one in world.scene.segments if one.name != HIDDEN_BASE))
    return compared(seen, truth)


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
