"""The lifecycle manager's process: configures and activates the graph's nodes in order, and again after a respawn.

It moves nothing and guards nothing, and beats like the others: without it nobody would bring a node back, so motions
end with it. Its findings go out latched as diagnostics.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.node import Node

from f2p.clock import SystemClock
from f2p.events import EVENTS, EVENTS_TEXT, EventLog, Noted
from f2p.graph import graph
from f2p.ros.base import qos
from f2p.ros.base.diagnostics import OwnDiagnostics
from f2p.ros.base.heartbeat import Pulse, Watch
from f2p.ros.base.node import run
from f2p.ros.base.parameters import Parameters
from f2p.ros.base.timers import steady_timer
from f2p.settings import Settings, choice, setting
from f2p_msgs.msg import Heartbeat

PERIOD_S = 0.25
"""How often the manager looks [s] (ours)."""

ASK_S = 5.0
"""A transition not answered within this is asked for again [s] (nav2: service_timeout 5 s)."""

STEPS = {Heartbeat.UNCONFIGURED: Transition.TRANSITION_CONFIGURE, Heartbeat.INACTIVE: Transition.TRANSITION_ACTIVATE}


@dataclass
class Ask:
    """One transition under way."""

    pid: int
    step: int
    sent_s: float


@dataclass(frozen=True)
class ManagerConfig(Settings):
    """Whom to bring up."""

    graph: str = choice("robot", "which graph this is the manager of", lambda: graph.GRAPHS)
    events: str = setting(EVENTS, EVENTS_TEXT, runtime=False)


CONFIG = ManagerConfig
"""What its parameters are made from."""


class ManagerNode(Node):
    """Brings the nodes of its graph up; optional ones when they are heard, for nobody waits for them."""

    over, resting = False, True
    """It has no lifecycle and moves nothing; see `F2pNode`."""

    def __init__(self) -> None:
        super().__init__("manager", namespace=graph.NAMESPACE)
        self._monotonic = SystemClock()
        config = Parameters(self, CONFIG()).config
        of_graph = graph.of_graph(config.graph)
        self._note = EventLog(config.events, "manager", self.get_logger().debug, self.get_logger().warning)
        self._specs = {spec.name: spec for spec in of_graph if spec.lifecycle}
        self._watch = Watch(self, self._specs)
        group = ReentrantCallbackGroup()
        self._changers = {
            name: self.create_client(ChangeState, f"{name}/change_state", callback_group=group) for name in self._specs
        }
        self._diagnostics = OwnDiagnostics(self, self._monotonic)
        self._asks: dict[str, Ask] = {}
        self._told: tuple[tuple[str, str], ...] = ()
        self._status = self.create_publisher(DiagnosticArray, "graph", qos.LATCHED)
        steady_timer(self, PERIOD_S, self._look, MutuallyExclusiveCallbackGroup())
        spec, pulse = graph.node("manager"), Pulse(self, graph.node("manager"))
        steady_timer(self, spec.heartbeat_s, lambda: pulse.beat(Heartbeat.ACTIVE), MutuallyExclusiveCallbackGroup())

    def _look(self) -> None:
        """Do one round: ask for what is due, publish what changed."""
        here = [name for name, spec in self._specs.items() if not spec.optional or self._watch.life(name).pid]
        for name in here:
            spec = self._specs[name]
            first = [*(need for need in spec.needs if need in self._specs), *(one for one in spec.after if one in here)]
            if self._watch.alive(name) and all(self._watch.active(one) for one in first):
                self._ask(name)
        self._diagnostics.tell(Heartbeat.ACTIVE)
        states = tuple((name, self._state(name)) for name in here)
        if states != self._told:
            for name, state in sorted(set(states) - set(self._told)):
                self._note(Noted("lifecycle", f"{name} {state}", facts={"node": name, "state": state}))
            self._told = states
            self._publish(dict(states))

    def _ask(self, name: str) -> None:
        life = self._watch.life(name)
        step = STEPS.get(life.state)
        asked = self._asks.get(name)
        if step is None:
            return
        now = self._monotonic.monotonic_s()
        if asked is not None and (asked.pid, asked.step) == (life.pid, step) and now - asked.sent_s < ASK_S:
            return  # a node that did as it was asked says so with its next heartbeat
        if not self._changers[name].service_is_ready():
            return
        request = ChangeState.Request()
        request.transition.id = step
        self._changers[name].call_async(request)
        self._asks[name] = Ask(life.pid, step, now)

    def _state(self, name: str) -> str:
        life = self._watch.life(name)
        return life.state if self._watch.alive(name) else ("starting" if life.pid == 0 else "dead")

    def _publish(self, states: dict[str, str]) -> None:
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        for name, state in states.items():
            level = DiagnosticStatus.OK if state == Heartbeat.ACTIVE else DiagnosticStatus.WARN
            if state == "dead":
                level = DiagnosticStatus.ERROR
            values = [KeyValue(key="pid", value=str(self._watch.life(name).pid))]
            message.status.append(
                DiagnosticStatus(level=level, name=name, message=state, hardware_id="f2p", values=values)
            )
        self._status.publish(message)
        self.get_logger().info("graph: " + ", ".join(f"{name} {state}" for name, state in states.items()))

    def halt(self, why: str) -> None:
        """Do nothing."""

    def close(self) -> bool:
        """Nothing to join."""
        return True


def main() -> None:
    """Run the manager until it is asked to end."""
    run(ManagerNode)


if __name__ == "__main__":
    main()
