"""What launch files construct, on machines without `launch`."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = ("launch", "launch.actions", "launch.substitutions", "launch_ros", "launch_ros.actions")


class Recorder(ModuleType):
    """Stands in for a module of `launch` or `launch_ros`: keeps what launch files construct."""

    def __init__(self, name: str, made: list[SimpleNamespace]) -> None:
        super().__init__(name)
        self._made = made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def make(*args: object, **kwargs: object) -> SimpleNamespace:
            out = SimpleNamespace(kind=name, args=args, kwargs=kwargs)
            out.perform = lambda told: told[args[0]]
            self._made.append(out)
            return out

        return make


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[SimpleNamespace]]:
    """What a launch file makes with some arguments, in its order, each with its kind and what it was given."""

    def read(name: str, **told: str) -> list[SimpleNamespace]:
        made: list[SimpleNamespace] = []
        monkeypatch.delenv("FASTRTPS_DEFAULT_PROFILES_FILE", raising=False)
        monkeypatch.setenv("RMW_IMPLEMENTATION", "another")
        for module in MODULES:
            monkeypatch.setitem(sys.modules, module, Recorder(module, made))
        monkeypatch.delitem(sys.modules, "f2p.ros.launching", raising=False)
        spec = importlib.util.spec_from_loader("launch_file", loader=None)
        assert spec is not None
        file = importlib.util.module_from_spec(spec)
        exec(compile((ROOT / "launch" / f"{name}.launch.py").read_text(), name, "exec"), file.__dict__)
        file.generate_launch_description()
        arguments = {one.args[0]: one.kwargs["default_value"] for one in made if one.kind == "DeclareLaunchArgument"}
        assert set(told) <= set(arguments), "an argument that is not declared"
        for one in [one for one in made if one.kind == "OpaqueFunction"]:  # what is made once the arguments are known
            one.kwargs["function"](arguments | told, *one.kwargs["args"])
        monkeypatch.delitem(sys.modules, "f2p.ros.launching", raising=False)
        return made

    return read
