"""The guard's process between a real client and a fake driver, over real DDS."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node
from sensor_msgs.msg import BatteryState
from std_srvs.srv import SetBool, Trigger

from f2p.errors import UNFORESEEN
from f2p.graph import graph
from f2p.guard.errors import BatteryLowError
from f2p.guard.leases import Rank
from f2p.robot.errors import (
    MotionCancelledError,
    MotionRefusedError,
    RobotError,
    RunstoppedError,
    StaleStateError,
    TakenOverError,
)
from f2p.robot.protocol import HEAD_PAN, LIFT, TRANSLATE, Ending, Motion
from f2p.ros.base import qos
from f2p.ros.base.client import ActionCaller, ServiceCaller
from f2p.ros.base.heartbeat import Pulse, Watch
from f2p.ros.errors import BoundError
from f2p.ros.remote.goal import spinning
from f2p.ros.remote.guard import GuardClient, GuardClientConfig
from f2p.ros.remote.guard_action import GuardedMoves
from f2p_msgs.action import GuardedMove
from f2p_msgs.msg import GuardState, Limits

DRIVER = str(Path(__file__).parent / "fake_driver.py")
LOOSE = ("--ros-args", "-p", "hold_after_s:=0.3", "-p", "lost_after_s:=2.0", "-p", "lease_hold_s:=0.8", "-p",
         "lease_void_s:=2.0", "-p", "command_period_s:=0.21", "-p", "beat_hold_s:=1.0", "-p", "beat_void_s:=3.0",
         "-p", "still_within_s:=2.0")  # fmt: skip
PATIENT = GuardClientConfig(silent_s=4.0)


UP_S = 150.0
"""Longest start of a process on a busy machine [s]."""


class Rig:
    """A guard with its driver, brought up, and a client."""

    def __init__(self, node: Node, processes: object, until: Callable[..., float]) -> None:
        self.node, self.processes, self.until = node, processes, until
        self.watch = Watch(node, ["guard"])
        self.robot = GuardClient(node, self.watch, PATIENT)
        pulses = [Pulse(node, graph.node(name)) for name in graph.VITAL]
        node.create_timer(graph.BEAT_S, lambda: [pulse.beat("active") for pulse in pulses])

    def up(self, *driver: str) -> None:
        self.processes.start("driver", DRIVER, *driver)
        self.guard()

    def guard(self) -> None:
        pid = self.processes.start("guard", "-m", "f2p.ros.nodes.guard", *LOOSE).pid
        self.until(lambda: self.watch.life("guard").pid == pid, UP_S, "first heartbeat")
        self.activate()

    def activate(self) -> None:
        change = ServiceCaller(self.node, ChangeState, "guard/change_state", "guard", None)
        request = ChangeState.Request()
        request.transition.id = Transition.TRANSITION_CONFIGURE
        assert change.call(request, 30.0).success
        request.transition.id = Transition.TRANSITION_ACTIVATE
        self.until(lambda: change.call(request, 30.0).success, UP_S, "activation")
        self.until(lambda: self.watch.active("guard"), 30, "active heartbeat")

    def drive(self, times: int) -> None:
        """Drive the base by velocity until the driver was told so more often than that, then wait for it to stand."""

        def driven() -> bool:
            self.robot.drive(0.1, 0.0)
            threading.Event().wait(timeout=0.05)
            return self.processes.log("driver").count("TWIST 0.1") > times

        self.until(driven, 20, "driving")
        self.until(lambda: "TWIST 0.0" in self.processes.log("driver"), 20, "the zero velocity at its end")

    def steps(self) -> list[dict[str, float]]:
        lines = self.processes.log("driver").splitlines()
        return [eval_step(line) for line in lines if line.startswith("STEP ")]


def eval_step(line: str) -> dict[str, float]:
    pairs = (item.split(":") for item in line.removeprefix("STEP {").removesuffix("}").split(","))
    return {name.strip().strip("'"): float(value) for name, value in pairs}


@pytest.fixture
def rig(processes: object, until: Callable[..., float]) -> Iterator[Rig]:
    with spinning("test_guard") as node:
        yield Rig(node, processes, until)


@pytest.mark.together
def test_motions_arrive_in_bounded_steps_and_bad_ones_never_leave(rig: Rig) -> None:
    rig.up()
    with rig.robot.leased():
        assert rig.robot.move(Motion((LIFT,), (0.4,))) is Ending.REACHED
        assert rig.robot.move(Motion((TRANSLATE,), (-0.12,))) is Ending.REACHED
        assert rig.robot.state().position(LIFT) == pytest.approx(0.4, abs=0.003)
        count = len(rig.steps())
        for target in (float("nan"), float("inf"), 7.0, -1.0):
            with pytest.raises(MotionRefusedError, match=r"code 9(41|5[02])"):
                rig.robot.move(Motion((LIFT,), (target,)))
        assert len(rig.steps()) == count
    heights = [0.1, *(step[LIFT] for step in rig.steps() if LIFT in step)]
    assert all(abs(b - a) <= 0.05 + 1e-9 for a, b in itertools.pairwise(heights))
    assert all(0 < abs(step[TRANSLATE]) <= 0.05 + 1e-9 for step in rig.steps() if TRANSLATE in step)


@pytest.mark.together
def test_without_a_lease_nothing_moves(rig: Rig) -> None:
    rig.up()
    caller = ActionCaller(rig.node, GuardedMove, "guarded_move", "guard", rig.watch)
    result = caller.run(GuardedMove.Goal(joints=[LIFT], targets=[0.3], lease="stolen"), 20.0)
    assert result.error_code == 954 and "nobody renews" in result.error_msg
    result = caller.run(GuardedMove.Goal(joints=[LIFT] * 10_000, targets=[0.3] * 10_000), 20.0)
    assert result.error_code == BoundError.code and not result.positions[Limits.MOST_JOINTS :]
    with pytest.raises(MotionRefusedError, match="no lease is held"):
        rig.robot.move(Motion((LIFT,), (0.3,)))
    assert not rig.steps()


@pytest.mark.together
def test_at_the_batterys_end_autonomy_begins_nothing_and_the_operator_may_still_move(rig: Rig) -> None:
    rig.up()
    battery = rig.node.create_publisher(BatteryState, "/battery", qos.STATE)
    rig.node.create_timer(0.2, lambda: battery.publish(BatteryState(voltage=9.9)))

    def refused() -> bool:
        with rig.robot.leased():
            try:
                rig.robot.move(Motion((HEAD_PAN,), (0.1 * len(rig.steps()),)))
            except MotionRefusedError as error:
                return f"code {BatteryLowError.code}" in str(error) and "9.9" in str(error)
        return False

    rig.until(refused, 20, "the refusal of autonomy's motion")
    with rig.robot.leased(rank=Rank.OPERATOR):
        assert rig.robot.move(Motion((LIFT,), (0.2,))) is Ending.REACHED


@pytest.mark.together
def test_cancel_stops_the_robot(rig: Rig) -> None:
    rig.up("--stuck")
    asked = iter([False] * 20)
    with rig.robot.leased(), pytest.raises(MotionCancelledError):
        rig.robot.move(Motion((HEAD_PAN,), (-1.0,)), lambda: next(asked, True))
    rig.until(lambda: "STOP" in rig.processes.log("driver"), 20, "the stop in the driver's log")


def test_an_operator_takes_the_robot_from_autonomy(rig: Rig) -> None:
    """Alone: who takes it has just begun to speak, and on a busy machine is asked to move before he is known."""
    rig.up()
    ended: list[Exception] = []
    states: list[GuardState] = []
    rig.node.create_subscription(GuardState, "guard_state", states.append, qos.LATCHED)

    def pursue() -> None:
        with rig.robot.leased():
            try:
                rig.robot.move(Motion((LIFT,), (1.0,)))
            except TakenOverError as error:
                ended.append(error)

    autonomy = threading.Thread(target=pursue)
    autonomy.start()
    rig.until(lambda: len(rig.steps()) >= 2, 20, "autonomy moving")
    operator = GuardClient(rig.node, rig.watch, PATIENT)
    with operator.leased(rank=Rank.OPERATOR):
        assert operator.move(Motion((HEAD_PAN,), (-0.5,))) is Ending.REACHED
        autonomy.join(timeout=20)
        assert "code 958" in str(ended[0]) and rig.robot.state().position(LIFT) < 0.9
        assert states[-1].mode == "operator"
    rig.until(lambda: states[-1].mode == "autonomy", 20, "the robot given back")
    with rig.robot.leased():
        assert rig.robot.move(Motion((HEAD_PAN,), (0.0,))) is Ending.REACHED


@pytest.mark.together
def test_an_operator_drives_the_base_by_velocity_and_silence_ends_it(rig: Rig) -> None:
    rig.up()
    with rig.robot.leased(rank=Rank.OPERATOR):
        before = rig.robot.state().base_task
        rig.drive(20)
        assert rig.robot.state().base_task != before
        assert rig.robot.move(Motion((LIFT,), (0.2,))) is Ending.REACHED, "the mode is changed back for joints"
    modes = [line for line in rig.processes.log("driver").splitlines() if line.startswith("MODE")]
    assert [mode for mode, _ in itertools.groupby(modes)] == ["MODE navigation", "MODE position"]


@pytest.mark.together
def test_runstop_latches_until_resumed(rig: Rig) -> None:
    """The latch outlasts the guard: one that was killed came back and took motions, the button being released."""
    rig.up()
    button = ServiceCaller(rig.node, SetBool, "/test/button", "driver", None)
    resume = ServiceCaller(rig.node, Trigger, "guard/resume", "guard", rig.watch)
    button.call(SetBool.Request(data=True), 20.0)
    rig.until(lambda: "latched" in rig.processes.log("guard"), 20, "latch")
    with rig.robot.leased():
        with pytest.raises(RunstoppedError):
            rig.robot.move(Motion((LIFT,), (0.2,)))
        assert not resume.call(Trigger.Request(), 20.0).success
        button.call(SetBool.Request(data=False), 20.0)
    rig.processes.children["guard"].kill()
    rig.processes.children["guard"].wait(timeout=10)
    rig.guard()
    with rig.robot.leased(), pytest.raises(RunstoppedError):
        rig.robot.move(Motion((LIFT,), (0.2,)))
    rig.until(lambda: resume.call(Trigger.Request(), 20.0).success, 20, "resume")
    with rig.robot.leased():
        assert rig.robot.move(Motion((LIFT,), (0.15,))) is Ending.REACHED


@pytest.mark.together
def test_a_step_that_the_driver_aborts_without_a_code_ends_the_motion(rig: Rig) -> None:
    rig.up("--broken")
    with rig.robot.leased(), pytest.raises(MotionRefusedError, match="gave a step up with code 0"):
        rig.robot.move(Motion((LIFT,), (0.3,)))


@pytest.mark.together
def test_a_motion_that_meets_a_fault_nobody_foresaw_says_so() -> None:
    """A result that is left as it was made reads as reached."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError("a fault")

    told: list[str] = []
    handle = SimpleNamespace(
        request=GuardedMove.Goal(joints=[LIFT], targets=[0.3]), is_cancel_requested=False,
        abort=lambda: told.append("aborted"), succeed=lambda: told.append("succeeded"),
    )  # fmt: skip
    node = SimpleNamespace(
        executor=None, get_logger=lambda: SimpleNamespace(warning=lambda text, **_: told.append(text))
    )
    moves = SimpleNamespace(_node=node, _guard=SimpleNamespace(begin=fails), _state=dict, _moment=tuple, _running=None)
    with pytest.raises(StopIteration) as ended:
        GuardedMoves.move(moves, handle).send(None)
    result = ended.value.value
    assert (result.error_code, result.error_msg) == (UNFORESEEN, "ZeroDivisionError: a fault")
    assert told[0] == "aborted" and list(result.positions) == [0.0]


