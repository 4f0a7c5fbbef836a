"""ROS parameters from a config dataclass: one declaration gives default, range, unit and text.

Nested configs have dotted names, which a YAML file writes as nested maps: `planner: {search: {depth: 6}}`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter

from f2p.errors import F2pError
from f2p.settings import SettingError, overridden
from f2p.settings_text import SettingFacts, settings_of

C = TypeVar("C")

PLAIN = (bool, int, float, str)
"""Types that a parameter keeps; lists, paths and what may be none have no type there, and the config checks them."""


def descriptor(item: SettingFacts) -> ParameterDescriptor:
    """Text, unit and range of one setting, for `ros2 param describe`."""
    unit = f" [{item.unit}]" if item.unit else ""
    source = f" ({item.source})" if item.source else ""
    out = ParameterDescriptor(name=item.name, description=f"{item.meaning or item.name}{unit}{source}")
    out.dynamic_typing = item.kind not in PLAIN
    if item.numeric and item.kind is int:
        out.integer_range = [IntegerRange(from_value=_whole(item.low), to_value=_whole(item.high), step=1)]
    elif item.numeric and item.kind is float:
        low, high = (max(min(end, sys.float_info.max), -sys.float_info.max) for end in (item.low, item.high))
        out.floating_point_range = [FloatingPointRange(from_value=low, to_value=high, step=0.0)]
    out.read_only = not item.runtime
    return out


def _whole(bound: float) -> int:
    return int(max(min(bound, 2**62), -(2**62)))


def _declared(node: Node, item: SettingFacts) -> Any:
    """Declare a parameter; its value. Raises SettingError where the one from outside does not do."""
    default, told = _outside(item.default), descriptor(item)
    try:
        try:
            return node.declare_parameter(item.name, default, told).value
        except InvalidParameterTypeException:
            given = _given(node, item.name) if item.kind is float else None
            if type(given) is not int:
                raise
            return node.declare_parameter(item.name, float(given), told, ignore_override=True).value
    except ParameterException as error:
        raise SettingError(f"parameter {item.name}: {error}") from error


def _given(node: Node, name: str) -> Any:
    """Return the value from outside, of whatever type: `3` is an integer where somebody meant a number."""
    value = node.declare_parameter(name, descriptor=ParameterDescriptor(dynamic_typing=True)).value
    node.undeclare_parameter(name)
    return value


def _outside(value: Any) -> Any:
    """Return a value as ROS has it; an empty list has no type there, and counts as not set."""
    if isinstance(value, tuple):
        return list(value) or None
    return str(value) if isinstance(value, Path) else value


def inside(value: Any, item: SettingFacts) -> Any:
    """Return a value of ROS as the config has it; what is not set is the default."""
    if value is None:
        return item.default
    if item.kind is Path and isinstance(value, str):
        return Path(value)
    return value if isinstance(value, PLAIN) else tuple(value)


class Parameters(Generic[C]):
    """The parameters of one node, always a checked config value.

    Args:
        node: The node that declares them.
        defaults: Config whose fields, and those of configs nested in it, become parameters.

    Raises:
        SettingError: A value from outside is of another type, out of its range, or none of the choices.
    """

    def __init__(self, node: Node, defaults: C) -> None:
        self._known = {item.name: item for item in settings_of(defaults)}
        values = {name: inside(_declared(node, item), item) for name, item in self._known.items()}
        self.config: C = overridden(defaults, values)
        node.add_on_set_parameters_callback(self._on_set)

    def _on_set(self, changed: list[Parameter]) -> SetParametersResult:
        known = self._known
        mine = {item.name: inside(item.value, known[item.name]) for item in changed if item.name in known}
        try:
            self.config = overridden(self.config, mine)
        except F2pError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)
