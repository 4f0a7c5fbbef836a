"""Set-up that is interrupted at any moment and started again; what it starts is told in `test_setup.py`."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup"))

import bootstrap  # noqa: E402
import interfaces  # noqa: E402
import progress  # noqa: E402

RUN = """
import os, signal, sys
from pathlib import Path
import bootstrap

fatal, protocol = sys.argv[1], Path(sys.argv[2])
name_of = {stage.run: stage.name for stage in bootstrap.STAGES}

def note(text):
    with protocol.open("a") as stream:
        stream.write(text + "\\n")

def make(stage):
    def run(log):
        note("begins " + stage.name)
        if stage.name == "venv":
            (bootstrap.VENV / "bin").mkdir(parents=True, exist_ok=True)
            bootstrap.PYTHON.touch()
        if stage.name == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        note("ends " + stage.name)
    return run

import dataclasses
fakes = [dataclasses.replace(stage, run=make(stage)) for stage in bootstrap.STAGES]
bootstrap.make_venv = fakes[1].run
bootstrap.STAGES = tuple(fakes)
sys.exit(bootstrap.main())
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with what set-up reads, in a folder that not every tool bears."""
    clone = tmp_path / "Ein Ordner mit Ümläuten"
    clone.mkdir()
    shutil.copytree(ROOT / "setup", clone / "setup", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "requirements", clone / "requirements")
    for package in interfaces.PACKAGES:
        shutil.copytree(ROOT / package, clone / package)
    return clone


def run(clone: Path, fatal: str) -> tuple[int, list[str]]:
    """Run set-up with stages that only say so, one of which kills it; its end and what was said."""
    protocol = clone / "protocol"
    protocol.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(clone / "setup"), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", RUN, fatal, str(protocol)], env=environment, capture_output=True, check=False, timeout=60
    )
    return ended.returncode, protocol.read_text().splitlines() if protocol.exists() else []


NAMES = [stage.name for stage in bootstrap.STAGES]


@pytest.mark.parametrize("fatal", NAMES)
def test_a_killed_set_up_goes_on_with_the_stage_it_was_killed_in(clone: Path, fatal: str) -> None:
    assert run(clone, fatal)[0] == -signal.SIGKILL
    code, said = run(clone, "")
    first = 0 if NAMES.index(fatal) <= NAMES.index("venv") else NAMES.index(fatal)
    assert code == 0
    assert said == [f"{what} {name}" for name in NAMES[first:] for what in ("begins", "ends")]
    assert run(clone, "") == (0, [])


def test_a_new_virtual_environment_is_filled_again_even_if_that_is_interrupted(clone: Path) -> None:
    """What had been installed in the old one counted as done."""
    assert run(clone, "")[0] == 0
    (clone / ".venv/bin/python").unlink()
    assert run(clone, "locked")[0] == -signal.SIGKILL
    code, said = run(clone, "")
    assert code == 0
    assert [text for text in said if text.startswith("ends")] == [f"ends {name}" for name in NAMES[2:]]


def test_what_pip_left_half_installed_is_installed_again(tmp_path: Path) -> None:
    """pip took it for installed: its METADATA was there, some of its files were not."""
    for name, files in (("whole-1", ("METADATA", "RECORD", "INSTALLER")), ("half-1", ("METADATA", "RECORD"))):
        (tmp_path / f"{name}.dist-info").mkdir()
        for file in files:
            (tmp_path / f"{name}.dist-info" / file).touch()
    assert bootstrap.forget_half_installed(tmp_path) == ["half-1.dist-info"]
    assert [path.name for path in tmp_path.iterdir()] == ["whole-1.dist-info"]


def test_a_rewritten_file_is_the_old_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.cmake").write_text("old")

    def interrupted(*_paths: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        interfaces.rewrite(tmp_path, (".cmake",), {"old": "new"})
    assert (tmp_path / "x.cmake").read_text() == "old"


def test_the_old_interfaces_stay_until_the_new_ones_are_built(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were removed first: every process that started meanwhile died of it."""
    target, paths = clone / ".venv/interfaces", []
    target.mkdir(parents=True)
    (target / "which").write_text("old")

    def fails(command: list[str], *_rest: object) -> None:
        paths.extend(item for item in command if "/" in item)
        assert (target / "which").read_text() == "old"
        raise progress.SetupError("no compiler today")

    def builds(_command: list[str], *_rest: object) -> None:
        made = interfaces.working_folder(clone) / "install"
        made.mkdir()
        (made / "which").write_text(f"new, in {made}")

    monkeypatch.setattr(interfaces, "run_logged", fails)
    with pytest.raises(progress.SetupError):
        interfaces.build(clone, clone / ".venv", target, tmp_path / "log")
    assert (target / "which").read_text() == "old" and not interfaces.working_folder(clone).exists()
    assert all(interfaces.PLAIN.fullmatch(path.rpartition("=")[2]) for path in paths if "$" not in path), paths
    monkeypatch.setattr(interfaces, "run_logged", builds)
    interfaces.build(clone, clone / ".venv", target, tmp_path / "log")
    assert (target / "which").read_text() == f"new, in {target}"
    assert [path.name for path in target.parent.iterdir()] == ["interfaces"]


def test_set_up_waits_for_what_a_killed_one_started(clone: Path) -> None:
    """Two pips in one folder spoil each other's work."""
    script = (
        "import bootstrap, sys; from pathlib import Path\n"
        "with bootstrap.alone(): bootstrap.run_logged(['sh', '-c', 'echo $$; exec sleep 60'], Path(sys.argv[1]))"
    )
    log, environment = clone / "log", {**os.environ, "PYTHONPATH": str(clone / "setup")}
    with subprocess.Popen([sys.executable, "-B", "-c", script, str(log)], env=environment) as started:
        until = time.monotonic() + 20.0
        while not (log.exists() and log.read_text().splitlines()[2:]):
            assert time.monotonic() < until
            time.sleep(0.02)
        started.kill()
    child = int(log.read_text().split()[-1])
    with (clone / "setup/bootstrap.py").open() as handle:
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.kill(child, signal.SIGKILL)
        fcntl.flock(handle, fcntl.LOCK_EX)
