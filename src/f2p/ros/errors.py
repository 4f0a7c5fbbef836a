"""Errors of the ROS shell, in the blocks of what they are about, and how an error becomes a code on the wire.

150-156 perceiving, 251-255 predicting, 478 goals, 550-552 checking, 755-756 learning, 921-922 waiting for other nodes,
940-943 messages.
"""

from __future__ import annotations

from collections.abc import Collection

from f2p.errors import UNFORESEEN, F2pError
from f2p.graph.places import here
from f2p.loop.errors import RemoteError


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


class FrozenCameraError(F2pError):
    """The camera sends the same image although the head, or the base, moved in between."""

    code = 156


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


class UnknownSceneError(F2pError):
    """A scene that is referred to and not kept, or kept no longer; it has to be sent whole."""

    code = 255

    def __init__(self, name: str) -> None:
        super().__init__(f"no scene with the id {name!r} is kept here; send the whole of it")


class GateFailedError(F2pError):
    """Weights were made, but did not prove good enough to serve."""

    code = 755


class WaitingForApprovalError(F2pError):
    """Weights passed the gate and wait for a person: the policy is to ask."""

    code = 756


class CheckRequestError(F2pError):
    """A check of a step that the plan does not have."""

    code = 550


class UnknownPlanError(F2pError):
    """A check of a plan that no planner published, or too long ago."""

    code = 551


class CheckedEnoughError(F2pError):
    """A step that was checked as often as a step is."""

    code = 552


class BusyError(F2pError):
    """The node is at work on another request."""

    code = 478


class NoStackError(F2pError):
    """Nobody is there to be asked for a goal."""

    code = 921

    def __init__(self, domain: str, within_s: float, namespace: str, elsewhere: Collection[str] = ()) -> None:
        others = f"; there is one in {', '.join(elsewhere)}: say --namespace" if elsewhere else ""
        super().__init__(
            f"no stack is running in {namespace} of ROS domain {domain}: no process of it was seen within "
            f"{within_s:.0f} s{others}; start one with {here('up --sim')}, or set ROS_DOMAIN_ID to the domain of the "
            "one that runs"
        )


class NotReadyError(F2pError):
    """A node was asked before it could answer."""

    code = 922


class CloudError(F2pError):
    """A point cloud message that cannot be converted."""

    code = 940


class BoundError(F2pError):
    """A field of a message that is not within its bounds (`f2p_msgs/Limits`), or not finite."""

    code = 941

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")


class MessageError(F2pError):
    """A message whose fields contradict each other."""

    code = 942


class VocabularyError(F2pError):
    """Relations in another vocabulary than that of this process."""

    code = 943

    def __init__(self, theirs: tuple[tuple[str, ...], ...], ours: tuple[tuple[str, ...], ...]) -> None:
        told, here = (", ".join(name for names in one for name in names) or "none" for one in (theirs, ours))
        super().__init__(f"relations are told in the vocabulary {told[:500]}; here it is {here}")


def wire_code(error: BaseException) -> int:
    """Return what travels in `error_code`: the error's own, or 999 for one without; never 0, which means success."""
    if isinstance(error, RemoteError):
        return error.remote_code
    return type(error).code or UNFORESEEN if isinstance(error, F2pError) else UNFORESEEN


def wire_text(error: BaseException) -> str:
    """Return one non-empty line for `error_msg`."""
    text = " ".join(str(error).split())
    return text if isinstance(error, F2pError) and text else f"{type(error).__name__}: {text}"
