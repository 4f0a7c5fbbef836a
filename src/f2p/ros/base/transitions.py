"""Transitions that are asked for over the wire: one that does not start from the present state is answered, too.

rclpy raises out of the executor there, and answers nothing: who asked would wait for ever, and the process would end.
"""

from __future__ import annotations

from typing import Any

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode


def answer_transitions(node: LifecycleNode) -> None:
    """Have the node's `change_state` say "no success", with a line in the log, where rclpy would raise."""
    service = node._service_change_state
    change = service.callback

    def answered(request: Any, response: Any) -> Any:
        try:
            return change(request, response)
        except rclpy_implementation.RCLError:
            asked = request.transition.label or request.transition.id
            node.get_logger().warning(f"{node.get_name()}: transition {asked} does not start from the present state")
            response.success = False
            return response

    service.callback = answered
