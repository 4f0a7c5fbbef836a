"""What a killed DDS process leaves in shared memory is given back, and its port is not taken; what lives stays."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from f2p.ros.base.shared_memory import FORGOTTEN_S, forget, keep_off, sweep


def segment(folder: Path, name: str, size: int = 100) -> tuple[Path, Path]:
    memory, lock = folder / name, folder / f"{name}_el"
    memory.write_bytes(bytes(size))
    lock.touch()
    return memory, lock


@pytest.mark.parametrize("product", ["fastrtps", "fastdds"])
def test_a_segment_that_nobody_holds_is_given_back(tmp_path: Path, product: str) -> None:
    segment(tmp_path, f"{product}_0123456789abcdef")
    segment(tmp_path, f"{product}_fedcba9876543210", size=20)
    assert sweep(tmp_path) == 120
    assert not list(tmp_path.iterdir())
    assert sweep(tmp_path) == 0


def test_a_held_segment_and_other_files_stay(tmp_path: Path) -> None:
    held = segment(tmp_path, "fastrtps_0123456789abcdef")
    others = (*segment(tmp_path, "fastrtps_port7400"), *segment(tmp_path, "somebody_0123456789abcdef"))
    with held[1].open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert sweep(tmp_path) == 0
    assert all(path.exists() for path in (*held, *others))


def test_a_lock_without_its_segment_and_no_folder_at_all_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "fastrtps_0123456789abcdef_el").touch()
    assert sweep(tmp_path) == 0
    assert not list(tmp_path.iterdir())
    assert sweep(tmp_path / "none") == 0


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    folder, precious = tmp_path / "shm", tmp_path / "precious"
    folder.mkdir()
    precious.write_text("kept")
    (folder / "fastrtps_0123456789abcdef").symlink_to(precious)
    (folder / "fastrtps_0123456789abcdef_el").symlink_to(precious)
    assert sweep(folder) == 0
    assert precious.read_text() == "kept" and len(list(folder.iterdir())) == 2


def process(folder: Path, pid: int, *files: str) -> Path:
    """A process as the kernel tells of it, with what it has mapped."""
    maps = folder / str(pid) / "maps"
    maps.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"7f0000000000-7f0000001000 rw-s 00000000 00:19 {at} {file}" for at, file in enumerate(files)]
    maps.write_text("\n".join([*lines, "7ffc00000000-7ffc00001000 r-xp 00000000 00:00 0 [vdso]", ""]))
    return maps


def taken(lock: Path) -> bool:
    """Whether a process, as Fast DDS does it, is told that somebody listens at the port."""
    with lock.open("a") as own:
        try:
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


def test_a_port_of_the_dead_is_not_taken_while_somebody_sends_to_it(tmp_path: Path) -> None:
    """A guard that took the port of the stopped and killed one before it was deaf: no service answered."""
    memory, processes = tmp_path / "shm", tmp_path / "proc"
    memory.mkdir()
    for name in ("fastrtps_port7411_el", "fastrtps_port7413_el", "fastrtps_port7400_sl"):
        (memory / name).touch()
    one = process(processes, 10, "/dev/shm/fastrtps_port7411", "/dev/shm/fastrtps_port7415 (deleted)", "/dev/shm/else")
    two = process(processes, 11, "/dev/shm/fastrtps_port7413", "/dev/shm/fastrtps_port7400")
    with (memory / "fastrtps_port7413_el").open() as listening:
        fcntl.flock(listening, fcntl.LOCK_EX)
        assert keep_off(memory, processes) == ("fastrtps_port7411", "fastrtps_port7415")
        assert all(map(taken, (memory / "fastrtps_port7411_el", memory / "fastrtps_port7415_el")))
        assert keep_off(memory, processes) == ("fastrtps_port7411", "fastrtps_port7415"), "once is enough"
        one.unlink()
        assert keep_off(memory, processes) == (), "nobody sends there any more"
        assert not (memory / "fastrtps_port7411_el").exists()
    two.unlink()
    assert keep_off(memory, processes) == ()


def test_ports_without_senders_and_processes_one_may_not_look_at_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "fastrtps_port7411_el").touch()
    process(tmp_path / "proc", 10).unlink()
    assert keep_off(tmp_path, tmp_path / "proc") == ()
    assert not taken(tmp_path / "fastrtps_port7411_el")
    assert keep_off(tmp_path / "none", tmp_path / "none") == ()


def port(folder: Path, number: int, age_s: float) -> list[Path]:
    """The files of a port that was opened some time ago."""
    names = (f"fastrtps_port{number}", f"fastrtps_port{number}_el", f"sem.fastrtps_port{number}_mutex")
    for name in names:
        (folder / name).write_bytes(bytes(32))
        os.utime(folder / name, (time.time() - age_s,) * 2)
    return [folder / name for name in names]


def test_old_ports_that_nobody_has_open_are_removed_with_their_mutex(tmp_path: Path) -> None:
    """A mutex that a killed process held was waited for, two seconds at each message, by the guard's own thread."""
    memory, processes = tmp_path / "shm", tmp_path / "proc"
    memory.mkdir()
    old = port(memory, 7411, 2.0 * FORGOTTEN_S)
    kept = [*port(memory, 7413, 1.0), *port(memory, 7415, 2.0 * FORGOTTEN_S), *port(memory, 7417, 2.0 * FORGOTTEN_S)]
    (memory / "else").touch()
    process(processes, 10, "/dev/shm/fastrtps_port7415")
    with (memory / "fastrtps_port7417_el").open() as listening:
        fcntl.flock(listening, fcntl.LOCK_EX)
        assert forget(memory, processes) == 1
        assert not any(path.exists() for path in old) and all(path.exists() for path in (*kept, memory / "else"))
    assert forget(memory, processes) == 1, "once nobody listens at 7417"
    assert forget(tmp_path / "none", processes) == 0
