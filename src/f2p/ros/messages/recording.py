"""What of the messages that pass is worth a recording: a failure, a hold, somebody who takes over; a goal's time."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from action_msgs.msg import GoalStatus, GoalStatusArray
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message

from f2p.record.recorder import Recorder
from f2p.record.subjects import LATCHED, Subject
from f2p.ros.messages.convert import stamp_from_msg
from f2p_msgs.msg import Failure, GuardState

GOAL_STATUS = "achieve_goal/_action/status"
_PURSUED = (GoalStatus.STATUS_ACCEPTED, GoalStatus.STATUS_EXECUTING, GoalStatus.STATUS_CANCELING)
_PARTS = {"_FeedbackMessage": "FeedbackMessage"}


@dataclass(frozen=True)
class Event:
    """Something that a recording is to show."""

    kind: str
    why: str
    case: Path | None = None


class Events:
    """Finds events in messages as they come.

    Args:
        since_ns: Failures from before are none any more: the last one is told to every late joiner.
    """

    def __init__(self, since_ns: int) -> None:
        self._since_ns = since_ns
        self._guard: GuardState | None = None
        self.pursuing = False
        """Whether a goal is being pursued."""

    def of(self, subject: Subject, data: bytes) -> Event | None:
        """Return the event that a message is."""
        if subject.name == "failure":
            return self._of_failure(deserialize_message(data, Failure))
        if subject.name == "guard_state":
            return self._of_guard(deserialize_message(data, GuardState))
        if subject.name == GOAL_STATUS:
            goals = deserialize_message(data, GoalStatusArray).status_list
            self.pursuing = any(goal.status in _PURSUED for goal in goals)
        return None

    def _of_failure(self, message: Failure) -> Event | None:
        if stamp_from_msg(message.header.stamp) < self._since_ns:
            return None
        case = Path(message.folder) if message.folder else None
        return Event("failure", f"{message.id}: {message.cause}: {message.message}", case)

    def _of_guard(self, now: GuardState) -> Event | None:
        before, self._guard = self._guard, now
        if before is None or now.mode == GuardState.NOBODY:
            return None
        if now.mode == GuardState.OPERATOR != before.mode:
            return Event("takeover", "an operator has the robot")
        if (now.holding and not before.holding) or (now.latched and not before.latched):
            return Event("hold", f"{now.error_code}: {now.reason}")
        return None


def type_of(kind: str) -> Any:
    """Return the class of a message type, such as sensor_msgs/msg/Image. Raises ImportError, AttributeError."""
    package, family, name = kind.split("/")
    module = importlib.import_module(f"{package}.{family}")
    for ending, part in _PARTS.items():
        if family == "action" and name.endswith(ending):
            return getattr(getattr(module, name.removesuffix(ending)).Impl, part)
    return getattr(module, name)


IMAGES, VALUES = 20, 100
"""Messages of one topic that are kept until the recorder looks, ten times a second (ours: .7 s of a camera, 3 s of the
driver: it has the least of a busy machine)."""


def profile_of(subject: Subject) -> QoSProfile:
    """Return how the recorder listens: whoever publishes never waits for it, last values come late too."""
    latched = subject.delivery == LATCHED
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=max(IMAGES if subject.bulky else VALUES, subject.kept),
        reliability=ReliabilityPolicy.RELIABLE if latched else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )  # fmt: skip


def state_to_msg(recorder: Recorder, left_out: int) -> DiagnosticStatus:
    """Return what a recorder is doing, for people and the console.

    Args:
        recorder: It.
        left_out: Images that never came to it, since it was busy.
    """
    path, dropped = recorder.recording, recorder.dropped + left_out
    values = {"recording": "" if path is None else str(path), "images left out": str(dropped)}
    return DiagnosticStatus(
        level=DiagnosticStatus.WARN if recorder.full or dropped else DiagnosticStatus.OK,
        name="recorder", hardware_id="f2p",
        message=recorder.full or (f"recording to {path}" if path is not None else "listening"),
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )  # fmt: skip
