"""Motion ends with whoever asked for it, with what it depends on and with the guard, at the robot's own timing.

A real guard drives a fake base at 0.15 m/s over DDS; processes are killed, stopped, hung and shut down. Each row of
`promises.md` 4 is tested without ROS in `unit/guard`; here is what only processes can show: how soon, and how far.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nav_msgs.msg import Odometry
from rclpy.node import Node
from std_srvs.srv import Trigger

from f2p.errors import F2pError
from f2p.graph.graph import VITAL
from f2p.ros.base import qos
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.messages.convert import stamp_from_msg
from f2p.ros.remote.goal import spinning

HERE = Path(__file__).parent
SPEED = 0.15
SOON_S = 0.40
"""A fault ends the motion within 0.3 s; a period of the driver, and a busy machine's lateness, are on top [s]."""

ANEW_S = 25.0
"""Who drives has asked for the robot by then, or his question was lost before the guard knew him [s]."""


class Rig:
    """A guard, a base that rolls, and one process for each that motions depend on."""

    def __init__(self, node: Node, processes: object, until: Callable[..., float]) -> None:
        self.node, self.processes, self.until = node, processes, until
        self.watch = Watch(node, ["guard", *VITAL])
        self.changer = ServiceCaller(node, ChangeState, "guard/change_state", "guard", None)
        self.resumer = ServiceCaller(node, Trigger, "guard/resume", "guard", None)
        self.poses: list[tuple[float, float]] = []
        node.create_subscription(Odometry, "/odom", self._on_odometry, qos.STATE)

    def _on_odometry(self, message: Odometry) -> None:
        self.poses.append((stamp_from_msg(message.header.stamp) / 1e9, message.pose.pose.position.x))

    def now_s(self) -> float:
        return self.node.get_clock().now().nanoseconds / 1e9

    def up(self) -> None:
        self.processes.start("driver", str(HERE / "fake_driver.py"), "--rolls", str(SPEED))
        for name in VITAL:
            self.beat(name)
        self.until(lambda: all(map(self.watch.alive, VITAL)) and bool(self.poses), 90, "what motions depend on")
        self.guard()

    def beat(self, name: str) -> None:
        self.processes.start(name, str(HERE / "askers.py"), "beat", name)

    def guard(self) -> None:
        self.processes.start("guard", "-m", "f2p.ros.nodes.guard")
        self.until(lambda: self.watch.alive("guard") and self.watch.life("guard").pid == self.pid("guard"), 60, "guard")
        for transition, state in (
            (Transition.TRANSITION_CONFIGURE, "inactive"),
            (Transition.TRANSITION_ACTIVATE, "active"),
        ):
            self.until(lambda one=transition, wanted=state: self.reached(one, wanted), 60, state)

    def reached(self, transition: int, state: str) -> bool:
        """Ask until it is so; an answer to whom the server does not know yet is lost, a refused one never comes."""
        told = lambda: self.watch.life("guard").state in (state, "active")  # noqa: E731
        with contextlib.suppress(F2pError):
            if not told() and self.change(transition):
                self.until(told, 5, state)
        return told()

    def pid(self, name: str) -> int:
        return int(self.processes.children[name].pid)

    def change(self, transition: int) -> bool:
        request = ChangeState.Request()
        request.transition.id = transition
        return bool(self.changer.call(request, 3.0).success)

    def rolling(self) -> None:
        """Have somebody drive, and wait until the base rolls; he begins anew where that was ended or lost.

        On a busy machine the guard ends what nobody did harm to, and may latch for a late answer: as an operator would,
        whoever watches resumes then.
        """
        self.processes.start("asker", str(HERE / "askers.py"), "move")
        mark, began_s = len(self.poses), self.now_s()

        def rolls() -> bool:
            nonlocal began_s
            if "END" in self.processes.log("asker") or self.now_s() - began_s > ANEW_S:
                self.end_asker()
                with contextlib.suppress(F2pError):
                    self.resumer.call(Trigger.Request(), 3.0)
                self.processes.start("asker", str(HERE / "askers.py"), "move")
                began_s = self.now_s()
            if len(self.poses) < mark + 6:
                return False
            return self.poses[-1][1] - self.poses[mark][1] > 0.06 and self.poses[-1][1] - self.poses[-4][1] > 0.012

        self.until(rolls, 90, "rolling")

    def stands(self, fault: Callable[[], object]) -> tuple[float, float]:
        """Do harm, and watch for two seconds: how soon it stood [s], how far it went [m]."""
        began_s, before = self.now_s(), self.poses[-1][1]
        fault()
        self.until(lambda: self.now_s() - began_s > 2.0, 10, "watching")
        after = [pose for pose in self.poses if pose[0] >= began_s]
        last = after[-1][1]
        moved = [at_s for at_s, x in after if abs(x - last) > 1e-4]
        return (moved[-1] if moved else began_s) - began_s, abs(last - before)

    def stops(self) -> int:
        """How often the driver was told to stop."""
        return self.processes.log("driver").count("STOP")

    def ended(self) -> str:
        """How the asker's motion came to its end."""
        self.until(lambda: "END" in self.processes.log("asker"), 20, "the asker's end")
        lines = [line for line in self.processes.log("asker").splitlines() if line.startswith("END")]
        return lines[-1]

    def end_asker(self) -> None:
        child = self.processes.children["asker"]
        if child.poll() is None:
            child.kill()
        child.wait(timeout=10)
        (self.processes.folder / "asker.log").write_text("")


