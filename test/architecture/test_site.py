"""The pages are one site: it builds without a warning, every link in it leads somewhere, and it needs no network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


def built(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build the site as `make docs` does."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


class Read(HTMLParser):
    """What a page links to, loads, and can be linked to by."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if "id" in told:
            self.anchors.add(told["id"])
        if tag == "a" and "href" in told:
            self.links.append(told["href"])
        if tag in LOADS and LOADS[tag] in told and told.get("rel", "") not in ("index", "search", "next", "prev"):
            self.loads.append(told[LOADS[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("site")
    done = built(ROOT / "docs", folder)
    assert done.returncode == 0, done.stderr
    yield folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Read]:
    return {path: Read(path) for path in sorted(site.glob("*.html"))}


def test_every_page_is_in_the_navigation(pages: dict[Path, Read]) -> None:
    index = next(read for path, read in pages.items() if path.name == "index.html")
    assert {f"{path.stem}.html" for path in PAGES} - {"index.html"} <= {urlsplit(link).path for link in index.links}


def test_every_link_within_leads_somewhere_and_every_other_is_an_address(pages: dict[Path, Read]) -> None:
    seen = 0
    for path, read in pages.items():
        for link in read.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme == "https" and "." in parts.netloc and " " not in link, f"{path.name}: {link}"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, f"{path.name}: {link}"
            seen += 1
    assert seen > 500


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Read]) -> None:
    for path, read in pages.items():
        for what in read.loads:
            parts = urlsplit(what)
            assert not parts.scheme and (path.parent / parts.path).is_file(), f"{path.name}: {what}"
    assert (site / "_static" / "mermaid.js").stat().st_size > 1_000_000
    assert 'src="_static/mermaid.js' in (site / "architecture.html").read_text()
    assert "mermaid" not in (site / "limits.html").read_text()


def test_the_examples_stand_in_it_with_all_their_text(site: Path) -> None:
    text = re.sub(r"<[^>]+>", "", (site / "examples.html").read_text())
    for path in (ROOT / "examples").glob("*.py"):
        assert path.stem in text and path.read_text().splitlines()[-1].strip() in text


@pytest.mark.parametrize("bad", ["[there](nowhere.md)", "[there](settings.md#nowhere)", "[there](#nowhere)"])
def test_a_link_that_leads_nowhere_stops_the_build(bad: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", tmp_path / "docs")
    (tmp_path / "docs" / "_static").mkdir()
    (tmp_path / "docs" / "settings.md").write_text("# Settings\n\n## One\n\nText.\n")
    (tmp_path / "docs" / "index.md").write_text(f"# Here\n\n{bad}\n\n% further pages\n")
    done = built(tmp_path / "docs", tmp_path / "out")
    assert done.returncode != 0 and "nowhere" in done.stderr


def test_a_page_that_the_index_does_not_name_joins_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", tmp_path / "docs")
    (tmp_path / "docs" / "_static").mkdir()
    (tmp_path / "docs" / "new.md").write_text("# A page of tomorrow\n\n## One\n\nText.\n")
    (tmp_path / "docs" / "index.md").write_text("# Here\n\n[there](new.md#one)\n\n% further pages\n")
    done = built(tmp_path / "docs", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert 'href="new.html"' in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize("path", [*PAGES, *ROOT.glob("*.md")], ids=lambda path: path.name)
def test_a_page_names_only_pages_that_there_are(path: Path) -> None:
    if path.name == "CHANGELOG.md":
        return  # it tells of pages that were
    for name in re.findall(r"`docs/([\w.]+)`", path.read_text()):
        assert (ROOT / "docs" / name).is_file(), f"{path.name} names docs/{name}"
