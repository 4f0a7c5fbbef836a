"""Why a body did not do what it was asked (4xx: robot 400-419, skills 420-449)."""

from __future__ import annotations

from f2p.errors import F2pError


class RobotError(F2pError):
    """Base of everything a body refuses or fails at."""

    code = 400


class UnreachableError(RobotError):
    """A pose of the gripper that no joint position within limits reaches."""

    code = 401

    def __init__(self, what: str, limit: str, wanted: float, low: float, high: float) -> None:
        self.limit = limit
        super().__init__(
            f"{what} is out of reach: it needs {limit} = {wanted:.3f}, which must lie within [{low:.3f}, {high:.3f}]"
        )


class MotionRefusedError(RobotError):
    """The body did not accept a motion."""

    code = 402


class MotionTimeoutError(RobotError):
    """A motion did not arrive within its time."""

    code = 403


class RunstoppedError(RobotError):
    """The runstop is on, or the guard latched: nothing moves until a person releases it and resumes."""

    code = 404

    def __init__(self, why: str = "") -> None:
        said = f" ({why})" if why else ""
        super().__init__(f"the runstop is on{said}; release it and start again from a fresh scene")


class MotionCancelledError(RobotError):
    """The caller asked to stop; the body stands."""

    code = 405

    def __init__(self) -> None:
        super().__init__("cancelled: motion was stopped on request")


class StaleStateError(RobotError):
    """The body's own state is late or not finite, so it may not be moved."""

    code = 406


class BackendMissingError(RobotError):
    """An optional backend is not installed."""

    code = 407


class LeaveWithdrawnError(RobotError):
    """Leave to move was withdrawn: who watches or who asked fell silent or was replaced. The body stands."""

    code = 408


class TakenOverError(RobotError):
    """Somebody of a higher rank took the robot; it is for him to say what happens next."""

    code = 409


STANDING_ERRORS = (
    MotionCancelledError, RunstoppedError, StaleStateError, LeaveWithdrawnError, TakenOverError,
)  # fmt: skip
"""After these nothing moves by itself, not even to bring the gripper clear: a new plan from a new look, or a person."""
