"""The robot graph as data: every process, what it needs, how it is watched and what happens when it dies.

Launch files, `f2p up`, the lifecycle manager and the fault tests read it; nothing states it twice. Nodes of other
packages join it as plug-ins (`f2p.plugins`) that register theirs; the guard, which is ours, imports none of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from f2p.graph.endpoints import NOTHING, Endpoints
from f2p.graph.errors import GraphError
from f2p.registry import Registry

NAMESPACE = "f2p"
"""Namespace of the nodes and, since they name their topics, services and actions relatively, of all of these; in a
namespace `left` it is /left/f2p. What belongs to the driver or to ROS itself (/tf, /diagnostics) has global names."""

HEARTBEAT_PREFIX = "heartbeat/"
"""Heartbeats come on this prefix + node name, one topic a writer: a deadline is kept per topic instance."""

GRAPHS = ("robot", "sim", "replay")
"""The real robot; the simulated one; a recording, where nothing moves and no weights change."""

BEAT_S = 0.05
"""Period of the heartbeats that motions depend on [s] (ours: what has to be noticed within 0.3 s)."""

EVERYWHERE, MOVING = frozenset(GRAPHS), frozenset({"robot", "sim"})


@dataclass(frozen=True)
class NodeSpec:
    """One process of the graph.

    Raises:
        GraphError: It is in no graph, or in one that there is not.
    """

    name: str
    """ROS node name, and the key of its parameters in config/*.yaml."""
    text: str
    """What it does, for people."""
    graphs: frozenset[str] = MOVING
    """In which of `GRAPHS` it is."""
    needs: tuple[str, ...] = ()
    """Nodes that must be active before it is activated, in every graph that it is in."""
    after: tuple[str, ...] = ()
    """The same, but only in graphs that have them."""
    optional: bool = False
    """Whether it can be left out; the graph is up without it, and nothing obligatory may need it."""
    by_default: bool = True
    """Whether an optional one runs where nobody says anything of it."""
    module: str = ""
    """The module whose `main()` is the process; empty is `f2p.ros.nodes.<name>`."""
    spared: str = ""
    """Why motions go on when it falls silent; empty: they end with it (promises.md 5.1)."""
    heartbeat_s: float = 0.25
    """Period of its heartbeat [s]; `BEAT_S` of those that motions depend on."""
    dead_after_s: float = 2.0
    """Liveliness lease: silence that counts as death [s] (ours: torch and ten processes share two cores)."""
    ready_within_s: float = 60.0
    """Bring-up deadline, from process start to active [s]."""
    respawn: bool = True
    lifecycle: bool = True
    """False for the manager and the twin, which have no lifecycle."""
    nice: int = 0
    """Added to the niceness of whoever starts it. A negative value needs a right; without it the process says so."""
    endpoints: Endpoints = NOTHING
    """What a node of another package says and hears, for the policy; that of ours is in `f2p.graph.speaking`."""

    def __post_init__(self) -> None:
        """Fill in the module and check the graphs."""
        if not self.module:
            object.__setattr__(self, "module", f"f2p.ros.nodes.{self.name}")
        if not self.graphs or not self.graphs <= EVERYWHERE:
            raise GraphError(f"node {self.name!r} is in {sorted(self.graphs)}; the graphs are: {', '.join(GRAPHS)}")

    @property
    def heartbeat_topic(self) -> str:
        """Topic of its heartbeat."""
        return HEARTBEAT_PREFIX + self.name


OWN: tuple[NodeSpec, ...] = (
    NodeSpec("manager", "brings the nodes up in order, again after a respawn", EVERYWHERE, lifecycle=False,
             heartbeat_s=BEAT_S),
    NodeSpec("stretch_sim", "simulated Stretch RE2: the driver's and the camera's own interfaces", frozenset({"sim"}),
             lifecycle=False, nice=-5, spared="it is the driver: motions end with its joint states"),
    NodeSpec("guard", "the only process that talks to the driver", heartbeat_s=BEAT_S, nice=-10,
             spared="it is who watches: without it no step is sent, and its askers end with its heartbeat"),
    NodeSpec("perception", "depth images to a scene in the task frame", EVERYWHERE, after=("guard",),
             heartbeat_s=BEAT_S),
    NodeSpec("model_server", "answers predictions with the champion weights, swaps and rolls back", EVERYWHERE, nice=2,
             ready_within_s=180.0, spared="it is asked between motions, and the next plan waits for it"),
    NodeSpec("planner", "goal to plan, scored by the model server", EVERYWHERE, needs=("model_server",), nice=2,
             spared="it is asked between motions, and the next plan waits for it"),
    NodeSpec("executor", "runs skills on the guarded robot", needs=("guard",), heartbeat_s=BEAT_S),
    NodeSpec("monitor", "compares outcome with prediction, classifies, writes failures down", EVERYWHERE,
             spared="it is asked after a skill, and the next one waits for it"),
    NodeSpec("finetune", "failure to proven weights", needs=("model_server",), nice=2, dead_after_s=5.0,
             ready_within_s=180.0, spared="it is asked between attempts, and keeps a processor busy"),
    NodeSpec("orchestrator", "AchieveGoal: perceive, plan, execute, check, learn, again",
             needs=("perception", "planner", "executor", "monitor", "finetune"), heartbeat_s=BEAT_S),
    NodeSpec("recorder", "the last minute in memory, on disk when something happens or somebody asks", optional=True,
             by_default=False, nice=5, spared="it only listens: nothing waits for it, and nothing is sent on its word"),
    NodeSpec("teleop", "a gamepad that takes the robot while its deadman is held", needs=("guard",), optional=True,
             by_default=False, nice=-4, spared="what an operator moves ends with his lease"),
    NodeSpec("markers", "draws scene, plan, particles and failures for rviz, while somebody looks", EVERYWHERE,
             optional=True, by_default=False, nice=5, spared="it only draws"),
    NodeSpec("console", "the operator's web view, with buttons that work", optional=True, by_default=False, nice=3,
             spared="what an operator takes at it ends with his lease"),
)  # fmt: skip
"""The nodes of this package."""


VITAL = tuple(spec.name for spec in OWN if not spec.spared)
"""What every motion depends on, its asker included; no node of another package is among them."""


_OTHERS = Registry[NodeSpec]("node")


def register(spec: NodeSpec) -> NodeSpec:
    """Add a node of another package. Raises GraphError or ValueError where its name is taken."""
    if any(spec.name == own.name for own in OWN):
        raise GraphError(f"there is a node {spec.name!r} already")
    return _OTHERS.register(spec.name)(spec)


def within(namespace: str) -> str:
    """Return the absolute namespace of the nodes in a namespace: "" gives /f2p, "left" gives /left/f2p.

    Raises:
        GraphError: It is no name that ROS takes.
    """
    outer = namespace.strip("/")
    if outer and not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part) for part in outer.split("/")):
        raise GraphError(
            f"namespace {namespace!r}: write letters, digits and _, not a digit first, e.g. left or fleet/left"
        )
    return "/".join(("", outer, NAMESPACE)) if outer else f"/{NAMESPACE}"


def members() -> tuple[NodeSpec, ...]:
    """Return every node there is, in whichever graph: our own, then those of plug-ins. Raises PluginError."""
    return (*OWN, *map(_OTHERS.get, _OTHERS.names))


def of_graph(graph: str) -> tuple[NodeSpec, ...]:
    """List all nodes of one of `GRAPHS`, also those that do not run by default. Raises GraphError with the choices."""
    if graph not in GRAPHS:
        raise GraphError(f"no graph {graph!r}; there are: {', '.join(GRAPHS)}")
    return tuple(spec for spec in members() if graph in spec.graphs)


def nodes(graph: str, wanted: Collection[str] = (), unwanted: Collection[str] = ()) -> tuple[NodeSpec, ...]:
    """Return the processes that run in one of `GRAPHS`, in bring-up order.

    Args:
        graph: Which one.
        wanted: Optional nodes that run besides those that do by default.
        unwanted: Optional nodes that do not run.

    Raises:
        GraphError: No such graph or optional node, a need that no node here meets, or a ring of needs.
    """
    optional = {spec.name for spec in of_graph(graph) if spec.optional}
    for name in (*wanted, *unwanted):
        if name not in optional:
            choices = ", ".join(sorted(optional)) or "none"
            raise GraphError(f"{node(name).name!r} is no optional node of the graph {graph!r}; there are: {choices}")
    if both := sorted(set(wanted) & set(unwanted)):
        raise GraphError(f"both wanted and not: {', '.join(both)}")
    here = {
        spec.name: spec
        for spec in of_graph(graph)
        if not spec.optional or (spec.name not in unwanted and (spec.by_default or spec.name in wanted))
    }
    return _in_order(here)


def _in_order(here: dict[str, NodeSpec]) -> tuple[NodeSpec, ...]:
    """Return nodes after what they need, otherwise as they stand. Raises GraphError where that cannot be."""
    ordered: list[NodeSpec] = []
    while len(ordered) < len(here):
        done = {spec.name for spec in ordered}
        left = [spec for spec in here.values() if spec.name not in done]
        ready = [spec for spec in left if done >= {*spec.needs, *(set(spec.after) & set(here))}]
        if not ready:
            why = "; ".join(f"{spec.name} needs {', '.join((*spec.needs, *spec.after))}" for spec in left)
            raise GraphError(f"the graph cannot be ordered: {why}")
        ordered.append(ready[0])
    return tuple(ordered)


def node(name: str) -> NodeSpec:
    """Return the spec called `name`. Raises GraphError with the choices."""
    for spec in OWN:
        if spec.name == name:
            return spec
    if name in _OTHERS.names:
        return _OTHERS.get(name)
    raise GraphError(f"no node {name!r} in the graph; there are: {', '.join(spec.name for spec in members())}")
