"""Files are there whole or not at all, and an error names the place that was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from f2p.files import read_regular, sweep_partials, whole_folder, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    with whole_folder(folder) as partial:
        (partial / "one").write_text("1")
        assert not folder.exists()
    assert (folder / "one").read_text() == "1"
    with pytest.raises(KeyError), whole_folder(folder.with_name("other")) as partial:
        (partial / "one").write_text("1")
        raise KeyError
    assert names(folder.parent) == ["here"]


def test_a_folder_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept").touch()
    with pytest.raises(OSError, match="folder'"), whole_folder(tmp_path / "folder") as partial:
        (partial / "new").touch()
    assert names(tmp_path) == ["folder"] and names(tmp_path / "folder") == ["kept"]


def test_an_error_names_what_was_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "inside", tmp_path / ("n" * 400)):
        with pytest.raises(OSError) as caught:
            write_whole(path, b"new")
        assert caught.value.filename == str(path)
        with pytest.raises(OSError) as caught, whole_folder(path):
            pass
        assert caught.value.filename == str(path)


def test_a_pipe_and_what_is_too_large_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    with pytest.raises(OSError, match="no regular file"):
        read_regular(tmp_path / "pipe", 100)
    with pytest.raises(OSError, match="it has 5 bytes, at most 4 are read"):
        read_regular(tmp_path / "file", 4)
    assert read_regular(tmp_path / "link", 5) == b"12345"
    with pytest.raises(OSError, match="link"):
        read_regular(tmp_path / "link", 5, follow=False)


def test_only_what_dead_writers_left_is_swept(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(timeout=20)
    (tmp_path / f".file.{process.pid}.7.0.part").touch()
    (tmp_path / f".file.{os.getpid()}.7.0.part").touch()
    (tmp_path / "file").touch()
    assert sweep_partials(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".file.{os.getpid()}.7.0.part", "file"]
