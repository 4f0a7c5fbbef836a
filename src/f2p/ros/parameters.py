"""ROS parameters from a config dataclass: one declaration gives default, range, unit and text."""

from __future__ import annotations

import dataclasses
import math
import sys
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from f2p.settings import SettingError, overridden

C = TypeVar("C")


def descriptor(item: dataclasses.Field) -> ParameterDescriptor:
    """Text, unit and range of one config field, for `ros2 param describe`."""
    facts = item.metadata
    unit = f" [{facts['unit']}]" if facts.get("unit") else ""
    source = f" ({facts['source']})" if facts.get("source") else ""
    out = ParameterDescriptor(name=item.name, description=f"{facts.get('text', item.name)}{unit}{source}")
    if "low" in facts and isinstance(item.default, int) and not isinstance(item.default, bool):
        out.integer_range = [IntegerRange(from_value=_whole(facts["low"]), to_value=_whole(facts["high"]), step=1)]
    elif "low" in facts and isinstance(item.default, float):
        low, high = (max(min(facts[end], sys.float_info.max), -sys.float_info.max) for end in ("low", "high"))
        out.floating_point_range = [FloatingPointRange(from_value=low, to_value=high, step=0.0)]
    else:
        out.read_only = not facts.get("runtime", False)
    return out


def _whole(bound: float) -> int:
    return int(max(min(bound, 2**62), -(2**62)))


class Parameters(Generic[C]):
    """The parameters of one node, always a checked config value.

    Args:
        node: The node that declares them.
        defaults: Config whose fields become parameters.
    """

    def __init__(self, node: Node, defaults: C) -> None:
        values: dict[str, Any] = {}
        for item in dataclasses.fields(defaults):  # type: ignore[arg-type]
            parameter = node.declare_parameter(item.name, getattr(defaults, item.name), descriptor(item))
            values[item.name] = parameter.value
        self.config: C = overridden(defaults, values)
        self._names = set(values)
        node.add_on_set_parameters_callback(self._on_set)

    def _on_set(self, changed: list[Parameter]) -> SetParametersResult:
        mine = {item.name: item.value for item in changed if item.name in self._names}
        if any(isinstance(value, float) and not math.isfinite(value) for value in mine.values()):
            return SetParametersResult(successful=False, reason=f"parameters must be finite: {mine}")
        try:
            self.config = overridden(self.config, mine)
        except SettingError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)
