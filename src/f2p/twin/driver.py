"""The Stretch driver as its users meet it, without ROS: modes, goals, stops, and the pitfalls of stretch.md 1.3.

`advance` moves simulated time; everything else only notes what is wanted, so one thread (or one lock) must own it.
What two threads and a lock do on the robot is imitated in that time: a service that waits holds up those behind it,
the driver's loop, and with a goal running everything else.
"""

from __future__ import annotations

import math

from f2p.clock import Clock
from f2p.robot.frames import BASE_START_TASK, compose_planar
from f2p.robot.protocol import JointState
from f2p.sim.world import World
from f2p.twin.base import Pose
from f2p.twin.driver_config import DriverConfig
from f2p.twin.goals import (
    CONTACT,
    INVALID_GOAL,
    NO_MODE_FOR_GOALS,
    PATH_TOLERANCE_VIOLATED,
    GoalStatus,
    JointNamesError,
    TrajectoryGoal,
    check_names,
    commands,
)
from f2p.twin.modes import CONTROL, Call, Modes
from f2p.twin.motors import Motors
from f2p.twin.spline import Spline, TrajectoryRefusedError
from f2p.twin.twin import Twin
from f2p.twin.waypoint import WRIST, WayPoint, is_null

RESET = "the simulation was reset"
"""What a goal or a call is told that was under way then."""


