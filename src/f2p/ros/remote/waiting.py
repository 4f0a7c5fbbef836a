"""What the nodes of a stack say of themselves on /diagnostics, heard beside a program that asks them for something."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node

WAITS = "waits for "
"""How the word of a node begins that waits for something outside."""


@dataclass(frozen=True)
class Word:
    """The last word of one node."""

    state: str
    """Lifecycle state."""
    message: str
    ok: bool


class Waiting:
    """Hears the nodes of one namespace.

    Args:
        node: Whose executor listens, and in whose namespace the stack is.
        group: Of the callback; the node's own unless given.
    """

    def __init__(self, node: Node, group: CallbackGroup | None = None) -> None:
        self._prefix = node.get_namespace().strip("/") + "/"
        self._lock = threading.Lock()
        self._words: dict[str, Word] = {}
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10, callback_group=group)

    def words(self) -> dict[str, Word]:
        """Return the last word of each node that has spoken, by its name in the graph."""
        with self._lock:
            return dict(self._words)

    def why(self) -> str:
        """Return in one line what the stack waits for; empty where every node that spoke is active."""
        late = {name: word for name, word in self.words().items() if not word.ok}
        outside = {name: word for name, word in late.items() if word.message.startswith(WAITS)}
        return "; ".join(f"{name} {word.message}" for name, word in sorted((outside or late).items()))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            name = status.name.removeprefix(self._prefix)
            if name == status.name or "/" in name:
                continue
            state = next((one.value for one in status.values if one.key == "state"), "")
            with self._lock:
                self._words[name] = Word(state, status.message, status.level == DiagnosticStatus.OK)
