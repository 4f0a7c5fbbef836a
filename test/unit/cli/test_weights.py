"""`f2p weights …` and `f2p learn`: what they print, what they refuse, and their exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from f2p.cli import build
from f2p.cli.weights import kinship
from f2p.model.architectures.protocol import Architecture
from f2p.model.factory import create, save_weights, shipped, weights_bytes
from f2p.weights.difference import Difference
from f2p.weights.errors import NobodyWaitsError
from f2p.weights.modules import expected_tensors, manifest_for, open_store
from f2p.weights.store import WeightsStore

runner = CliRunner()


def grown(seed: int) -> Architecture:
    """The shipped model, larger by so little that it answers the same."""
    model, _ = shipped()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.0 + 1e-6 * seed)
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a champion and its child, made once; tests leave it as they found it."""
    store = WeightsStore(tmp_path_factory.mktemp("weights") / "store", expected_tensors)
    parent = None
    for seed in (1, 2):
        model = grown(seed)
        content = weights_bytes(model)
        weights_id = store.put(content, manifest_for(model, content, "default", made={"seed": seed}))
        store.publish(weights_id, parent)
        parent = weights_id
    return store.folder


def ask(*words: object) -> tuple[int, str]:
    """Exit code and output of a command."""
    result = runner.invoke(build(str(words[0])), [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_list_show_and_verify(folder: Path) -> None:
    store = WeightsStore(folder, expected_tensors)
    code, text = ask("weights", "list", "--store", folder, "--json")
    rows = json.loads(text.strip().splitlines()[-1])["weights"]
    assert code == 0 and {row["role"] for row in rows} == {"champion", "previous"}
    told = [store.manifest(one).config["skills"] for one in store.ids]
    assert told[0] and [row["skills"] for row in rows] == told
    code, text = ask("weights", "show", "--store", folder)
    assert code == 0 and "{" not in text and "sha256" not in text, "values are said, not dumped"
    assert store.champion[:12] in text and "seed 2" in text and f"skills: {', '.join(told[0])}" in text
    code, text = ask("weights", "verify", "--store", folder)
    assert code == 0 and text.count("ok ") == 2


def test_verify_finds_what_must_not_be_served(folder: Path) -> None:
    store = WeightsStore(folder, expected_tensors)
    path = folder / f"{store.previous}.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    code, text = ask("weights", "verify", "--store", folder)
    path.write_bytes(whole)
    assert code == 1 and text.count("bad ") == 1 and "truncated or altered" in " ".join(text.split())


def test_rollback_and_promote(folder: Path) -> None:
    store = WeightsStore(folder, expected_tensors)
    new, old = store.champion, store.previous
    code, text = ask("weights", "rollback", "--store", folder, "--json")
    assert code == 0 and json.loads(text.strip().splitlines()[-1]) == {"champion": old, "previous": new}
    code, text = ask("weights", "promote", new[:10], "--store", folder)
    assert code == 0 and store.champion == new and f"champion {new[:12]}" in text


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> WeightsStore:
    """A copy of the store that a test may damage."""
    return WeightsStore(shutil.copytree(folder, tmp_path / "own"), expected_tensors)


def test_what_verify_refuses_is_neither_promoted_nor_rolled_back_to(own: WeightsStore) -> None:
    """The file and its digest are right, but the answers are not those that the manifest promises."""
    champion, previous = own.champion, own.previous
    path = own.folder / f"{previous}.json"
    words = json.loads(path.read_text())
    path.write_text(json.dumps(words | {"golden": [one + 0.3 for one in words["golden"]]}))
    assert ask("weights", "verify", previous, "--store", own.folder)[0] == 1
    for command in (("promote", previous), ("promote", "previous"), ("rollback",)):
        code, text = ask("weights", *command, "--store", own.folder)
        assert code == 2 and "error 810" in text and "must not be served" in " ".join(text.split())
        assert (own.champion, own.previous) == (champion, previous)


def test_damaged_manifests_are_listed_as_such_and_shown_as_one_line(own: WeightsStore) -> None:
    path = own.folder / f"{own.champion}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"gate": {}, "failure": {}}))
    code, text = ask("weights", "list", "--store", own.folder, "--json")
    rows = {row["id"]: row["gate"] for row in json.loads(text.strip().splitlines()[-1])["weights"]}
    assert code == 0 and rows[own.champion[:12]] == "manifest unreadable: f2p weights verify"
    code, text = ask("weights", "show", "--store", own.folder)
    assert code == 2 and "error 807" in text and text.strip().endswith("entries of the wrong type: failure, gate")


@pytest.mark.parametrize("line", ["champion", "previous"])
def test_damaged_lines_are_told_of_and_repaired_by_promoting(own: WeightsStore, line: str) -> None:
    champion, previous = own.champion, own.previous
    (own.folder / line).write_text("???\n")
    code, text = ask("weights", "list", "--store", own.folder, "--json")
    assert code == 0 and "error 812" in text and f"/{line}' does not say" in " ".join(text.split())
    rows = json.loads(text.strip().splitlines()[-1])["weights"]
    assert {row["id"] for row in rows} == {champion[:12], previous[:12]}
    code, text = ask("weights", "promote", champion, "--store", own.folder)
    assert code == 0 and f"champion {champion[:12]}" in text and own.champion == champion
    assert ask("weights", "list", "--store", own.folder)[0] == 0


@pytest.mark.parametrize("line", ["champion", "previous"])
@pytest.mark.parametrize("damage", ["folder", "empty", "unknown"])
def test_verify_finds_lines_that_send_nobody_to_weights(
    own: WeightsStore, line: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All weights were sound and `verify` content, while no model server could start."""
    monkeypatch.setattr("f2p.weights.modules.load_module", lambda *_: (None, None))
    monkeypatch.setattr("f2p.weights.measure.prove", lambda *_: None)
    path = own.folder / line
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_text("" if damage == "empty" else "0" * 64 + "\n")
    code, text = ask("weights", "verify", "--store", own.folder, "--json")
    told = json.loads(text.strip().splitlines()[-1])["weights"]
    assert code == 1 and [one["id"] for one in told if not one["ok"]] == [line] and len(told) == 3
    assert f"bad {line} " in text


def trained(path: Path, seed: int) -> Path:
    """A weights file as `f2p train` leaves it."""
    save_weights(grown(seed), path, {"profile": "own", "seed": seed})
    return path


def test_what_was_trained_is_added_and_then_promoted(own: WeightsStore, tmp_path: Path) -> None:
    champion, file = own.champion, trained(tmp_path / "trained.safetensors", 7)
    code, text = ask("weights", "add", file, "--store", own.folder, "--json")
    added = json.loads(text.strip().splitlines()[-1])["weights"]
    assert code == 0 and f"f2p weights promote {added[:12]}" in text and own.champion == champion
    assert own.manifest(added).profile == "own" and own.manifest(added).made["seed"] == 7
    assert ask("weights", "add", file, "--store", own.folder)[0] == 0, "twice is no error"
    assert ask("weights", "verify", added, "--store", own.folder)[0] == 0
    assert ask("weights", "promote", added[:12], "--store", own.folder)[0] == 0
    assert (own.champion, own.previous) == (added, champion)


def test_own_weights_are_served_where_none_are_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What f2p doctor advises then."""
    folder, file = tmp_path / "store", trained(tmp_path / "trained.safetensors", 7)
    monkeypatch.setattr("f2p.model.factory.SHIPPED", tmp_path / "nowhere")
    code, text = ask("weights", "show", "--store", folder)
    assert code == 2 and "error 805" in text and "promote some weights first" in " ".join(text.split())
    added = json.loads(ask("weights", "add", file, "--store", folder, "--json")[1].strip().splitlines()[-1])["weights"]
    assert ask("weights", "list", "--store", folder)[0] == 0
    assert ask("weights", "promote", added[:12], "--store", folder)[0] == 0
    assert WeightsStore(folder, expected_tensors).champion == added


def damaged(path: Path, how: str) -> None:
    """Make a trained file one that must not be taken."""
    manifest = path.with_suffix(".json")
    words = json.loads(manifest.read_text())
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    elif how == "alone":
        manifest.unlink()
    elif how == "foreign":
        manifest.write_text("[" * 50)
    elif how == "wild":
        model = create(seed=7)
        for value in model.parameters():
            value.data.fill_(1e30)
        save_weights(model, path, {})
    elif how == "bounds":
        manifest.write_text(json.dumps(words | {"config": words["config"] | {"scale": 1e9}}))
    elif how == "nan":
        manifest.write_text(json.dumps(words | {"metrics": {"mean": float("nan")}}))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("cut", "error 201: {file}: not usable as weights: the contents do not fit the digest in the manifest"),
        ("alone", "error 201: {file}: not usable as weights: [Errno 2] No such file or directory"),
        ("foreign", "error 201: {file}: not usable as weights: Expecting value"),
        ("wild", "holds 1e+30, at most 1000 is a weight"),
        ("bounds", "Points2PlansConfig.scale = 1000000000.0: must be finite and within [0.1, 100.0]"),
        ("nan", "refused: not every number in it is finite"),
    ],
)
def test_bad_files_are_not_added_and_cost_one_line(own: WeightsStore, tmp_path: Path, how: str, says: str) -> None:
    file, before = trained(tmp_path / "trained.safetensors", 7), sorted(own.folder.iterdir())
    damaged(file, how)
    code, text = ask("weights", "add", file, "--store", own.folder)
    assert code == 2 and says.format(file=file) in text and len(text.strip().splitlines()) == 1
    assert sorted(own.folder.iterdir()) == before


def test_a_running_stack_is_asked_by_its_services_and_no_store_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from f2p.ros.remote import weights as remote

    said: list[tuple[str, ...]] = []

    def ask_stack(*words: str) -> str:
        if words[-1] == "nowhere":
            raise NobodyWaitsError("there")
        said.append(words)
        return "e" * 64

    monkeypatch.setattr(remote, "ask_stack", ask_stack)
    store = tmp_path / "store"
    for words, told in ((("promote", "waiting", "--namespace", "left"), "eeeeeeeeeeee serves"),
                        (("refuse", "--reason", "it grasps air"), "eeeeeeeeeeee is refused"),
                        (("rollback",), "eeeeeeeeeeee serves")):  # fmt: skip
        assert ask("weights", *words, "--running", "--store", store) == (0, f"{told}\n")
    assert said == [("promote", "waiting", "", "left"), ("refuse", "waiting", "it grasps air", ""),
                    ("rollback", "", "rolled back by a person", "")]  # fmt: skip
    code, told = ask("weights", "refuse", "--running", "--namespace", "nowhere")
    assert code == 2 and "error 818" in told and not store.exists()


@pytest.mark.parametrize(
    ("ancestor", "says"),
    [("a" * 64, "bbbbbbbbbbbb came of aaaaaaaaaaaa"), ("b" * 64, "aaaaaaaaaaaa came of bbbbbbbbbbbb"),
     ("c" * 64, "both came of cccccccccccc"), (None, "both came of nothing that this store holds")],
)  # fmt: skip
def test_diff_says_which_came_of_which(ancestor: str | None, says: str) -> None:
    """Of weights and what they were made from it had said that both were made from the older ones."""
    assert kinship(Difference("a" * 64, "b" * 64, ancestor, {}, (), 1, 0.0, ({}, {}))) == says


def test_export_import_diff_and_pin(own: WeightsStore, tmp_path: Path) -> None:
    store = open_store(tmp_path / "shipped")
    code, text = ask("weights", "export", tmp_path / "carried", "--store", store.folder, "--json")
    (file, _) = json.loads(text.strip().splitlines()[-1])["files"]
    code, text = ask("weights", "import", file, "--store", own.folder, "--json")
    told = json.loads(text.strip().splitlines()[-1])
    assert code == 0 and told["weights"] == store.champion and "not signed, and nobody asked" in " ".join(text.split())
    assert told["measured"]["reference"] == own.champion and told["measured"]["passed"]
    code, text = ask("weights", "list", "--store", own.folder, "--json")
    rows = {row["id"]: row for row in json.loads(text.strip().splitlines()[-1])["weights"]}
    assert rows[told["weights"][:12]]["from"] == "carried.safetensors (exported)"
    code, text = ask("weights", "diff", "champion", told["weights"], "--store", own.folder, "--json")
    found = json.loads(text.strip().splitlines()[-1])
    assert code == 0 and found["f1"][1]["next"] > 0.9 and found["ancestor"] is None and found["golden_gap"] < 0.01
    assert ask("weights", "pin", "--store", own.folder)[0] == 0
    code, text = ask("weights", "promote", told["weights"], "--store", own.folder)
    assert code == 2 and "error 816" in text and " pinned " in ask("weights", "list", "--store", own.folder)[1]
    assert ask("weights", "pin", "--off", "--store", own.folder)[0] == 0
    assert ask("weights", "promote", told["weights"], "--store", own.folder)[0] == 0


def test_what_does_worse_than_what_serves_is_neither_added_nor_promoted(tmp_path: Path) -> None:
    store = open_store(tmp_path / "shipped")
    model, champion = create(seed=7), store.champion
    save_weights(model, tmp_path / "fresh.safetensors", {})
    code, text = ask("weights", "add", tmp_path / "fresh.safetensors", "--store", store.folder)
    assert code == 2 and "error 813" in text and "F1 next on replay data is 0." in " ".join(text.split())
    data = weights_bytes(model)
    by_hand = store.put(data, manifest_for(model, data, "default"))
    assert ask("weights", "promote", by_hand, "--store", store.folder)[0] == 2
    assert ask("weights", "verify", by_hand, "--store", store.folder)[0] == 1
    assert store.champion == champion


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("weights", "show", "deadbeef"), 2, "error 801: no weights are called 'deadbeef'"),
        (("learn", "/nowhere/at/all"), 2, "error 504: '/nowhere/at/all' is not a whole failure folder"),
    ],
)
def test_bad_input_is_one_line_with_a_code(folder: Path, words: tuple[str, ...], code: int, says: str) -> None:
    found, text = ask(*words, "--store", folder)
    assert found == code and says in " ".join(text.split())
