"""`f2p doctor` advises what works where it runs: in a clone, under `ros2 run`, in a container."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from f2p.cli import build, doctor
from f2p.graph import places
from f2p.graph.finding import Finding


def test_commands_are_written_as_they_are_typed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.here("up --sim") == "./f2p up --sim"
    monkeypatch.setattr(places, "in_clone", lambda: False)
    assert places.here("up --sim") == "ros2 run f2p f2p up --sim"


def test_installed_nobody_is_sent_to_make(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `ros2 run` it named ./f2p and `make test`."""
    monkeypatch.setattr(doctor, "in_clone", lambda: False)
    monkeypatch.setattr(places, "in_clone", lambda: False)
    told = [doctor.installing("pip install torch"), doctor.weights().remedy, doctor.profile().remedy]
    assert not any("./f2p" in one or "make setup" in one for one in told)
    monkeypatch.delenv("FASTRTPS_DEFAULT_PROFILES_FILE", raising=False)
    assert doctor.profile().ok, "launch files and f2p up set it for what they start"


def test_in_a_container_the_remedy_is_an_option_of_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "in_container", lambda: True)
    assert "--shm-size" in doctor.shared_memory().remedy and "--cap-add" in doctor.priority().remedy
    monkeypatch.setattr(doctor, "in_container", lambda: False)
    assert "docker" not in doctor.shared_memory().remedy and "limits.d" in doctor.priority().remedy


def test_an_ordinary_user_is_told_that_the_guard_has_no_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_may_nice", lambda: False)
    monkeypatch.setattr(doctor.resource, "getrlimit", lambda _which: (0, 0))
    assert not doctor.priority().ok
    monkeypatch.setattr(doctor.resource, "getrlimit", lambda _which: (40, 40))
    assert doctor.priority().ok


def test_exit_code_and_json_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (lambda: Finding("thing", False, "broken", "mend it"),))
    monkeypatch.setattr(doctor, "graph", lambda _namespace: Finding("graph", True, "none"))
    monkeypatch.setattr(doctor, "robot", lambda _namespace, _wanted: [Finding("driver", True, "none")])
    result = CliRunner().invoke(build("doctor"), ["doctor", "--json"])
    told = json.loads(result.stdout.splitlines()[-1])
    assert result.exit_code == 1 and told["ok"] is False
    assert told["findings"][0] == {"name": "thing", "ok": False, "text": "broken", "remedy": "mend it"}
