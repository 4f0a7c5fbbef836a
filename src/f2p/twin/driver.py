"""The Stretch driver as its users meet it, without ROS: modes, goals, stops, and the pitfalls of stretch.md 1.3.

`advance` moves simulated time; everything else only notes what is wanted, so one thread (or one lock) must own it.
"""

from __future__ import annotations

import math

from f2p.clock import Clock
from f2p.robot.frames import BASE_START_TASK, compose_planar
from f2p.robot.protocol import (
    BASE_JOINTS,
    BODY_JOINTS,
    ROTATE,
    TRANSLATE,
    JointState,
)
from f2p.sim.world import World
from f2p.twin import model as parts
from f2p.twin.base import BaseDrive
from f2p.twin.driver_config import STOW, DriverConfig
from f2p.twin.goals import (
    CONTACT,
    DRIVES,
    INVALID_GOAL,
    PATH_TOLERANCE_VIOLATED,
    Command,
    GoalStatus,
    JointNamesError,
    Pending,
    TrajectoryGoal,
    check_names,
    commands,
)
from f2p.twin.trapezoid import Trapezoid
from f2p.twin.twin import Twin

BASE_SERVOS = (parts.BASE_X, parts.BASE_Y, parts.BASE_THETA)

BRAKING = 0.6
"""Deceleration of /stop_the_robot at least [m/s^2 or rad/s^2] (ours: stands in 0.3 s; unknown of the hardware)."""


