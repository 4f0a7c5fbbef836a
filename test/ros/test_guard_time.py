"""A guard whose time is a recording's takes no motions, and a recording played at a live guard moves nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState

from f2p.guard.errors import GuardInactiveError
from f2p.guard.leases import Rank
from f2p.robot.protocol import LIFT, Ending, Motion
from f2p.ros.base import qos
from f2p.ros.base.client import ActionCaller, ServiceCaller
from f2p.ros.remote.goal import spinning
from f2p_msgs.action import GuardedMove
from f2p_msgs.msg import GuardedTwist, Heartbeat, Lease

from .test_guard_node import DRIVER, LOOSE, UP_S, Rig

pytestmark = pytest.mark.together

PLAYED = {"/stretch/joint_states": JointState, "lease": Lease, "guarded_twist": GuardedTwist}


@pytest.fixture
def rig(processes: object, until: Callable[..., float]) -> Iterator[Rig]:
    with spinning("test_guard_time") as node:
        yield Rig(node, processes, until)


def test_a_guard_with_the_time_of_a_recording_says_so_and_takes_no_motion(rig: Rig) -> None:
    """The clock that is played says what all others say: everything is fresh, and still nothing may move."""
    clock = rig.node.create_publisher(Clock, "/clock", qos.STATE)
    rig.node.create_timer(0.02, lambda: clock.publish(Clock(clock=rig.node.get_clock().now().to_msg())))
    rig.processes.start("driver", DRIVER)
    pid = rig.processes.start("guard", "-m", "f2p.ros.nodes.guard", *LOOSE, "-p", "use_sim_time:=true").pid
    rig.until(lambda: rig.watch.life("guard").pid == pid, UP_S, "first heartbeat")
    change = ServiceCaller(rig.node, ChangeState, "guard/change_state", "guard", None)
    request = ChangeState.Request()
    request.transition.id = Transition.TRANSITION_CONFIGURE
    assert change.call(request, 30.0).success
    rig.until(lambda: rig.watch.life("guard").state == Heartbeat.WAITING, 30, "the guard waits")
    rig.until(lambda: rig.robot._age_s() < 0.2, UP_S, "joint states of the driver")
    request.transition.id = Transition.TRANSITION_ACTIVATE
    for _ in range(10):
        assert not change.call(request, 30.0).success
        threading.Event().wait(timeout=0.3)
    assert not rig.watch.active("guard") and "use_sim_time is set" in rig.processes.log("guard")
    caller = ActionCaller(rig.node, GuardedMove, "guarded_move", "guard", None)
    result = caller.run(GuardedMove.Goal(joints=[LIFT], targets=[0.3], lease="any"), 20.0)
    assert result.error_code == GuardInactiveError.code and not rig.steps()


def test_a_running_guard_keeps_the_robots_time(rig: Rig) -> None:
    rig.up()
    asked = SetParameters.Request(parameters=[Parameter("use_sim_time", value=True).to_parameter_msg()])
    (answer,) = ServiceCaller(rig.node, SetParameters, "guard/set_parameters", "guard", None).call(asked, 20.0).results
    assert not answer.successful and "use_sim_time is set" in answer.reason
    with rig.robot.leased():
        assert rig.robot.move(Motion((LIFT,), (0.2,))) is Ending.REACHED, "by its own time it goes on as before"


def test_what_was_recorded_moves_nothing_when_it_is_played_at_the_same_guard(rig: Rig) -> None:
    """As by a player without a domain of its own: leases, velocities and joint states come once more, with /clock."""
    rig.up()
    heard: list[tuple[str, object]] = []
    for name, kind in PLAYED.items():
        rig.node.create_subscription(kind, name, lambda one, name=name: heard.append((name, one)), qos.STATE)
    with rig.robot.leased(rank=Rank.OPERATOR):
        rig.drive(10)
    threading.Event().wait(timeout=2.5)  # its lease is void by then, as that of any recording
    recorded, before = list(heard), rig.processes.log("driver")
    assert {name for name, _ in recorded} == set(PLAYED)
    players = {name: rig.node.create_publisher(kind, name, qos.STATE) for name, kind in PLAYED.items()}
    clock = rig.node.create_publisher(Clock, "/clock", qos.STATE)
    for name, message in recorded:
        clock.publish(Clock(clock=message.header.stamp))
        players[name].publish(message)
        threading.Event().wait(timeout=0.01)
    threading.Event().wait(timeout=0.5)
    since = rig.processes.log("driver").removeprefix(before)
    assert "STEP" not in since and "TWIST 0.1" not in since
    assert "does not count" in rig.processes.log("guard") and "a velocity is refused" in rig.processes.log("guard")
