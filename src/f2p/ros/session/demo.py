"""A whole stack of one's own for the length of a demo: started, kept up, asked for goals, watched by ground truth."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from rclpy.node import Node
from std_srvs.srv import Trigger

from f2p.clock import SystemClock
from f2p.graph.errors import DomainTakenError, SupervisorError
from f2p.graph.overrides import Given
from f2p.graph.overrides import write_parameters as parameter_file
from f2p.graph.places import own_domain
from f2p.graph.supervisor import Supervisor
from f2p.loop.errors import DeadlineError
from f2p.ros.base import qos
from f2p.ros.base.client import ServiceCaller
from f2p.ros.errors import MessageError
from f2p.ros.messages.convert import relations_from_msg
from f2p.ros.messages.ground_truth import facts_of, scene_of
from f2p.ros.remote.goal import GoalClient, spinning
from f2p.ros.remote.hung import LOOK_S
from f2p.ros.remote.status import GraphStatus
from f2p.settings import SettingError
from f2p.sim.world import World
from f2p.types import UNARY_RELATIONS, Goal
from f2p_msgs.msg import GroundTruth, Heartbeat

READY_S = 120.0
"""Longest bring-up of all processes [s] (ours: ten processes start Python on two cores)."""

RESET_S = 20.0
"""Longest reset of the simulated scene [s]."""

LISTEN_S = 1.0
"""How long a robot already in the domain is listened for [s] (ours: discovery on one machine takes a tenth of it)."""


@dataclass(frozen=True)
class ReportedTruth:
    """What the simulator says is so."""

    relations: frozenset[tuple[str, str, str]]
    """(relation, subject, object) of everything that holds."""
    lost: tuple[str, ...]
    """Names of objects that lie on the floor."""

    def satisfies(self, goal: Goal) -> bool:
        """Tell whether every literal of `goal` is as wanted."""
        return all(((one.relation, one.subject, one.object) in self.relations) == one.value for one in goal.literals)


def reported(truth: GroundTruth) -> ReportedTruth:
    """Read `/stretch_sim/ground_truth`. Raises F2pError when it cannot be read."""
    scene = scene_of(truth)
    tops = [one.box.center[2] for one in scene.segments if one.shape.support]
    if not tops:
        raise MessageError("the ground truth has nothing that supports")
    return ReportedTruth(
        facts_of(truth) | _alone(truth),
        tuple(one.name for one in scene.segments if one.movable and one.box.center[2] < min(tops) - 0.1),
    )


def write_parameters(
    folder: Path, world: World, task: str, objects: int, seed: int, given: Given = MappingProxyType({})
) -> Path:
    """Write a demo's parameter file: its scene, its own weights store, cases and recordings, the operator's inventory.

    With what is `given` by its user, who cannot set what the demo sets itself. Raises SettingError.
    """
    inventory = {
        body.name: [body.prior, [round(float(extent), 4) for extent in body.size]]
        for body in world.bodies
        if not body.shape.support
    }
    store, events = str(folder / "weights"), str(folder / "events.sqlite")
    nodes: dict[str, dict[str, object]] = {
        "stretch_sim": {"task": task, "objects": objects, "seed": seed},
        "perception": {"inventory": json.dumps(inventory)},
        "model_server": {"store": store, "events": events},
        "finetune": {"store": store, "events": events},
        "orchestrator": {"events": events},
        "manager": {"events": events},
        "monitor": {"folder": str(folder / "cases")},
        "recorder": {"folder": str(folder / "recordings")},
    }
    for node, values in given.items():
        taken = sorted(set(values) & set(nodes.get(node, ())))
        if taken:
            raise SettingError(f"{node}.{taken[0]} is set by the demo itself, by its options and its own folder")
        nodes.setdefault(node, {}).update(values)
    return parameter_file(folder / "parameters.yaml", nodes)


def _alone(truth: GroundTruth) -> frozenset[tuple[str, str, str]]:
    """Return what holds of one object alone, as a relation to nothing."""
    found = relations_from_msg(truth.relations)
    return frozenset((UNARY_RELATIONS[kind], found.names[index], "") for index, kind in np.argwhere(found.unary > 0.5))


class DemoSession:
    """The running stack, from `running`."""

    def __init__(self, supervisor: Supervisor, status: GraphStatus, node: Node) -> None:
        self.supervisor, self._status, self._clock = supervisor, status, SystemClock()
        self._truth: GroundTruth | None = None
        node.create_subscription(GroundTruth, "/stretch_sim/ground_truth", self._on_truth, qos.LATCHED)
        self.goals = GoalClient(node)
        self._reset = ServiceCaller(node, Trigger, "/stretch_sim/reset", "stretch_sim", None)
        self._forget = ServiceCaller(node, Trigger, "forget", "perception", None)

    def _on_truth(self, message: GroundTruth) -> None:
        self._truth = message

    def wait_ready(self, tell: Callable[[str], None], within_s: float = READY_S) -> None:
        """Wait until all nodes are active and the simulator tells its truth.

        Raises:
            DeadlineError: They are not in time; says which.
            SupervisorError: One was given up.
        """
        until, pause = self._clock.monotonic_s() + within_s, threading.Event()
        while not (self._status.all_active() and self._truth is not None):
            states = self._status.states()
            waiting = [name for name, state in states.items() if state != Heartbeat.ACTIVE] or ["the manager"]
            tell(f"{len(states) - len(waiting) if states else 0} of {len(states) or '?'} nodes are active")
            if self.supervisor.degraded:
                given_up = ", ".join(self.supervisor.degraded)
                raise SupervisorError(f"given up: {given_up}; see {self.supervisor.folder}")
            if self._clock.monotonic_s() > until:
                late = ", ".join(waiting)
                raise DeadlineError(f"not active within {within_s:.0f} s: {late}; see {self.supervisor.folder}")
            pause.wait(timeout=0.25)

    def truth(self) -> ReportedTruth:
        """Return the simulator's truth of the last fifth of a second."""
        if self._truth is None:
            raise MessageError("the simulator has not told its truth yet")
        return reported(self._truth)

    def reset(self) -> None:
        """Put the scene back as the demo began, as a person would, and let perception name objects afresh."""
        for service in (self._reset, self._forget):
            answer = service.call(Trigger.Request(), RESET_S)
            if not answer.success:
                raise MessageError(f"the scene could not be put back: {answer.message}")


