"""ROS parameters from a config dataclass: one declaration gives default, range, unit and text."""

from __future__ import annotations

import dataclasses
import math
import sys
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter

from f2p.errors import F2pError
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


def _declared(node: Node, name: str, default: Any, told: ParameterDescriptor) -> Any:
    """Declare a parameter; its value. Raises SettingError where the one from outside does not do."""
    try:
        try:
            return node.declare_parameter(name, default, told).value
        except InvalidParameterTypeException:
            given = _given(node, name) if isinstance(default, float) else None
            if type(given) is not int:
                raise
            return node.declare_parameter(name, float(given), told, ignore_override=True).value
    except ParameterException as error:
        raise SettingError(f"parameter {name}: {error}") from error


def _given(node: Node, name: str) -> Any:
    """The value from outside, of whatever type: `3` is an integer where somebody meant a number."""
    value = node.declare_parameter(name, descriptor=ParameterDescriptor(dynamic_typing=True)).value
    node.undeclare_parameter(name)
    return value


class Parameters(Generic[C]):
    """The parameters of one node, always a checked config value.

    Args:
        node: The node that declares them.
        defaults: Config whose fields become parameters.

    Raises:
        SettingError: A value from outside is of another type, out of its range, or none of the choices.
    """

    def __init__(self, node: Node, defaults: C) -> None:
        values: dict[str, Any] = {}
        for item in dataclasses.fields(defaults):  # type: ignore[arg-type]
            values[item.name] = _declared(node, item.name, getattr(defaults, item.name), descriptor(item))
        self.config: C = overridden(defaults, values)
        self._names = set(values)
        node.add_on_set_parameters_callback(self._on_set)

    def _on_set(self, changed: list[Parameter]) -> SetParametersResult:
        mine = {item.name: item.value for item in changed if item.name in self._names}
        if any(isinstance(value, float) and not math.isfinite(value) for value in mine.values()):
            return SetParametersResult(successful=False, reason=f"parameters must be finite: {mine}")
        try:
            self.config = overridden(self.config, mine)
        except F2pError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)
