"""The twin as a body without ROS: skills drive the driver model in simulated time, as fast as it computes."""

from __future__ import annotations

from f2p.robot.errors import MotionRefusedError
from f2p.robot.protocol import Motion, RobotState
from f2p.robot.stepping import SteppingConfig, SteppingRobot, driver_arrays
from f2p.twin.driver import StretchDriver
from f2p.twin.goals import CONTACT, GoalStatus, Point, TrajectoryGoal
from f2p.twin.grasp import STANDS_IN

STANDS_S = 0.5
"""In this time a stopped robot stands, and the driver has looked at its contacts anew [s]."""


class TwinRobot(SteppingRobot):
    """A `Robot` that sends its steps to a driver model and advances its time."""

    stands_in = STANDS_IN

    def __init__(self, driver: StretchDriver, config: SteppingConfig | None = None) -> None:
        super().__init__(config)
        self.driver = driver
        self._goal: TrajectoryGoal | None = None

    def state(self) -> RobotState:
        """Return what the driver measures now."""
        driver = self.driver
        return RobotState(driver.joints(), driver.base_task, driver.runstopped, driver.time_s)

    def stop(self) -> None:
        """Cancel, stop the robot, and wait until it stands."""
        if self._goal is not None:
            self.driver.cancel(self._goal)
        self.driver.stop_the_robot()
        self._wait(STANDS_S)

    def _send(self, step: Motion) -> None:
        """Send one goal with one way point; one for other joints than the running one's only once that has ended."""
        running = self.driver.active_goal
        if running is not None and set(running.joints) - set(step.joints):
            self.driver.cancel(running)
        goal = TrajectoryGoal(step.joints, (Point(step.targets, *driver_arrays(step)),))
        if not self.driver.send_goal(goal):
            raise MotionRefusedError("the driver rejected a goal: less than 0.2 s after the last one")
        if goal.status is GoalStatus.ABORTED:
            reason = goal.error_string or "no reason given"
            raise MotionRefusedError(f"the driver aborted a goal ({goal.error_code}): {reason}")
        self._goal = goal

    def _wait(self, seconds: float) -> None:
        self.driver.advance(seconds)

    def _in_contact(self) -> bool:
        """Tell whether the last goal met something; then stop, since the driver forgets a contact only by a command."""
        goal, self._goal = self._goal, None
        if goal is None or goal.error_code != CONTACT:
            self._goal = goal
            return False
        self.stop()
        return True