@pytest.mark.together
def test_a_driver_that_vanishes_ends_the_motion_and_its_return_resumes_nothing(rig: Rig) -> None:
    rig.up("--rolls", "0.05")
    driver = rig.processes.children["driver"]
    with rig.robot.leased():
        threading.Timer(1.5, driver.kill).start()
        with pytest.raises(RobotError) as ended:
            rig.robot.move(Motion((TRANSLATE,), (-0.5,)))
    assert ended.value.code in (404, 406), "latched, since it was not seen to stand, or without joint states"
    count = len(rig.steps())
    rig.processes.start("driver", DRIVER)
    rig.until(lambda: rig.robot._age_s() < 0.2, UP_S, "joint states of the second driver")
    threading.Event().wait(timeout=1.0)
    assert len(rig.steps()) == count, "nothing goes on by itself"
    resume = ServiceCaller(rig.node, Trigger, "guard/resume", "guard", rig.watch)

    def obeys() -> bool:
        """The guard may hear the second driver later than this test does, latch until then, and refuse to resume."""
        with rig.robot.leased():
            try:
                return rig.robot.move(Motion((LIFT,), (0.2,))) is Ending.REACHED
            except RunstoppedError:
                assert len(rig.steps()) == count, "a latched guard sends nothing"
                resume.call(Trigger.Request(), 20.0)
            except StaleStateError:
                assert len(rig.steps()) == count, "nor does one that hears no joint states"
        return False

    rig.until(obeys, 60, "a motion of the second driver, after an operator's resume where the guard latched")
