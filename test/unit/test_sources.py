"""Digests of source files: they change with what a result was made by, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from f2p import sources
from f2p.sources import digest_of, imported_by, imports_digest, package_digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of a few files, in the place of f2p."""
    folder = tmp_path / "f2p"
    for name, text in {
        "top.py": "import os\nfrom f2p.room.inner import value\n",
        "room/__init__.py": "",
        "room/inner.py": "def late():\n    from f2p.room import deep\n    return deep\n",
        "room/deep.py": "import f2p.top\n",
        "room/aside.py": "",
        "cli/shown.py": "",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(sources, "PACKAGE", folder)
    for cached in (package_digest, imports_digest):
        cached.cache_clear()
    yield folder
    for cached in (package_digest, imports_digest):
        cached.cache_clear()


def test_imports_are_followed_in_rings_and_within_functions(package: Path) -> None:
    found = [path.relative_to(package).as_posix() for path in imported_by("f2p.top")]
    assert found == ["room/deep.py", "room/inner.py", "top.py"]


@pytest.mark.parametrize(
    ("name", "whole", "imported"),
    [("room/deep.py", True, True), ("room/aside.py", True, False), ("cli/shown.py", False, False)],
)
def test_a_digest_changes_with_the_files_it_is_of(package: Path, name: str, whole: bool, imported: bool) -> None:
    before = package_digest(), imports_digest("f2p.top")
    with (package / name).open("a") as stream:
        stream.write("# another\n")
    package_digest.cache_clear()
    imports_digest.cache_clear()
    after = package_digest(), imports_digest("f2p.top")
    assert [one != other for one, other in zip(before, after, strict=True)] == [whole, imported]


def test_a_file_of_another_name_is_another_file(package: Path) -> None:
    before = digest_of(package.rglob("*.py"))
    (package / "room" / "aside.py").rename(package / "room" / "beside.py")
    assert digest_of(package.rglob("*.py")) != before
