"""Plug-ins: a lab's own members join their families without a file of ours being touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from f2p.plugins import PluginError
from f2p.registry import Makers, Registry, UnknownNameError

ROOT = Path(__file__).resolve().parents[2]

LAB = '''
"""A lab's own members."""

import numpy as np
import typer

from f2p.cli._shared import commands
from f2p.scene.segment.protocol import segmenters


@segmenters.register("halves")
class Halves:
    """One object on the left, one on the right."""

    def segment(self, points, colors=None, sensor=None):
        return (points[:, 0] > 0.0).astype(int)


@commands.register("greet")
def greet(app: typer.Typer) -> None:
    app.command()(lambda: typer.echo(f"segmenters: {', '.join(segmenters.names)}"))
'''


def f2p(folder: Path, plugins: str, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "F2P_PLUGINS": plugins, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-m", "f2p", *words], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_members_and_commands_of_a_plug_in_are_known(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text(LAB)
    result = f2p(tmp_path, "lab", "<lambda>")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "segmenters: geometric, halves\n"
    result = f2p(tmp_path, "lab", "perceive", "--segmenter", "thirds", "--out", str(tmp_path), "scan.pcd")
    assert (result.returncode, result.stderr) == (
        2, "error 10: no segmenter is called 'thirds'; choose one of: geometric, halves\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fact"),
    [("import nowhere_to_be_found", "ModuleNotFoundError: No module named"), ("1 / 0", "ZeroDivisionError"), ("", "")],
)
def test_a_plug_in_that_cannot_be_imported_costs_one_line(tmp_path: Path, text: str, fact: str) -> None:
    if text:
        (tmp_path / "lab.py").write_text(text)
    result = f2p(tmp_path, " lab ,", "perceive", "--segmenter", "geometric", "--out", str(tmp_path), "scan.pcd")
    assert result.returncode == 2 and result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"error 12: the plug-in 'lab' of F2P_PLUGINS cannot be imported ({fact}")


def test_an_unknown_command_of_a_broken_plug_in_is_one_line(tmp_path: Path) -> None:
    result = f2p(tmp_path, "lab", "greet")
    assert result.returncode == 2 and result.stderr.startswith("error 12: the plug-in 'lab'")


def test_a_family_is_whole_only_once_everything_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plug-in that failed at the first question was missing in silence at the second."""
    monkeypatch.setenv("F2P_PLUGINS", "f2p_no_such_plug_in")
    family: Registry[int] = Registry("number")
    family.register("one")(1)
    for _ in range(2):
        with pytest.raises(PluginError, match="'f2p_no_such_plug_in' of F2P_PLUGINS"):
            family.get("one")
    monkeypatch.delenv("F2P_PLUGINS")
    assert family.get("one") == 1 and list(family) == ["one"]


def test_implementations_are_made_from_their_config_or_from_nothing() -> None:
    family: Makers[list[int]] = Makers("list")

    @family.register("filled")
    def filled(config: list[int] | None = None) -> list[int]:
        return config or [0]

    assert family.make("filled") == [0] and family.make("filled", [1]) == [1]
    with pytest.raises(UnknownNameError, match="no list is called 'empty'; choose one of: filled"):
        family.make("empty")


def test_what_costs_something_to_make_says_its_config_unmade() -> None:
    """The settings of a simulator whose engine is not installed could not be shown."""
    family: Makers[object] = Makers("engine")

    @family.register("dear")
    class Dear:
        def __init__(self, config: int = 0) -> None:
            raise AssertionError("made")

        @staticmethod
        def default_config() -> int:
            return 3

    @family.register("cheap")
    class Cheap:
        config = 4

    family.register("plain")(object)
    assert family.configs() == {"cheap": 4, "dear": 3}
