"""What the guard refuses, and how a guarded motion can end badly (codes 950 to 963)."""

from __future__ import annotations

from f2p.errors import F2pError


class GuardError(F2pError):
    """The guard refused or ended a motion."""


class NotFiniteMotionError(GuardError):
    """A target, speed or state that is NaN or infinite."""

    code = 950


class StaleJointsError(GuardError):
    """Joint states are late, or stamped away from now."""

    code = 951


class OutOfLimitsError(GuardError):
    """A target outside the joint's limits, a joint without a rule, or a forbidden combination."""

    code = 952


class StepTooLargeError(GuardError):
    """A step further from the measured position than one bounded step."""

    code = 953


class LeaseError(GuardError):
    """The sender's command lease is missing, late or void."""

    code = 954


class LatchedError(GuardError):
    """A runstop or a motion that would not stop latched the guard; only an operator clears it."""

    code = 955


class DependencyLostError(GuardError):
    """A process that motions depend on fell silent or was replaced, or the guard itself stood still."""

    code = 956


class WrongModeError(GuardError):
    """The driver is in a mode that takes no such command."""

    code = 957


class OutrankedError(GuardError):
    """Somebody of a higher rank has the robot, or took it."""

    code = 958


class GuardInactiveError(GuardError):
    """The guard is not active, or stopped being so."""

    code = 959


class GuardBusyError(GuardError):
    """Another motion is running."""

    code = 960


class DriverFailedError(GuardError):
    """The driver refused or aborted a step."""

    code = 961


class GuardTimeoutError(GuardError):
    """A motion did not end within its time budget."""

    code = 962


class BatteryLowError(GuardError):
    """The battery is near its end, and autonomy begins nothing any more."""

    code = 963
