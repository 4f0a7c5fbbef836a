"""Trajectory mode: a goal's way points as one motion in time, and what the driver refuses of it.

Joints only: a base trajectory is answered as one that the hardware does not start. f2p never uses the mode, because
nothing stops such a motion (promises.md 0.1).
"""

from __future__ import annotations

from collections.abc import Callable

from f2p.robot.protocol import BASE_JOINTS
from f2p.twin.goals import (
    ARM_PARTS,
    DRIVES,
    GRIPPER_NAMES,
    INVALID_GOAL,
    INVALID_JOINTS,
    NO_MODE_FOR_GOALS,
    Point,
    TrajectoryGoal,
    commands,
)

REST_S = 0.1
"""The driver waits this long after the last way point [s]."""

NAMES = ("wrist_extension", *ARM_PARTS, *GRIPPER_NAMES, *(name for name in DRIVES if name not in BASE_JOINTS))


class TrajectoryRefusedError(Exception):
    """What trajectory mode answers a goal with; caught inside the driver model."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


class Spline:
    """One goal of trajectory mode.

    Args:
        goal: Its points carry times.
        position: Measures a joint, by the twin's name.
        now_s: When it starts.

    Raises:
        TrajectoryRefusedError: as the driver refuses it; empty text where it only aborts.
    """

    def __init__(self, goal: TrajectoryGoal, position: Callable[[str], float], now_s: float) -> None:
        if goal.stamped:
            raise TrajectoryRefusedError(0, "")
        if len(goal.points) < 2:
            raise TrajectoryRefusedError(INVALID_JOINTS, "no trajectory in goal contains enough waypoints")
        unknown = [name for name in goal.joints if name not in NAMES]
        if unknown or any(len(point.positions) < len(goal.joints) for point in goal.points):
            raise TrajectoryRefusedError(INVALID_GOAL, repr(unknown[0] if unknown else "positions"))
        self._start_s = now_s
        self._times = tuple(point.time_s for point in goal.points)
        ways = [{one.joint: one for one in commands(goal.joints, point, False)} for point in goal.points]
        self._joints = tuple(ways[0])
        self._at = {name: tuple(way[name].position for way in ways) for name in self._joints}
        self._speeds = {name: _velocities(goal, name) for name in self._joints}
        far = [name for name in self._joints if abs(position(name) - self._at[name][0]) > DRIVES[name].tolerance]
        late = any(later <= sooner for sooner, later in zip(self._times, self._times[1:], strict=False))
        if far or late:
            raise TrajectoryRefusedError(NO_MODE_FOR_GOALS, "hardware failed to start trajectory")

    def done(self, now_s: float) -> bool:
        """Tell whether it is over."""
        return now_s - self._start_s > self._times[-1] + REST_S

    def at(self, now_s: float) -> dict[str, float]:
        """Return where every joint shall be: straight between way points, cubic where velocities are given."""
        time_s = min(max(now_s - self._start_s, self._times[0]), self._times[-1])
        index = next((i for i, end_s in enumerate(self._times[1:]) if time_s <= end_s), len(self._times) - 2)
        span_s = self._times[index + 1] - self._times[index]
        share = (time_s - self._times[index]) / span_s
        out = {}
        for name in self._joints:
            start, end = self._at[name][index : index + 2]
            slopes = self._speeds[name]
            if slopes is None:
                out[name] = start + share * (end - start)
                continue
            leaving, coming = slopes[index] * span_s, slopes[index + 1] * span_s
            bend = share * (1.0 - share)
            out[name] = (
                start
                + share * (end - start)
                + bend * ((1.0 - share) * (leaving - (end - start)) - share * (coming - (end - start)))
            )
        return out


def _velocities(goal: TrajectoryGoal, joint: str) -> tuple[float, ...] | None:
    """Return the velocities at the way points if all are given; the gripper's and the arm parts' do not count."""
    if joint not in goal.joints or joint in GRIPPER_NAMES:
        return None
    index = goal.joints.index(joint)

    def given(point: Point) -> bool:
        return index < len(point.velocities)

    return tuple(point.velocities[index] for point in goal.points) if all(map(given, goal.points)) else None