class StretchDriver:
    """The driver around a twin.

    Args:
        twin: The physics; the driver resets and steps it.
        config: Times and pitfalls.
        clock: What the pace of goals is judged by; simulated time unless given.

    Attributes:
        motors: What it drives.
        ticks: How often the driver's loop ran; it publishes each time.
    """

    def __init__(self, twin: Twin, config: DriverConfig | None = None, clock: Clock | None = None) -> None:
        self.twin, self.config, self._clock = twin, config or DriverConfig(), clock
        self._pitfalls = self.config.pitfalls
        self.motors = Motors(twin, self.config, self.config.homed)
        self._modes = Modes(self.motors, self.config)
        self._goal: TrajectoryGoal | None = None
        self.ticks = 0
        self.reset(None)

    def reset(self, world: World | None) -> None:
        """Start again in position mode, in another world if one is given; a goal and calls under way end."""
        if self._goal is not None:
            self._goal.end(GoalStatus.ABORTED, INVALID_GOAL, RESET)
        self._modes.abandon(RESET)
        if world is not None:
            self.twin.reset(world)
        self.motors = Motors(self.twin, self.config, self.motors.homed)
        self._modes = Modes(self.motors, self.config)
        self.time_s = 0.0
        self._goal = None
        self._announced = self._begun = self._loaded = False
        self._point = 0
        self._goal_sent_s = -math.inf
        self._tick_at_s = 0.0
        self._heard_runstop = False
        self._twist, self._twist_at_s = (0.0, 0.0), -math.inf
        self._way: WayPoint | None = None
        self._spline: Spline | None = None

    @property
    def mode(self) -> str:
        """What the driver calls its mode: "position", "navigation", "trajectory", "homing", "stowing", "runstopped"."""
        return self._modes.mode

    @property
    def homed(self) -> bool:
        """Whether joint positions mean anything."""
        return self.motors.homed

    @property
    def odometry(self) -> Pose:
        """Pose of base_link in `odom`, where the base stood when the driver started (x, y [m], heading [rad])."""
        return self.motors.odometry

    @property
    def base_task(self) -> Pose:
        """Pose of base_link in the task frame."""
        return compose_planar(BASE_START_TASK, self.odometry)

    @property
    def runstopped(self) -> bool:
        """Whether the run stop is on, whatever the mode says."""
        return self.motors.runstopped

    @property
    def publishing(self) -> bool:
        """False while a service waits or works: the driver's loop hangs behind it (promises.md 0.3)."""
        return not self._modes.calls

    @property
    def free(self) -> bool:
        """Whether a thread is left to hear a goal or a cancel."""
        return self.publishing or self.active_goal is None or not self._pitfalls.two_threads

    @property
    def active_goal(self) -> TrajectoryGoal | None:
        """The newest goal, while it is active."""
        return self._goal if self._goal is not None and self._goal.status is GoalStatus.ACTIVE else None

    def _goal_time_s(self) -> float:
        return self.time_s if self._clock is None else self._clock.monotonic_s()

    def joints(self) -> dict[str, JointState]:
        """Return the measured state of every body joint; effort in percent."""
        return self.motors.joints()

    def accept_goal(self) -> bool:
        """Tell whether a goal sent now is taken; False rejects it: too soon after an active one, or nobody hears it."""
        now_s = self._goal_time_s()
        busy = self._announced or self.active_goal is not None
        soon = now_s - self._goal_sent_s < self.config.reject_within_s and self._pitfalls.busy_rejects
        if (busy and soon) or not self.free:
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
        """Start an accepted goal. It aborts the older one, whose motion goes on; behind a blocked service it waits."""
        self._announced = False
        older, self._goal, self._begun = self.active_goal, goal, False
        if older is not None:
            older.end(GoalStatus.ABORTED)
            if self._pitfalls.preempting_breaks and self.mode == "position" and set(older.joints) - set(goal.joints):
                self._modes.leaks += 1
        self._spline = self._way = None
        if not (self._modes.calls and self._modes.blocked):
            self._begin(goal)

    def _begin(self, goal: TrajectoryGoal) -> None:
        """Check a goal against the mode, and command its first way point."""
        self._begun, self._point = True, -1
        self._loaded = bool(self.twin.held) and any(name in WRIST for name in goal.joints)
        if self.mode not in CONTROL:
            goal.end(GoalStatus.ABORTED, INVALID_GOAL, f"Cannot execute goals while in mode={self.mode}")
        elif self.mode == "navigation":
            goal.end(GoalStatus.ABORTED, NO_MODE_FOR_GOALS,
                     "Joint Trajectory Server only accepts goals in position or trajectory mode")  # fmt: skip
        elif not self.homed and not self._pitfalls.not_homed_times_out:
            goal.end(GoalStatus.ABORTED, INVALID_GOAL, "the robot is not homed")
        elif self.mode == "trajectory":
            self._begin_trajectory(goal)
        else:
            try:
                check_names(goal.joints)
            except JointNamesError as problem:
                goal.end(GoalStatus.ABORTED, problem.code, str(problem))
                return
            self._next_point(goal)

    def _begin_trajectory(self, goal: TrajectoryGoal) -> None:
        try:
            self._spline = Spline(goal, self.twin.position, self.time_s)
        except TrajectoryRefusedError as refused:
            goal.end(GoalStatus.ABORTED, refused.code, str(refused))
            self._modes.leaks += self._pitfalls.trajectory_keeps_lock

    def cancel(self, goal: TrajectoryGoal) -> bool:
        """End a goal; what moves goes on moving (stretch.md 1.3.5). False where nobody hears it."""
        if not self.free or not self._begun:
            return False
        if self._spline is not None and self._pitfalls.trajectory_ignores_cancel:
            return True
        if self._way is not None and goal is self.active_goal and not self._pitfalls.cancel_moves_on:
            self._way.hold()
        goal.end(GoalStatus.CANCELED)
        return True

    def stop_the_robot(self) -> Call:
        """Ask for /stop_the_robot. It stops by the next tick, and the goal stays active (stretch.md 1.3.9)."""
        return self.ask("stop")

    def change_mode(self, mode: str) -> Call:
        """Ask for a mode, "homing", "stowing", "runstopped" or "released"."""
        return self.ask(mode)

    def ask(self, what: str) -> Call:
        """Call a service, one of `modes.SERVICES`; its answer may take until a goal has ended, or for ever."""
        call = Call(what)
        self._modes.calls.append(call)
        self._modes.serve(self.time_s, self.active_goal)
        return call

    def press_runstop(self, pressed: bool) -> None:
        """Press or release the button on the robot: the motors stop at once, the driver's mode follows."""
        self.motors.runstop(pressed, at_once=True)

    def twist(self, linear: float, angular: float) -> None:
        """Take a base velocity [m/s, rad/s]; ignored outside navigation mode, as is the driver's habit."""
        if self.mode == "navigation":
            self._twist, self._twist_at_s = (linear, angular), self.time_s

    def advance(self, duration_s: float) -> None:
        """Let simulated time pass."""
        step = self.twin.time_step
        for _ in range(max(1, round(duration_s / step))):
            self.time_s += step
            self._modes.serve(self.time_s, self.active_goal)
            if self.time_s >= self._tick_at_s:
                self._tick_at_s += self.config.tick_s
                if self.publishing:
                    self._tick()
            if self._spline is not None and self.active_goal is not None:
                self.motors.place(self._spline.at(self.time_s))
            self.motors.advance(step, self.time_s)
            self._judge()

    def _tick(self) -> None:
        """Do what the driver's 30 Hz loop does: wheels, publish, follow the run stop's button, look, push."""
        self.ticks += 1
        motors = self.motors
        if self.mode == "navigation":
            late = self.time_s - self._twist_at_s > self.config.twist_timeout_s
            self._twist = (0.0, 0.0) if late else self._twist
            motors.roll(*self._twist, self.time_s)
        else:
            self._twist = (0.0, 0.0)
        if motors.runstopped != self._heard_runstop:
            self._heard_runstop = motors.runstopped
            self._modes.calls.append(Call("runstopped" if motors.runstopped else "released", by_button=True))
            self._modes.serve(self.time_s, self.active_goal)
            if not self.publishing:
                return
        motors.pull()
        if self.mode != "trajectory":
            motors.push()

    def _next_point(self, goal: TrajectoryGoal) -> None:
        """Command the goal's next way point, or call it a success."""
        self._point += 1
        if self._point >= len(goal.points):
            goal.end(GoalStatus.SUCCEEDED, error_string="Achieved all target points.")
            return
        try:
            wanted = commands(goal.joints, goal.points[self._point], self.config.fail_out_of_range_goal,
                              self._pitfalls.zeros_count)  # fmt: skip
        except JointNamesError as problem:
            goal.end(GoalStatus.ABORTED, problem.code, str(problem))
            return
        if self._pitfalls.null_base_breaks and any(map(is_null, wanted)):
            goal.end(GoalStatus.ABORTED)
            self._modes.leaks += 1
            return
        targets = {command.joint: command.position for command in wanted}
        self._way = WayPoint(self.motors, self._pitfalls, targets, self.time_s, self.odometry, self._loaded)
        for command in wanted:
            if not is_null(command):
                self.motors.take(command)

    def _judge(self) -> None:
        """End the active goal when it has arrived, met something or run out of time."""
        goal, way = self.active_goal, self._way
        if goal is None:
            return
        if self._spline is not None and self._spline.done(self.time_s):
            goal.end(GoalStatus.SUCCEEDED, error_string="traj succeeded!")
        if way is None:
            return
        touched = way.touched()
        if touched:
            text = "--" if self._pitfalls.contact_without_words else f"contact: {', '.join(sorted(touched))}"
            goal.end(GoalStatus.ABORTED, CONTACT, text)
        elif way.reached():
            self._next_point(goal)
        elif self.time_s - way.started_s > self.config.goal_timeout_s:
            goal.end(GoalStatus.ABORTED, PATH_TOLERANCE_VIOLATED,
                     f"Time to execute the current goal point exceeded {self.config.goal_timeout_s} s")  # fmt: skip
            if not self._pitfalls.timeout_moves_on:
                way.hold()

    def feedback(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the desired positions and errors of the running way point, in the order and units of its goal."""
        goal, way = self.active_goal, self._way
        if goal is None or way is None:
            return (), ()
        return goal.points[self._point].positions, way.errors(goal.joints)