@pytest.fixture
def rig(processes: object, until: Callable[..., float]) -> Iterator[Rig]:
    with spinning("test_faults") as node:
        made = Rig(node, processes, until)
        made.up()
        yield made


def signalled(rig: Rig, name: str, number: int) -> Callable[[], None]:
    return lambda: os.kill(rig.pid(name), number)


def test_who_asked_and_who_is_needed_end_a_motion_that_does_not_resume(rig: Rig) -> None:
    """The orchestrator's death let the skill run to its end; a stopped executor let the base go 11 cm on."""
    for name, number in (("asker", signal.SIGKILL), ("asker", signal.SIGSTOP), ("orchestrator", signal.SIGSTOP),
                         ("manager", signal.SIGKILL), ("perception", signal.SIGUSR1)):  # fmt: skip
        rig.rolling()
        seconds, metres = rig.stands(signalled(rig, name, number))
        what = f"{name}, signal {number}: stood after {seconds:.2f} s, {metres * 100:.1f} cm"
        print(what)
        assert seconds < SOON_S and metres <= 0.05, what
        if name != "asker":
            assert rig.ended().startswith("END 408"), "leave to move was withdrawn"
            rig.processes.children[name].kill()
            rig.processes.children[name].wait(timeout=10)
            rig.beat(name)
            rig.until(lambda one=name: rig.watch.life(one).pid == rig.pid(one), 30, "back")
            still = rig.poses[-1][1]
            rig.until(lambda: rig.now_s() - rig.poses[0][0] > 0, 5, "poses")
            assert rig.poses[-1][1] == still, "nothing resumes when it is back"
        rig.end_asker()


def test_every_end_of_the_guard_stops_the_robot_and_its_process_ends_when_finalized(rig: Rig) -> None:
    """The base went 0.66 m on after a shutdown, and the action succeeded."""
    for end in ("deactivate", "shutdown", "terminate", "kill", "stop", "kill"):
        rig.rolling()
        guard = rig.processes.children["guard"]
        fault = {
            "deactivate": partial(rig.change, Transition.TRANSITION_DEACTIVATE),
            "shutdown": partial(rig.change, Transition.TRANSITION_ACTIVE_SHUTDOWN),
            "terminate": guard.terminate, "kill": guard.kill, "stop": partial(os.kill, guard.pid, signal.SIGSTOP),
        }[end]  # fmt: skip
        stops = rig.stops()
        seconds, metres = rig.stands(fault)
        what = f"guard, {end}: stood after {seconds:.2f} s, {metres * 100:.1f} cm"
        print(what)
        assert seconds < SOON_S + 0.05 and metres <= 0.055, what
        if end != "stop":  # who outlasts a guard that had just begun may have to find the driver first
            rig.until(lambda before=stops: rig.stops() > before, 5, f"{what}; a stop of the robot")
        assert rig.ended().startswith("END 408")
        rig.end_asker()
        if end == "deactivate":
            rig.until(lambda: rig.reached(Transition.TRANSITION_ACTIVATE, "active"), 20, "active again")
            continue
        if end == "stop":
            guard.kill()
        assert guard.wait(timeout=10) == (0 if end in ("shutdown", "terminate") else -signal.SIGKILL)
        rig.guard()  # also after the kill of a stopped one, whose senders fought over its port
