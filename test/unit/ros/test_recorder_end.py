"""The recorder's end: what was heard a moment before it is recorded too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.serialization import serialize_message

from f2p.clock import SystemClock
from f2p.record.bag import open_bag, survey
from f2p.record.definitions import own_definition
from f2p.record.recorder import Recorder, RecordingConfig
from f2p.record.subjects import latched
from f2p.record.values import Topic
from f2p.ros.messages.recording import Events
from f2p.ros.nodes.recorder import RecorderConfig, RecorderNode
from f2p_msgs.msg import GuardState

KIND = "f2p_msgs/msg/GuardState"


class OutOfAGraph(RecorderNode):
    """A recorder that has heard something since its last beat, without a node."""

    def __init__(self, folder: Path, heard: list[tuple[object, ...]]) -> None:
        self._recorder = Recorder(RecordingConfig(free_bytes=0.0), folder, {}, SystemClock(), lambda _: 1, print)
        self.found: list[tuple[object, ...]] = []
        self._heard = SimpleNamespace(inventory="", since=lambda: iter(self.found), left_out=0,
                                      look=lambda: self.found.extend(heard))  # fmt: skip
        self._events, self._told = Events(0), None
        self._states = SimpleNamespace(publish=lambda _: None)
        self.parameters = SimpleNamespace(config=RecorderConfig(recording=RecordingConfig(free_bytes=0.0)))
        self.worker = SimpleNamespace(submit=self._at_once)

    @staticmethod
    def _at_once(job: Callable[[], None], _deadline_s: float) -> SimpleNamespace:
        job()
        return SimpleNamespace(done=lambda: True)

    def get_logger(self) -> SimpleNamespace:
        return SimpleNamespace(info=print, warning=print, error=print)

    def destroy_node(self) -> None:
        """There is none."""

    __del__ = destroy_node


def test_what_happened_since_the_last_beat_is_recorded_before_the_end(tmp_path: Path) -> None:
    """A demo ended with the failure of its last step, which was not recorded: the recorder had not looked yet."""
    subject, topic = latched("guard_state", KIND), Topic("/f2p/guard_state", KIND, own_definition(KIND))
    states = GuardState(mode=GuardState.AUTONOMY), GuardState(mode=GuardState.AUTONOMY, holding=True, reason="late")
    heard = [(subject, topic, stamp, serialize_message(state)) for stamp, state in enumerate(states, start=1)]
    node = OutOfAGraph(tmp_path, heard)
    node.halt("the process ends")
    (path,) = tmp_path.glob("*-hold")
    found = survey(open_bag(path))
    assert found.exit_code == 0 and sum(found.counts.values()) == 2 and node.resting
