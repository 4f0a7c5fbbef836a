"""Settings stay checked: every described number lives in a config that refuses what does not do."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import f2p
from f2p.settings import Settings, field_types
from f2p.settings_text import meaning, settings_of

from .every import every

ROOT = Path(__file__).resolve().parents[2]


def dataclasses_of_the_package() -> Iterator[type]:
    for module in pkgutil.walk_packages(f2p.__path__, "f2p."):
        if module.name.endswith("__main__"):
            continue
        try:
            loaded = importlib.import_module(module.name)
        except ImportError:
            if not module.name.startswith("f2p.ros"):
                raise
            continue  # without ROS, or without its launch
        for _, kind in inspect.getmembers(loaded, inspect.isclass):
            if kind.__module__ == module.name and dataclasses.is_dataclass(kind):
                yield kind


KINDS = sorted(dataclasses_of_the_package(), key=lambda kind: (kind.__module__, kind.__name__))


CONFIGS = [kind for kind in KINDS if issubclass(kind, Settings)]


def test_every_class_with_described_fields_checks_them() -> None:
    for kind in KINDS:
        described = any({"low", "among"} & set(item.metadata) for item in dataclasses.fields(kind))
        if described or kind.__name__.endswith("Config"):
            assert kind in CONFIGS, f"{kind.__module__}.{kind.__name__} does not derive from Settings"


@every(CONFIGS)
def test_a_config_can_be_made_without_arguments_and_its_types_are_known(kind: type) -> None:
    """Its defaults keep their own bounds, and a subclass with checks of its own keeps the common ones."""
    assert kind.__dataclass_params__.frozen
    names = {item.name for item in dataclasses.fields(kind())}
    assert names <= set(field_types(kind))
    if "__post_init__" in vars(kind):
        assert "super().__post_init__()" in inspect.getsource(kind.__post_init__)


@every(CONFIGS)
def test_every_setting_says_what_it_is_where_from_and_how_far_it_goes(kind: type) -> None:
    """A person reads this in `f2p settings` and in `ros2 param describe`; nothing else says what a number does."""
    config = kind()
    leaves = {item.name: item for item in settings_of(config)}
    for item in dataclasses.fields(config):
        if item.metadata.get("given"):
            continue
        name = f"{kind.__module__}.{kind.__name__}.{item.name}"
        by_name = isinstance(getattr(config, item.name), Mapping)  # its members say what they are
        assert by_name or meaning(kind, item), f"{name} has no text: declare it by number, choice, setting or group"
        if item.name in leaves:
            assert leaves[item.name].source, f"{name} does not say where its default comes from"
            numeric = {int, float} & set(parts(leaves[item.name].kind)) and type(item.default) is not tuple
            assert not numeric or leaves[item.name].numeric, f"{name} is a number without bounds: declare it by number"


def parts(kind: object) -> tuple[object, ...]:
    """The types of a union, or the one there is."""
    return typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)


def test_families_are_filled_in_one_way() -> None:
    """No file imports a member only to have it registered; the registry does that, and the plug-ins with it."""
    root = Path(f2p.__file__).parent
    by_hand = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"noqa: F401|iter_modules", path.read_text()) and path.name != "registry.py"
    ]
    assert sorted(by_hand) == ["cli/__init__.py", "cli/bench.py"]


def test_the_page_of_settings_is_what_the_configs_say() -> None:
    pytest.importorskip("rclpy", reason="node files import rclpy: run the set-up first")
    command = [
        sys.executable,
        "-m",
        "f2p",
        "settings",
        "--markdown",
    ]  # apart: other tests register members of their own
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    written = (ROOT / "docs" / "settings.md").read_text()
    assert written == done.stdout, "write it anew: ./f2p settings --markdown > docs/settings.md"