def refuse_company() -> None:
    """Raise DomainTakenError when a robot, real or simulated, is in this domain already."""
    clock, pause = SystemClock(), threading.Event()
    with spinning("f2p_listener") as node:
        until = clock.monotonic_s() + LISTEN_S
        while clock.monotonic_s() < until:
            if node.count_publishers("/stretch/joint_states"):
                raise DomainTakenError(
                    f"a robot publishes /stretch/joint_states in ROS domain {os.environ['ROS_DOMAIN_ID']} already; "
                    "start again for another domain, or end the other demo"
                )
            pause.wait(timeout=0.05)


@contextlib.contextmanager
def running(supervisor: Supervisor) -> Iterator[DemoSession]:
    """Start the processes of `supervisor` in a ROS domain of their own, and end them all afterwards.

    Raises:
        DomainTakenError: A robot is in that domain already, or none is left; nothing was started.
    """
    with own_domain() as variables:
        os.environ.update(variables)
        refuse_company()
        with _kept_up(supervisor) as session:
            yield session


@contextlib.contextmanager
def _kept_up(supervisor: Supervisor) -> Iterator[DemoSession]:
    """Keep the processes of `supervisor` up: restarted when they die, ended after the block."""
    ended = threading.Event()

    def keep_up() -> None:
        while not ended.wait(timeout=LOOK_S):
            supervisor.poll()
            for name in status.hung(supervisor.children):
                supervisor.kill(name)

    status = GraphStatus()
    keeper = threading.Thread(target=keep_up, name="f2p-supervisor", daemon=True)
    try:
        supervisor.start()
        keeper.start()
        with spinning("f2p_demo") as node:
            yield DemoSession(supervisor, status, node)
    finally:
        ended.set()
        if keeper.ident is not None:
            keeper.join(timeout=2.0)
        supervisor.stop()
        status.close()
