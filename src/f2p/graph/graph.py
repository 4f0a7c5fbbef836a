"""The robot graph as data: every process, what it needs, how it is watched and what happens when it dies.

Launch files, `f2p up`, the lifecycle manager, `f2p doctor` and the fault tests read it; nothing states it twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from f2p.graph.errors import GraphError

HEARTBEAT_PREFIX = "f2p/heartbeat/"
"""Heartbeats come on this prefix + node name, one topic a writer: a deadline is kept per topic instance."""


@dataclass(frozen=True)
class NodeSpec:
    """One process of the graph."""

    name: str
    """ROS node name, and the key of its parameters in config/*.yaml."""
    text: str
    """What it does, for people."""
    needs: tuple[str, ...] = ()
    """Nodes that must be active before it is activated."""
    heartbeat_s: float = 0.25
    """Period of its heartbeat [s] (ours: what has to be noticed within 0.3 s is the command lease, at 20 Hz)."""
    dead_after_s: float = 2.0
    """Liveliness lease: silence that counts as death [s] (ours: torch and ten processes share two cores)."""
    ready_within_s: float = 60.0
    """Bring-up deadline, from process start to active [s]."""
    respawn: bool = True
    lifecycle: bool = True
    """False for the manager, which brings up the others, and for the twin, which is as plain a node as the driver. What
    has a lifecycle is in both graphs."""
    nice: int = 0
    """Added to the niceness of the supervisor; what may not go below zero stays at zero, as `nice` does it."""
    where: str = "both"
    """"both", "sim" or "robot"."""

    @property
    def module(self) -> str:
        """The module whose `main()` is the process."""
        return f"f2p.ros.nodes.{self.name}"

    @property
    def heartbeat_topic(self) -> str:
        """Topic of its heartbeat."""
        return HEARTBEAT_PREFIX + self.name


GRAPH: tuple[NodeSpec, ...] = (
    NodeSpec("manager", "brings the nodes up in order, again after a respawn", lifecycle=False),
    NodeSpec("stretch_sim", "simulated Stretch RE2: the driver's and the camera's own interfaces", lifecycle=False,
             where="sim", nice=-5),
    NodeSpec("guard", "the only process that talks to the driver", heartbeat_s=0.1, nice=-10),
    NodeSpec("perception", "depth images to a scene in the task frame", needs=("guard",)),
    NodeSpec("model_server", "answers predictions with the champion weights, swaps and rolls back", nice=2,
             ready_within_s=180.0),
    NodeSpec("planner", "goal to plan, scored by the model server", needs=("model_server",), nice=2),
    NodeSpec("executor", "runs skills on the guarded robot", needs=("guard",), heartbeat_s=0.1),
    NodeSpec("monitor", "compares outcome with prediction, classifies, writes failures down"),
    NodeSpec("finetune", "failure to proven weights", needs=("model_server",), nice=5, dead_after_s=5.0,
             ready_within_s=180.0),
    NodeSpec("orchestrator", "AchieveGoal: perceive, plan, execute, check, learn, again",
             needs=("perception", "planner", "executor", "monitor", "finetune")),
)  # fmt: skip


def nodes(sim: bool) -> tuple[NodeSpec, ...]:
    """The processes of the simulated or of the real robot, in bring-up order.

    Raises:
        GraphError: a need that no node of this graph meets, or a ring of needs.
    """
    here = {spec.name: spec for spec in GRAPH if spec.where in ("both", "sim" if sim else "robot")}
    ordered: list[NodeSpec] = []
    while len(ordered) < len(here):
        done = {spec.name for spec in ordered}
        ready = [spec for spec in here.values() if spec.name not in done and set(spec.needs) <= done]
        if not ready:
            left = ", ".join(f"{spec.name} needs {spec.needs}" for spec in here.values() if spec.name not in done)
            raise GraphError(f"the graph cannot be ordered: {left}")
        ordered.append(ready[0])
    return tuple(ordered)


def node(name: str) -> NodeSpec:
    """The spec called `name`. Raises GraphError with the choices."""
    for spec in GRAPH:
        if spec.name == name:
            return spec
    raise GraphError(f"no node {name!r} in the graph; there are: {', '.join(spec.name for spec in GRAPH)}")
