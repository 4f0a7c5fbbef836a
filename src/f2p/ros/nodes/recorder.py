"""The recorder's process: the last minute in memory, on disk when something happens or somebody asks; moves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from std_srvs.srv import Trigger

from f2p.record.attached import attach
from f2p.record.errors import RecorderFullError
from f2p.record.recorder import Ended, Recorder, RecordingConfig, free_bytes
from f2p.ros.base import qos
from f2p.ros.base.goals import TOLD_S
from f2p.ros.base.node import F2pNode, run
from f2p.ros.errors import wire_code, wire_text
from f2p.ros.messages.recording import Events, state_to_msg
from f2p.ros.remote.heard import Heard, HeardConfig, NodeClock
from f2p.settings import group, number, setting

CLOSE_S = 5.0
"""Longest writing at the end [s] (ours: what waits is some seconds of images)."""


@dataclass(frozen=True)
class RecorderConfig(HeardConfig):
    """What is recorded, and where to."""

    folder: str = setting("runs/recordings", "where recordings lie, each a folder")
    tasks: bool = setting(False, "whether the whole pursuit of each goal is recorded", runtime=True)
    deadline_s: float = number(20.0, "longest work at once", unit="s", low=1.0, high=600.0, runtime=False)
    recording: RecordingConfig = group(RecordingConfig)


CONFIG = RecorderConfig
"""What its parameters are made from."""


class RecorderNode(F2pNode):
    """Runs `f2p.record.recorder` on its worker thread."""

    def __init__(self) -> None:
        super().__init__("recorder", CONFIG())
        self._recorder: Any = None
        self._working: Any = None
        self._told: DiagnosticStatus | None = None

    def connect(self) -> None:
        """Listen to everything that matters, serialized as it is; offer start, stop and mark; tell the state."""
        config = self.parameters.config
        folder = Path(config.folder).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        own = {"robot": "stretch", "namespace": self.get_namespace()}
        self._recorder = Recorder(config.recording, folder, own, NodeClock(self), free_bytes, self.get_logger().error)
        self._events = Events(int(self.get_clock().now().nanoseconds))
        self._heard = Heard(self, config.subjects)
        for name, job in (("start", self._start), ("stop", self._stop), ("mark", self._mark)):
            self.create_service(Trigger, f"record/{name}", partial(self._answer, job), callback_group=self.together)
        self._states = self.create_publisher(DiagnosticStatus, "recorder_state", qos.LATCHED)

    def tick(self) -> None:
        """Have what came since the last beat sorted and written."""
        if self._working is None or self._working.done():
            if self._working is not None and (error := self._working.exception(timeout=0)) is not None:
                self.get_logger().error(wire_text(error), throttle_duration_sec=TOLD_S)
            self._working = self.worker.submit(self._work, self.parameters.config.deadline_s)

    def _work(self, last: bool = False) -> None:
        config = self.parameters.config
        self._recorder.config, self._recorder.own["inventory"] = config.recording, self._heard.inventory
        for subject, topic, stamp_ns, data in self._heard.since():
            self._recorder.take(subject, topic, stamp_ns, data)
            event = self._events.of(subject, data)
            if event is not None:
                self._try(partial(self._recorder.event, event.kind, event.why, event.case))
        if config.tasks and self._events.pursuing:
            self._try(partial(self._recorder.start, "task"))
        else:
            self._recorder.stop("task")
        self._finish(self._recorder.close() if last else self._recorder.tick())
        self._tell_state()

    def _try(self, record: Callable[[], Path]) -> None:
        """Record for an event; a full disk is told of once, not with every message."""
        try:
            record()
        except (RecorderFullError, OSError) as error:
            if not self._recorder.full:
                self.get_logger().error(wire_text(error))
            self._recorder.full = wire_text(error)

    def _finish(self, ended: list[Ended]) -> None:
        for one in ended:
            self.get_logger().info(f"recorded {one.messages} messages to {one.path}")
            for case in one.cases:
                try:
                    attach(one.path, case)
                except OSError as error:
                    self.get_logger().warning(f"{case.name} stays without its recording {one.path}: {error}")

    def _start(self) -> str:
        return f"recording to {self._recorder.start('asked')}"

    def _stop(self) -> str:
        path = self._recorder.stop("asked")
        return f"recorded to {path}" if path is not None else "nothing was being recorded"

    def _mark(self) -> str:
        return f"marked in {self._recorder.event('mark', 'an operator marked this moment')}"

    async def _answer(self, job: Callable[[], str], _request: Any, response: Trigger.Response) -> Trigger.Response:
        try:
            self._require_active()
            response.message = await self.work(job, self.parameters.config.deadline_s, "record")
            response.success = True
        except Exception as error:
            response.success, response.message = False, f"error {wire_code(error)}: {wire_text(error)}"
        return response

    def _tell_state(self) -> None:
        """Publish what is recorded, when it changes."""
        state = state_to_msg(self._recorder, self._heard.left_out)
        if state != self._told:
            self._told = state
            self._states.publish(state)

    def halt(self, why: str) -> None:
        """Take what was heard since the last beat, write what waits, and end the recording that is open, whole."""
        if self._recorder is not None:
            self._heard.look()
            self._working = self.worker.submit(partial(self._work, last=True), CLOSE_S)

    @property
    def resting(self) -> bool:
        """Whether nothing is being written any more."""
        return self._working is None or self._working.done()


def main() -> None:
    """Run the recorder until it is asked to end."""
    run(RecorderNode, images=True)


if __name__ == "__main__":
    main()
