"""What an operator decided about a failure, and what was driven, kept in the failure's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from f2p.monitor.case import note_operator
from f2p.ros.base import qos
from f2p.ros.base.goals import TOLD_S
from f2p.ros.base.worker import Worker
from f2p.ros.errors import BusyError
from f2p.ros.messages.bounds import only_within
from f2p.ros.messages.convert import stamp_from_msg
from f2p_msgs.msg import OperatorWord

NOTED_S = 30.0
"""Longest wait for the disk [s] (ours)."""


class OperatorNotes:
    """Writes down, on a worker's thread, what is said about failures that lie in a folder here.

    Args:
        node: Whose executor listens.
        worker: Writes.
        folder: Where the failures are, asked each time.
    """

    def __init__(self, node: Node, worker: Worker, folder: Callable[[], Path]) -> None:
        self._node, self._worker, self._folder = node, worker, folder
        node.create_subscription(OperatorWord, "operator", only_within(self._on_word), qos.STATE,
                                 callback_group=MutuallyExclusiveCallbackGroup())  # fmt: skip

    def _on_word(self, word: OperatorWord) -> None:
        if not word.failure_id:
            return
        try:
            self._worker.submit(lambda: self._note(word), NOTED_S)
        except BusyError as error:  # raised out of here it would end the process
            text = f"what the operator says of {word.failure_id} is not kept: {error}"
            self._node.get_logger().warning(text, throttle_duration_sec=TOLD_S)

    def _note(self, word: OperatorWord) -> None:
        driven = dict(zip(word.joints, map(float, word.driven), strict=False))
        said = {"choice": word.choice, "holder": word.holder, "driven": driven,
                "stamp_ns": stamp_from_msg(word.header.stamp)}  # fmt: skip
        try:
            noted = note_operator(self._folder(), word.failure_id, said)
        except OSError as error:
            self._node.get_logger().warning(f"what the operator says of {word.failure_id} is not kept: {error}")
            return
        kept = "" if noted else ", and is not kept: no such failure lies here"
        self._node.get_logger().info(f"{word.failure_id}: the operator says {word.choice}{kept}")
