"""`f2p record`: what it prints of whole, damaged and unreadable recordings, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from mcap.writer import Writer
from typer.testing import CliRunner

from f2p.cli import build

runner = CliRunner()


def ask(*words: object) -> tuple[int, str]:
    result = runner.invoke(build(str(words[0])), [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def recording(path: Path) -> Path:
    with path.open("wb") as stream:
        writer = Writer(stream, chunk_size=512)
        writer.start()
        channel = writer.register_channel("/told", "cdr", writer.register_schema("std_msgs/msg/String", "ros2msg", b""))
        for number in range(100):
            writer.add_message(channel, number, bytes(40), number)
        writer.finish()
    return path


def test_exit_codes_say_whole_lossy_and_failed(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mcap")
    code, said = ask("record", "show", path, "--json")
    assert code == 0 and "whole: 100 messages" in said
    facts = json.loads(said.splitlines()[-1])
    assert facts["whole"] and facts["topics"]["/told"] == {"type": "std_msgs/msg/String", "messages": 100}
    path.write_bytes(path.read_bytes()[:1500])
    code, said = ask("record", "show", path, "--json")
    assert code == 3 and "can be read" in said
    facts = json.loads(said.splitlines()[-1])
    assert 0 < facts["messages"] < 100 and facts["lost_more"] and facts["reasons"]
    path.write_text("no recording at all")
    code, said = ask("record", "show", path)
    assert code == 1 and said.startswith("error 560:") and len(said.splitlines()) == 1
