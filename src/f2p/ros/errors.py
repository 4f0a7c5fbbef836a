"""Errors of the ROS shell, in the blocks of what they are about, and how an error becomes a code on the wire.

150-155 perceiving, 251-254 predicting, 471-479 goals, 550 checking, 755 learning, 920-924 waiting for other nodes,
940-942 messages, 950-962 guard, 970-972 processes.
"""

from __future__ import annotations

from f2p.errors import UNFORESEEN, F2pError


class GuardError(F2pError):
    """The guard refused or ended a motion."""


class NotFiniteError(GuardError):
    """A target, speed or state that is NaN or infinite."""

    code = 950


class StaleStateError(GuardError):
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


class WrongModeError(GuardError):
    """The driver is in a mode that takes no such command."""

    code = 957


class GuardBusyError(GuardError):
    """Another motion is running."""

    code = 960


class DriverFailedError(GuardError):
    """The driver refused or aborted a step."""

    code = 961


class MotionTimeoutError(GuardError):
    """A motion did not end within its time budget."""

    code = 962


class NoImageError(F2pError):
    """No depth image or camera info arrived in time."""

    code = 150


class NoTransformError(F2pError):
    """A missing, wrong or stale frame."""

    code = 151


class HeadUnsettledError(F2pError):
    """The head did not come to rest in time."""

    code = 152


class EmptyViewError(F2pError):
    """Nothing was left after segmentation."""

    code = 153


class BadImageError(F2pError):
    """Wrong encoding, size or camera info."""

    code = 154


class BadViewRequestError(F2pError):
    """Head angles or a settling time that are not finite or out of range, angles unequal in number, or no inventory."""

    code = 155


class WeightsNotServedError(F2pError):
    """Other weights were asked for than are served."""

    code = 251


class BadShapeError(F2pError):
    """Parameters, candidates and skeleton do not fit together."""

    code = 252


class BadSceneError(F2pError):
    """A scene whose boxes or clouds are not finite, or in which a name appears twice."""

    code = 253


class UnknownSceneNameError(F2pError):
    """A skeleton that names an object the scene does not have."""

    code = 254


class AttemptsUsedUpError(F2pError):
    """Every attempt failed."""

    code = 472


class NoBelievedPlanError(F2pError):
    """No plan reaches the belief threshold and nothing was proposed."""

    code = 471


class LearningError(F2pError):
    """Learning ended without weights that serve."""

    code = 476


class UnclearFailureError(F2pError):
    """A contradiction whose cause the rules do not tell: a person has to look."""

    code = 479


class GateFailedError(F2pError):
    """Weights were made, but did not prove good enough to serve."""

    code = 755


class CheckRequestError(F2pError):
    """A check of a step that the plan does not have."""

    code = 550


class BusyError(F2pError):
    """The node is at work on another request."""

    code = 478


class DeadlineError(F2pError):
    """An answer did not come in time."""

    code = 920


class NoStackError(F2pError):
    """Nobody is there to be asked for a goal."""

    code = 921

    def __init__(self, domain: str, within_s: float) -> None:
        super().__init__(
            f"no stack is running in ROS domain {domain}: no process of it was seen within {within_s:.0f} s; start one "
            f"with ./f2p up --sim, or set ROS_DOMAIN_ID to the domain of the one that runs"
        )


class NodeDeadError(F2pError):
    """The node that was asked fell silent, or was restarted while it was working."""

    code = 477


class NotReadyError(F2pError):
    """A node was asked before it could answer."""

    code = 922


class CanceledError(F2pError):
    """The caller took the request back."""

    code = 473


class RemoteError(F2pError):
    """Another node refused or failed without a code; where it gave one, that travels on in place of this."""

    code = 924

    def __init__(self, text: str, remote_code: int) -> None:
        super().__init__(text)
        self.remote_code = remote_code


class CloudError(F2pError):
    """A point cloud message that cannot be converted."""

    code = 940


class MessageError(F2pError):
    """A message whose fields contradict each other."""

    code = 942


class GraphError(F2pError):
    """The robot graph is inconsistent, or a node is not part of it."""

    code = 970


class SupervisorError(F2pError):
    """A process could not be started or keeps dying."""

    code = 971


class DomainTakenError(F2pError):
    """A robot, or another demo, is already in the ROS domain that a demo wanted for itself."""

    code = 972


def wire_code(error: BaseException) -> int:
    """The code that travels in `error_code`: the error's own, or 999 for one without; never 0, which means success."""
    if isinstance(error, RemoteError):
        return error.remote_code
    return type(error).code or UNFORESEEN if isinstance(error, F2pError) else UNFORESEEN


def wire_text(error: BaseException) -> str:
    """One non-empty line for `error_msg`."""
    text = " ".join(str(error).split())
    return text if isinstance(error, F2pError) and text else f"{type(error).__name__}: {text}"
