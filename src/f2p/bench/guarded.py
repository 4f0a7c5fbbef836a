"""The guarded robot without ROS: a skill's motions go through the guard to the driver's model, in simulated time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from f2p.errors import CanceledError
from f2p.guard.core import Guard
from f2p.guard.driver import DriverState
from f2p.guard.errors import GuardBusyError, GuardError, GuardTimeoutError, LatchedError, WrongModeError
from f2p.guard.leases import Renewal
from f2p.guard.rules import GuardConfig
from f2p.guard.work import Now
from f2p.robot.errors import MotionCancelledError, MotionRefusedError, MotionTimeoutError, RunstoppedError
from f2p.robot.kinematics import LIMITS, finger_from_aperture
from f2p.robot.protocol import FINGER, Cancelled, Ending, Motion, RobotState, never
from f2p.robot.stepping import driver_arrays
from f2p.twin.driver import StretchDriver
from f2p.twin.goals import SUCCESSFUL, GoalStatus, Point, TrajectoryGoal
from f2p.twin.grasp import STANDS_IN

TICK_S = 0.02
"""Period of the guard [s] (promises.md 4)."""

LEASE, EPOCH = "bench", 1

SETTLE_S = 1.0
"""In this time a stopped robot is seen to stand [s]."""

BUSY_WAIT_S = 8.0
"""How long a motion waits for the one before to come to rest [s], as the skill's process does."""

Result = Callable[[bool, int, str], None]


class Port:
    """The guard's way to the driver's model.

    Args:
        driver: The model; whoever holds the port advances it.
    """

    def __init__(self, driver: StretchDriver) -> None:
        self._driver = driver
        self._under_way: list[tuple[TrajectoryGoal, Result]] = []
        self._ticks = -1
        self._state = DriverState({}, {})

    def state(self) -> DriverState:
        """Return what the driver published last."""
        driver = self._driver
        if driver.ticks != self._ticks:
            self._ticks = driver.ticks
            joints = driver.joints()
            self._state = DriverState(
                {name: joint.position for name, joint in joints.items()},
                {name: joint.velocity for name, joint in joints.items()},
                driver.time_s, int(driver.time_s * 1e9), driver.odometry, driver.time_s, driver.mode, driver.runstopped,
            )  # fmt: skip
        goal = driver.active_goal
        return dataclasses.replace(self._state, goal_joints=() if goal is None else goal.joints)

    def send(self, motion: Motion, step: tuple[float, ...], rejected: Callable[[], None], result: Result) -> None:
        """Send one step."""
        goal = TrajectoryGoal(motion.joints, (Point(step, *driver_arrays(motion)),))
        if self._driver.send_goal(goal):
            self._under_way.append((goal, result))
        else:
            rejected()

    def answer(self) -> None:
        """Tell the results of what has ended."""
        ended = [pair for pair in self._under_way if pair[0].status is not GoalStatus.ACTIVE]
        self._under_way = [pair for pair in self._under_way if pair[0].status is GoalStatus.ACTIVE]
        for goal, result in ended:
            ok = goal.error_code == SUCCESSFUL and goal.status is not GoalStatus.ABORTED
            result(ok, goal.error_code, goal.error_string)

    def clear(self) -> None:
        """Cancel what is under way."""
        for goal, _ in self._under_way:
            self._driver.cancel(goal)

    def twist(self, linear: float, turning: float) -> None:
        """Drive the base."""
        self._driver.twist(linear, turning)

    def stop(self) -> None:
        """Cancel, a zero velocity, and `/stop_the_robot`."""
        self.clear()
        self._driver.twist(0.0, 0.0)
        self._driver.stop_the_robot()

    def looked(self, patience_s: float) -> None:
        """Nobody else is there."""

    def runstop(self) -> None:
        """Trigger the run stop."""
        self._driver.change_mode("runstopped")

    def to_mode(self, mode: str) -> None:
        """Ask for a mode."""
        self._driver.change_mode(mode)


class GuardedTwin:
    """A `Robot` behind the guard: its clock is the simulation's.

    Args:
        driver: The model.
        config: The guard's limits; at the robot's timing unless given.
    """

    stands_in = STANDS_IN

    def __init__(self, driver: StretchDriver, config: GuardConfig | None = None) -> None:
        self.driver, self._config = driver, config or GuardConfig()
        self._port, self.log = Port(driver), list[str]()
        self._guard = Guard(self._port, self.log.append)
        driver.advance(2.0 * TICK_S)
        self._guard.activate(EPOCH, self._now())
        self.let(SETTLE_S)

    def _now(self) -> Now:
        return Now(self.driver.time_s, int(self.driver.time_s * 1e9))

    def let(self, seconds: float) -> None:
        """Let time pass, with the guard at its pace."""
        for _ in range(max(1, round(seconds / TICK_S))):
            self.driver.advance(TICK_S)
            self._port.answer()
            now = self._now()
            self._guard.renew(Renewal(LEASE, epoch=EPOCH, stamp_ns=now.stamp_ns), now, self._config)
            self._guard.tick(self._port.state(), now, self._config)

    def state(self) -> RobotState:
        """Return what the driver measures now."""
        driver = self.driver
        return RobotState(driver.joints(), driver.base_task, driver.runstopped, driver.time_s)

    def stop(self) -> None:
        """Tell the guard to stop the robot."""
        self._guard.stop(self._now(), self._config)
        self.let(SETTLE_S)

    def begin(self, motion: Motion, ended: Callable[[Exception | None, bool], None], cancelled: Cancelled) -> None:
        """Have the guard begin a motion, which goes on while time passes. Raises GuardError when it is refused."""
        self._guard.begin(motion, LEASE, self._port.state(), self._now(), self._config, ended, cancelled)

    def move(self, motion: Motion, cancelled: Cancelled = never) -> Ending:
        """Move through the guard and wait; a guard that waits for rest is asked again (see `protocol.Robot`)."""
        outcome: list[Exception | bool] = []

        def ended(error: Exception | None, contact: bool) -> None:
            outcome.append(error if error is not None else contact)

        until_s = self.driver.time_s + BUSY_WAIT_S
        while not outcome:
            try:
                self.begin(motion, ended, cancelled)
                while not outcome:
                    self.let(TICK_S)
            except (GuardBusyError, WrongModeError) as error:
                if self.driver.time_s > until_s:
                    outcome.append(error)
                self.let(0.1)
            except GuardError as error:
                outcome.append(error)
        return _ending(outcome[0])

    def gripper(self, aperture: float, cancelled: Cancelled = never) -> Ending:
        """Open or close; a contact on the way means that something is between the fingers."""
        low, high = LIMITS[FINGER]
        ending = self.move(Motion((FINGER,), (min(max(finger_from_aperture(aperture), low), high),)), cancelled)
        return Ending.STALLED if ending is Ending.CONTACT else ending


def _ending(outcome: Exception | bool) -> Ending:
    """Return how a motion ended, or raise it in a skill's words."""
    if isinstance(outcome, bool):
        return Ending.CONTACT if outcome else Ending.REACHED
    if isinstance(outcome, CanceledError):
        raise MotionCancelledError
    if isinstance(outcome, LatchedError):
        raise RunstoppedError(str(outcome))
    if isinstance(outcome, GuardTimeoutError):
        raise MotionTimeoutError(str(outcome))
    raise MotionRefusedError(str(outcome))
