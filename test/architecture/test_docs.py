"""The page of the architecture speaks of the packages and processes that there are, and of all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from f2p.cli.interfaces_page import definitions, page
from f2p.graph import graph
from f2p.graph.errors import GraphError

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_page_has_every_package_and_no_other() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    there = {path.parent.name for path in (ROOT / "src" / "f2p").glob("*/__init__.py")}
    assert told == there


def test_its_picture_has_every_process_and_no_other() -> None:
    picture = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)[1]
    told = set(re.findall(r"^ +(\w+) -", picture, re.MULTILINE)) | set(re.findall(r"> (\w+)", picture))
    assert told == {spec.name for spec in graph.OWN}


def test_the_page_of_interfaces_is_what_their_files_say() -> None:
    assert (ROOT / "docs" / "interfaces.md").read_text() == page(), (
        "write it anew: ./f2p interfaces --markdown > docs/interfaces.md"
    )


def test_it_has_every_type_whole(tmp_path: Path) -> None:
    texts = definitions()
    files = [path for kind in ("action", "srv", "msg") for path in (ROOT / "src" / "f2p_msgs" / kind).iterdir()]
    assert len(texts) == len(files) and all(path.read_text().strip() in page() for path in files)
    with pytest.raises(GraphError, match=r"are in none of: .*nothing_here"):
        definitions(tmp_path / "nothing_here")