class StretchDriver:
    """The driver around a twin.

    Args:
        twin: The physics; the driver resets and steps it.
        config: Times.
        clock: What the pace of goals is judged by; simulated time unless given.

    Attributes:
        mode: "position", "navigation", "homing", "stowing" or "runstopped".
        homed: Whether joint positions mean anything.
    """

    def __init__(self, twin: Twin, config: DriverConfig | None = None, clock: Clock | None = None) -> None:
        self.twin, self.config, self._clock = twin, config or DriverConfig(), clock
        self.homed = self.config.homed
        self.reset(None)

    def reset(self, world: World | None) -> None:
        """Start again in position mode, in another world if one is given; running goals are aborted."""
        for goal in getattr(self, "_goals", []):
            goal.end(GoalStatus.ABORTED, INVALID_GOAL, "the simulation was reset")
        if world is not None:
            self.twin.reset(world)
        self.mode, self._before_runstop = "position", "position"
        self.time_s = 0.0
        self._goals: list[TrajectoryGoal] = []
        self._announced = False
        self._point = 0
        self._point_since_s = self._goal_sent_s = -math.inf
        self._pending: list[Pending] = []
        self._stow: list[dict[str, float]] = []
        self._homing_until_s = math.inf
        self._tick_at_s, self._stop_wanted = 0.0, False
        self._twist, self._twist_at_s = (0.0, 0.0), -math.inf
        self._axes = {
            name: Trapezoid(self.twin.position(name), DRIVES[name].speed, DRIVES[name].acceleration)
            for name in BODY_JOINTS
        }
        self._base = BaseDrive(self.odometry)
        self._targets: dict[str, float] = {}
        self._contacts = {name: drive.contact for name, drive in DRIVES.items()}

    @property
    def odometry(self) -> tuple[float, float, float]:
        """Pose of base_link in `odom`, where the base stood when the driver started (x, y [m], heading [rad])."""
        x, y, heading = (self.twin.position(name) for name in BASE_SERVOS)
        return x, y, heading

    @property
    def base_task(self) -> tuple[float, float, float]:
        """Pose of base_link in the task frame."""
        return compose_planar(BASE_START_TASK, self.odometry)

    @property
    def runstopped(self) -> bool:
        """Whether the runstop is on."""
        return self.mode == "runstopped"

    @property
    def publishing(self) -> bool:
        """False while a change of mode waits for a goal to end: then the real driver's timer hangs too."""
        return not self._pending

    @property
    def active_goal(self) -> TrajectoryGoal | None:
        """The newest goal, while it is active."""
        return self._goals[-1] if self._goals and self._goals[-1].status is GoalStatus.ACTIVE else None

    def _goal_time_s(self) -> float:
        return self.time_s if self._clock is None else self._clock.monotonic_s()

    def joints(self) -> dict[str, JointState]:
        """Return the measured state of every body joint; effort in percent."""
        return {name: self._measured(name) for name in BODY_JOINTS}

    def _measured(self, name: str) -> JointState:
        return JointState(self.twin.position(name), self.twin.velocity(name), self.twin.effort(name))

    def accept_goal(self) -> bool:
        """Tell whether a goal sent now is taken; False rejects it: too soon after an active one."""
        now_s = self._goal_time_s()
        busy = self._announced or self.active_goal is not None
        if busy and now_s - self._goal_sent_s < self.config.reject_within_s:
            return False
        self._goal_sent_s, self._announced = now_s, True
        return True

    def send_goal(self, goal: TrajectoryGoal) -> bool:
        """Take a goal and start it; False rejects it."""
        accepted = self.accept_goal()
        if accepted:
            self.start_goal(goal)
        return accepted

    def start_goal(self, goal: TrajectoryGoal) -> None:
        """Start an accepted goal. It aborts the older one, whose motion goes on."""
        self._announced = False
        if self.active_goal is not None:
            self.active_goal.end(GoalStatus.ABORTED)
        self._goals = [goal]
        if self.mode not in ("position", "navigation") or not self.homed:
            goal.end(GoalStatus.ABORTED, INVALID_GOAL, f"Cannot execute goals while in mode={self.mode}")
            return
        try:
            check_names(goal.joints, self.mode)
        except JointNamesError as problem:
            goal.end(GoalStatus.ABORTED, problem.code, str(problem))
            return
        self._point = -1
        self._next_point(goal)

    def cancel(self, goal: TrajectoryGoal) -> None:
        """End a goal; what moves goes on moving (stretch.md 1.3.5)."""
        goal.end(GoalStatus.CANCELED)

    def stop_the_robot(self) -> None:
        """Stop every joint where it is; done by the next tick. The goal stays active (stretch.md 1.3.9)."""
        self._stop_wanted = True

    def change_mode(self, mode: str) -> Pending:
        """Ask for "position", "navigation", "homing", "stowing", "runstopped" or "released".

        It happens when no goal is active; until then the driver publishes nothing (promises.md 0.3).
        """
        pending = Pending(mode, f"Now in {mode} mode.")
        self._pending.append(pending)
        self._settle_pending()
        return pending

    def press_runstop(self, pressed: bool) -> None:
        """Press the button on the robot: acts at once, whatever holds the driver's lock."""
        self._enter("runstopped" if pressed else "released")

    def twist(self, linear: float, angular: float) -> None:
        """Take a base velocity [m/s, rad/s]; ignored outside navigation mode, as is the driver's habit."""
        if self.mode == "navigation":
            self._twist, self._twist_at_s = (linear, angular), self.time_s

    def advance(self, duration_s: float) -> None:
        """Let simulated time pass."""
        step = self.twin.time_step
        for _ in range(max(1, round(duration_s / step))):
            self.time_s += step
            if self.time_s >= self._tick_at_s:
                self._tick_at_s += self.config.tick_s
                self._tick()
            self._drive(step)
            self.twin.step()
            self._guard_contacts()
            self._judge()

    def _tick(self) -> None:
        """Do what the driver's 30 Hz loop does."""
        if self._stop_wanted:
            self._stop_wanted = False
            self._brake()
        if self.mode == "navigation" and self.time_s - self._twist_at_s > self.config.twist_timeout_s:
            self._twist = (0.0, 0.0)
        if self.mode == "stowing" and not any(axis.moving for axis in self._axes.values()):
            self._next_stow()
        if self.mode == "homing" and self.time_s >= self._homing_until_s:
            self.homed, self.mode = True, self._before_runstop
        self._settle_pending()

    def _settle_pending(self) -> None:
        """Carry out changes of mode that no goal holds up."""
        while self._pending and self.active_goal is None:
            pending = self._pending.pop(0)
            pending.success = self._enter(pending.mode)
            if not pending.success:
                pending.message = f"not possible while in mode={self.mode}"
            pending.done = True

    def _enter(self, mode: str) -> bool:
        """Change the mode now; False where the driver refuses."""
        if mode == "released":
            if self.runstopped:
                self.mode = self._before_runstop
            return True
        if self.runstopped and mode != "runstopped":
            return False
        if self.mode in ("position", "navigation"):
            self._before_runstop = self.mode
        self._hold_all()
        self._twist = (0.0, 0.0)
        self.mode = mode
        self._homing_until_s = self.time_s + self.config.homing_s
        self._stow = list(STOW)
        return True

    def _next_stow(self) -> None:
        """Start the next move of stowing, or be done."""
        if not self._stow:
            self.mode = self._before_runstop
            return
        for name, value in self._stow.pop(0).items():
            self._axes[name].go(value, DRIVES[name].speed, DRIVES[name].acceleration)

    def _next_point(self, goal: TrajectoryGoal) -> None:
        """Command the goal's next way point, or call it a success."""
        self._point += 1
        if self._point >= len(goal.points):
            goal.end(GoalStatus.SUCCEEDED, error_string="Achieved all target points.")
            return
        self._point_since_s = self.time_s
        try:
            wanted = commands(goal.joints, goal.points[self._point], self.config.fail_out_of_range_goal)
        except JointNamesError as problem:
            goal.end(GoalStatus.ABORTED, problem.code, str(problem))
            return
        if any(command.joint in BASE_JOINTS and command.position == 0.0 for command in wanted):
            # a null base command raises inside the driver: aborted with an empty result (stretch.md 1.3.6)
            goal.end(GoalStatus.ABORTED)
            return
        self._targets = {}
        for command in wanted:
            self._command(command)

    def _command(self, command: Command) -> None:
        """Give one joint its target."""
        self._contacts[command.joint] = command.contact
        if command.joint in BASE_JOINTS:
            self._targets[command.joint] = self._base.command(
                command.joint, command.position, command.speed, command.acceleration, self.odometry
            )
            return
        self._targets[command.joint] = command.position
        self._axes[command.joint].go(command.position, command.speed, command.acceleration)

    def _drive(self, step_s: float) -> None:
        """Move all set-points one physics step on."""
        if self.mode == "navigation":
            self._base.twist(*self._twist)
        for name, axis in self._axes.items():
            self.twin.set_point(name, axis.advance(step_s))
        for name, value in zip(BASE_SERVOS, self._base.advance(step_s), strict=True):
            self.twin.set_point(name, value)

    def _guard_contacts(self) -> None:
        """Stop a joint past its contact threshold, and end the goal that moves it with 100 (stretch.md 1.3.1)."""
        for name, threshold in self._contacts.items():
            axis = self._base.axes[name] if name in BASE_JOINTS else self._axes[name]
            if math.isinf(threshold) or not axis.moving or self._effort(name) <= threshold:
                continue
            axis.hold(self._now(name))
            goal = self.active_goal
            if goal is not None and name in self._targets:
                goal.end(GoalStatus.ABORTED, CONTACT, "--")

    def _effort(self, name: str) -> float:
        """Return the size of a joint's effort [%]; the base pushes in a plane."""
        if name == TRANSLATE:
            return math.hypot(self.twin.effort(parts.BASE_X), self.twin.effort(parts.BASE_Y))
        return abs(self.twin.effort(parts.BASE_THETA if name == ROTATE else name))

    def _judge(self) -> None:
        """End the active goal when it has arrived or run out of time; time-outs do not stop motion."""
        goal = self.active_goal
        if goal is None:
            return
        if all(abs(target - self._now(name)) < DRIVES[name].tolerance for name, target in self._targets.items()):
            self._next_point(goal)
        elif self.time_s - self._point_since_s > self.config.goal_timeout_s:
            goal.end(GoalStatus.ABORTED, PATH_TOLERANCE_VIOLATED,
                     f"Time to execute the current goal point exceeded {self.config.goal_timeout_s} s")  # fmt: skip

    def _now(self, name: str) -> float:
        """Return the measured position, for base joints the displacement since the command."""
        return self._base.displacement(name, self.odometry) if name in BASE_JOINTS else self.twin.position(name)

    def _brake(self) -> None:
        """Bring every set-point to rest."""
        for axis in (*self._axes.values(), *self._base.axes.values()):
            if axis.moving:
                braking = max(axis.acceleration, BRAKING)
                axis.go(axis.position + axis.velocity * abs(axis.velocity) / (2.0 * braking), axis.speed, braking)

    def _hold_all(self) -> None:
        """Stand still at once, everywhere."""
        for name, axis in self._axes.items():
            axis.hold(self.twin.position(name))
        self._base.hold(self.odometry)
