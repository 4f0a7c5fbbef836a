"""How the pursuit of a goal can end (codes 471 to 479), and what it is to wait for other processes (920 to 924)."""

from __future__ import annotations

from f2p.errors import F2pError


class NoBelievedPlanError(F2pError):
    """No plan reaches the belief threshold and nothing was proposed."""

    code = 471


class AttemptsUsedUpError(F2pError):
    """Every attempt failed."""

    code = 472


class GivenUpError(F2pError):
    """An operator gave the goal up."""

    code = 474


class FailedTwiceError(F2pError):
    """The same step failed twice, and an operator who was asked did not answer."""

    code = 475


class LearningError(F2pError):
    """Learning ended without weights that serve."""

    code = 476


class NodeDeadError(F2pError):
    """The node that was asked fell silent, or was restarted while it was working."""

    code = 477


class UnclearFailureError(F2pError):
    """A contradiction whose cause the rules do not tell: a person has to look."""

    code = 479


class DeadlineError(F2pError):
    """An answer did not come in time."""

    code = 920


class RemoteError(F2pError):
    """Another node refused or failed without a code; where it gave one, that travels on in place of this."""

    code = 924

    def __init__(self, text: str, remote_code: int) -> None:
        super().__init__(text)
        self.remote_code = remote_code
