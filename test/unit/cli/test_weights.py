"""`f2p weights …` and `f2p learn`: what they print, what they refuse, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from f2p.cli import build
from f2p.model.factory import create, weights_bytes
from f2p.weights.modules import expected_tensors, manifest_for
from f2p.weights.store import WeightsStore

runner = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a champion and its child, made once; tests leave it as they found it."""
    store = WeightsStore(tmp_path_factory.mktemp("weights") / "store", expected_tensors)
    parent = None
    for seed in (1, 2):
        model = create(seed=seed)
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
    code, text = ask("weights", "show", "--store", folder)
    assert code == 0 and store.champion[:12] in text and "seed 2" in text
    code, text = ask("weights", "verify", "--store", folder)
    assert code == 0 and text.count("✓") == 2


def test_verify_finds_what_must_not_be_served(folder: Path) -> None:
    store = WeightsStore(folder, expected_tensors)
    path = folder / f"{store.previous}.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    code, text = ask("weights", "verify", "--store", folder)
    path.write_bytes(whole)
    assert code == 1 and text.count("✗") == 1 and "truncated or altered" in " ".join(text.split())


def test_rollback_and_promote(folder: Path) -> None:
    store = WeightsStore(folder, expected_tensors)
    new, old = store.champion, store.previous
    code, text = ask("weights", "rollback", "--store", folder, "--json")
    assert code == 0 and json.loads(text.strip().splitlines()[-1]) == {"champion": old, "previous": new}
    code, text = ask("weights", "promote", new[:10], "--store", folder)
    assert code == 0 and store.champion == new and f"champion {new[:12]}" in text


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
