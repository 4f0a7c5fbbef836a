"""What a killed DDS process leaves in shared memory is given back; what lives is not touched."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from f2p.ros.base.shared_memory import sweep


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
