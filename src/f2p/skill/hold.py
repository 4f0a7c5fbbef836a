"""Taking hold of an object, knowing whether it is still held, and what it weighs, from either side."""

from __future__ import annotations

from dataclasses import dataclass

from f2p.robot.kinematics import aperture_from_finger, finger_from_aperture
from f2p.robot.protocol import FINGER, LIFT, Cancelled, Ending, Robot
from f2p.settings import number
from f2p.skill.errors import LostObjectError
from f2p.skill.moves import MovesConfig


@dataclass(frozen=True)
class HoldConfig(MovesConfig):
    """Thresholds of fingers and lift, and the gripper's apertures."""

    squeeze: float = number(-0.06, "aperture the fingers are closed to", unit="m", low=-0.12, high=0.0,
                            source="stretch.md 1.2: negative apertures squeeze")  # fmt: skip
    release_gap: float = number(0.020, "how much the fingers open to let go", unit="m", low=0.005, high=0.06)
    lost: float = number(0.03, "fingers closed by this much more have lost the object", unit="rad", low=0.005, high=0.3)
    missed: float = number(0.05, "fingers this near the squeeze hold nothing", unit="rad", low=0.005, high=0.2)
    heaviest: float = number(15.0, "more effort of the lift than before the grasp is too heavy", unit="%", low=2.0,
                             high=60.0, source="payload 1.5 kg: 15 N in the twin; to be set on the robot")  # fmt: skip


class Hold:
    """What the fingers hold.

    Args:
        config: Thresholds.
        name: The object.
        robot: The body.
        cancelled: Asked at least four times a second.
    """

    def __init__(self, config: HoldConfig, name: str, robot: Robot, cancelled: Cancelled) -> None:
        self._config, self._name, self._robot, self._cancelled = config, name, robot, cancelled
        self._closed_at = self._unloaded = 0.0

    def close(self) -> bool:
        """Close until something is between the fingers; tell whether something is."""
        ending = self._robot.gripper(self._config.squeeze, self._cancelled)
        state = self._robot.state()
        self._closed_at, self._unloaded = state.position(FINGER), state.joints[LIFT].effort
        empty = self._closed_at - finger_from_aperture(self._config.squeeze) < self._config.missed
        return ending is not Ending.REACHED and not empty

    def check(self, phase: str) -> None:
        """Raise LostObjectError when the fingers have closed on since the grasp."""
        if self._robot.state().position(FINGER) < self._closed_at - self._config.lost:
            raise LostObjectError(self._name, phase)

    def weight(self) -> float:
        """Squeeze once more, which gives the lift time to stand, and return the effort that the object adds [%]."""
        self._robot.gripper(self._config.squeeze, self._cancelled)
        return self._robot.state().joints[LIFT].effort - self._unloaded

    def let_go(self) -> None:
        """Open just wide enough to let go."""
        measured = aperture_from_finger(self._robot.state().position(FINGER))
        self._robot.gripper(min(measured + self._config.release_gap, self._config.widest_aperture), self._cancelled)
