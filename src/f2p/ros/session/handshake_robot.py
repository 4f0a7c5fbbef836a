"""The stop handshake on a running stack: its guard, and the runstop, pressed by a person or by the simulated robot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from rclpy.node import Node
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger

from f2p.clock import SystemClock
from f2p.graph.errors import HandshakeError
from f2p.ros.base import qos
from f2p.ros.base.client import Patience, ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.goal import GoalClient, spinning
from f2p.ros.remote.guard import GuardClient
from f2p.ros.session.handshake import Handshake, HandshakeConfig, StopTrial

READY_S = 30.0
"""Longest wait for the stack [s] (ours: it is up before one thinks of a handshake)."""

RESUME_S = 10.0
"""Longest wait for the guard's answer [s] (ours)."""

SIMULATED_BUTTON = "/stretch_sim/press_runstop"


class Button:
    """The runstop: the simulated robot's is pressed for it, the real one by a person who is asked to.

    Args:
        node: Whose executor listens.
        watch: Heartbeats; must watch the guard.
        patience_s: Longest wait for a person [s].
        tell: Asks the person.
    """

    def __init__(self, node: Node, watch: Watch, patience_s: float, tell: Callable[[str], None]) -> None:
        self._node, self._patience_s, self._tell = node, patience_s, tell
        self._pressed = False
        node.create_subscription(Bool, "/is_runstopped", self._on_runstop, qos.STATE)
        self._simulated = ServiceCaller(node, SetBool, SIMULATED_BUTTON, "stretch_sim", None)
        self._resume = ServiceCaller(node, Trigger, "guard/resume", "guard", watch)

    def press(self) -> None:
        """Return once it is pressed. Raises HandshakeError where nobody does."""
        self._become(True, "PRESS THE RUNSTOP BUTTON NOW")

    def release(self) -> None:
        """Return once it is released and the guard has resumed."""
        self._become(False, "hold the button for two seconds until it no longer blinks")
        threading.Event().wait(timeout=1.0)  # the guard looks at the mode, too
        answer = self._resume.call(Trigger.Request(), RESUME_S, again=False)
        if not answer.success:
            raise HandshakeError(f"the guard does not resume: {answer.message}")

    def _become(self, pressed: bool, ask: str) -> None:
        services = {name for name, _kinds in self._node.get_service_names_and_types()}
        if SIMULATED_BUTTON in services:
            self._simulated.call(SetBool.Request(data=pressed), RESUME_S, again=False)
        else:
            self._tell(ask)
        clock, pause = SystemClock(), threading.Event()
        until_s = clock.monotonic_s() + self._patience_s
        while self._pressed is not pressed:
            if clock.monotonic_s() > until_s:
                raise HandshakeError(f"the runstop is not {'pressed' if pressed else 'released'} in time: {ask}")
            pause.wait(timeout=0.02)

    def _on_runstop(self, message: Bool) -> None:
        self._pressed = bool(message.data)


def shaken(namespace: str, config: HandshakeConfig, tell: Callable[[str], None]) -> Iterator[StopTrial]:
    """Do the handshake on the stack in a namespace.

    Raises:
        NoStackError, DeadlineError: There is no stack, or its guard is not active.
        HandshakeError, RobotError, GuardError: The arm did not move as asked.
    """
    with spinning("f2p_handshake", namespace) as node:
        watch = Watch(node, ["guard"])
        GoalClient(node).find(READY_S)
        Patience("bring-up", "guard", READY_S, watch).until(lambda: watch.active("guard"))
        button = Button(node, watch, config.patience_s, tell)
        body = GuardClient(node, watch)
        yield from Handshake(body, config, SystemClock(), button.press, button.release).trials()
