"""Timers by the monotonic clock: a node's own time stands, jumps or crawls with `use_sim_time`, and timers with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.timer import Timer


def steady_timer(node: Node, period_s: float, callback: Callable[[], Any], group: Any = None) -> Timer:
    """Call back as time passes for the processor, whatever time it is for the node.

    Args:
        node: Whose executor calls.
        period_s: Time between two calls [s].
        callback: What is called.
        group: Callback group; None: the node's own.
    """
    return node.create_timer(period_s, callback, callback_group=group, clock=Clock(clock_type=ClockType.STEADY_TIME))
