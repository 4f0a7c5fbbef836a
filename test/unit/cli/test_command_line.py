"""What all commands share: help as it was written, bounded seeds, errors on stderr, and the name they are called by."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.text import Text
from typer.testing import CliRunner

from f2p.cli import build, main
from f2p.cli._shared import MOST_SEED
from f2p.ros import main as node_main


def commands(command: Any, name: str = "f2p") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name."""
    yield name, command
    for key, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{name} {key}")


ROOT = Path(__file__).resolve().parents[3]

CONSOLE_SCRIPT = "from f2p.__main__ import main; main()"
"""What pip writes into the script of the entry point in setup.py."""

ALL = dict(commands(typer.main.get_command(build())))


@pytest.mark.parametrize("name", ALL)
def test_no_help_text_is_swallowed_as_markup(name: str) -> None:
    """A unit in brackets is a style to rich: "Longest wait [s]." was shown as "Longest wait ."."""
    for text in [ALL[name].help, *(getattr(one, "help", None) for one in ALL[name].params)]:
        assert Text.from_markup(text or "").plain == (text or "").replace("\\[", "[")


@pytest.mark.parametrize("seed", [-1, MOST_SEED + 1])
@pytest.mark.parametrize("name", [name for name in ALL if any(one.name == "seed" for one in ALL[name].params)])
def test_seeds_are_bounded(name: str, seed: int) -> None:
    words = [*name.split()[1:], "--seed", str(seed)]
    result = CliRunner().invoke(build(words[0]), words)
    assert result.exit_code == 2 and "Invalid value for '--seed'" in " ".join(result.stderr.split())


@pytest.mark.parametrize("deadline", ["inf", "nan", "1e9"])
def test_nobody_waits_for_ever(deadline: str) -> None:
    result = CliRunner().invoke(build("run"), ["run", "above(box, table_b)", "--deadline", deadline])
    assert result.exit_code == 2 and "Invalid value for '--deadline'" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "above(box"), "error 110: cannot read the goal 'above(box'"),
        (("learn", "/nowhere/at/all"), "error 504: '/nowhere/at/all' is not a whole failure folder"),
        (("weights", "show", "deadbeef"), "error 801: no weights are called 'deadbeef'"),
        (("up", "--logs", "/proc/nowhere"), "error"),
    ],
    ids=lambda item: item[0] if isinstance(item, tuple) else "",
)
def test_errors_go_to_stderr_without_json_too(
    words: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROS_DOMAIN_ID", "77")
    result = CliRunner().invoke(build(words[0]), list(words))
    assert result.exit_code == 2 and result.stderr.startswith(says) and len(result.stderr.splitlines()) == 1
    assert "error" not in result.stdout


def test_the_command_is_called_f2p(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/f2p/__main__.py", "learn", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert "Usage: f2p learn [OPTIONS] " in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["toaster"]], ids=["none", "unknown"])
def test_a_process_without_a_node_says_which_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["f2p_node", *words])
    with pytest.raises(SystemExit) as ended:
        node_main.main()
    told = capsys.readouterr().err
    assert ended.value.code == 2 and told.count("\n") == 1
    assert told.startswith(f"error 970: no node {(words or [''])[0]!r} in the graph; there are: manager, ")


def called(
    *words: str, start: tuple[str, str] = ("-m", "f2p"), out: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`f2p` as a process of its own, its output into a file where one is named."""
    command = (sys.executable, *start, *words)
    with (out or Path(os.devnull)).open("wb") as stream:
        return subprocess.run(
            command, stdout=stream if out else subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
            timeout=120, env={**os.environ, **environment},
        )  # fmt: skip


@pytest.mark.parametrize("words", [("codes",), ("--help",), ("weights", "list", "--json")], ids=" ".join)
def test_a_full_disk_behind_the_output_is_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "store")) if "list" in words else ()
    ended = called(*words, *store, out=Path("/dev/full"))
    assert ended.returncode == 2 and "Traceback" not in ended.stderr and "Exception" not in ended.stderr
    assert ended.stderr.endswith("error: [Errno 28] No space left on device\n") and ended.stderr.count("error") == 1


@pytest.mark.parametrize("start", [("-m", "f2p"), ("-c", CONSOLE_SCRIPT)], ids=["module", "console script"])
def test_ctrl_c_while_importing_leaves_no_trace(tmp_path: Path, start: tuple[str, str]) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    ended = called("codes", start=start, PYTHONPATH=path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
    assert "{NAME}.__main__:main" in (ROOT / "setup.py").read_text(), "the console script starts elsewhere"


def test_an_output_without_unicode_ends_no_command() -> None:
    ended = called("settings", "perceive", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, "") and "\\u2026" in ended.stdout
