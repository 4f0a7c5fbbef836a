"""Where the stack keeps failures and weights, as its parameters say, where these folders are on this machine too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rcl_interfaces.srv import GetParameters
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node

ASK_S = 5.0
"""Time between two questions for what is no topic [s] (ours)."""


class Places:
    """Asks until it knows.

    Args:
        node: Whose executor asks.
        group: Of the callbacks.
    """

    def __init__(self, node: Node, group: CallbackGroup) -> None:
        self._asked = {
            (server, name): node.create_client(GetParameters, f"{server}/get_parameters", callback_group=group)
            for server, name in (("monitor", "folder"), ("model_server", "store"))
        }
        self._known: dict[str, str] = {}
        node.create_timer(ASK_S, self._ask, callback_group=group)
        self._ask()

    @property
    def cases(self) -> Path | None:
        """Folder of the failures; None where it is unknown or elsewhere."""
        return self._here("folder")

    @property
    def store(self) -> Path | None:
        """Folder of the weights; None where it is unknown or elsewhere."""
        return self._here("store")

    def _here(self, name: str) -> Path | None:
        path = Path(self._known[name]).absolute() if name in self._known else None
        return path if path is not None and path.is_dir() else None

    def _ask(self) -> None:
        for (_, name), client in self._asked.items():
            if client.service_is_ready():
                future = client.call_async(GetParameters.Request(names=[name]))
                future.add_done_callback(lambda done, name=name: self._on_answer(name, done))

    def _on_answer(self, name: str, future: Any) -> None:
        answer = None if future.exception() is not None else future.result()
        if answer is not None and answer.values and answer.values[0].string_value:
            self._known[name] = answer.values[0].string_value
