"""`f2p cases`, `why` and `report`: a kept failure is found, explained, and asked of every version of the weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from f2p.cli import build
from f2p.model.factory import shipped, weights_bytes
from f2p.weights.modules import manifest_for, open_store
from f2p.weights.store import WeightsStore

FORMER = Path(__file__).parents[1] / "monitor" / "data" / "former"
runner = CliRunner()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a failure, and one that is none."""
    folder = tmp_path_factory.mktemp("failures")
    shutil.copytree(FORMER, folder / "failure-abc")
    (folder / "failure-odd").mkdir()
    (folder / "failure-odd" / "case.json").write_text("{")
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> WeightsStore:
    """The shipped weights, and a child of theirs that serves."""
    store = open_store(tmp_path_factory.mktemp("store"))
    model, _ = shipped()
    with torch.no_grad():
        next(iter(model.parameters())).mul_(1.01)
    data = weights_bytes(model)
    store.publish(store.put(data, manifest_for(model, data, "default", parent=store.champion)), store.champion)
    return store


def ask(*words: object) -> tuple[int, str]:
    result = runner.invoke(build(str(words[0])), [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_cases_lists_what_is_kept_and_what_cannot_be_read(kept: Path, store: WeightsStore) -> None:
    code, text = ask("cases", "--folder", kept, "--store", store.folder, "--json")
    rows = {Path(row["id"]).name: row for row in json.loads(text.strip().splitlines()[-1])["cases"]}
    assert code == 0 and len(rows) == 2 and rows["failure-odd"]["step"] == "unreadable" and "error 504" in text
    (whole,) = (row for name, row in rows.items() if name != "failure-odd")
    assert whole["learned"] == "no" and whole["page"] == "" and "(" in whole["step"]
    assert "no failures in" in ask("cases", "--folder", kept / "nowhere", "--store", store.folder)[1]


def test_why_asks_every_version_what_it_would_have_predicted(kept: Path, store: WeightsStore) -> None:
    code, text = ask("why", "failure-a", "--folder", kept, "--store", store.folder, "--json")
    told = json.loads(text.strip().splitlines()[-1])
    assert code == 0 and {"tried", "expected", "happened", "cause", "helped", "now"} <= set(told)
    names = [one["name"] for one in told["versions"]]
    assert names[-1] == f"{store.champion[:12]} (champion)" and f"{store.previous[:12]} (previous)" in names
    assert all(one["score"] >= 0 and 0 <= one["goal"] <= 1 for one in told["versions"])
    code, text = ask("why", "nothing-like-it", "--folder", kept, "--store", store.folder)
    assert code == 2 and "failure-abc" in text


def test_report_is_written_into_the_failures_folder_and_then_listed(kept: Path, store: WeightsStore) -> None:
    own = kept / "failure-abc"
    code, text = ask("report", own, "--store", store.folder)
    assert code == 0 and str(own / "report.html") in text.splitlines()  # beside what threads of other tests say
    assert "What to do now:" in (own / "report.html").read_text()
    rows = json.loads(ask("cases", "--folder", kept, "--store", store.folder, "--json")[1].strip().splitlines()[-1])
    assert str(own / "report.html") in [row["page"] for row in rows["cases"]]
    (own / "report.html").unlink()
