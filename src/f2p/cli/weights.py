"""`f2p weights …`: what is in the store, where it comes from, whether it may be served, and which of it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import Assignments, commands, complain, in_one_line, settable
from f2p.settings_text import set_by

if TYPE_CHECKING:
    from f2p.weights.golden import ServingConfig
    from f2p.weights.store import WeightsStore

Store = Annotated[Path, typer.Option("--store", help="Weights store; an empty one starts with the shipped weights.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object last.")]
Which = Annotated[str, typer.Argument(help="champion, previous, an id or the beginning of one.")]

FOLDER = Path("runs/weights")


@contextmanager
def opened(folder: Path) -> Iterator[WeightsStore]:
    """Open the store, with errors of its use as one line and exit code 2."""
    from f2p.weights.modules import open_store

    with in_one_line():
        yield open_store(folder)


def list_(store: Store = FOLDER, as_json: Json = False) -> None:
    """List all weights with their parents, failures and verdicts."""
    console, rows = Console(stderr=as_json), []
    with opened(store) as weights:
        roles = _roles(weights)
        for weights_id in weights.ids:
            rows.append(_row(weights, weights_id, roles.get(weights_id, "")))
    table = Table("weights", "role", "profile", "parent", "learned from", "gate")
    for row in rows:
        table.add_row(*(escape(str(row[key] or "")) for key in ("id", "role", "profile", "parent", "failure", "gate")))
    console.print(table)
    if as_json:
        typer.echo(json.dumps({"store": str(store), "weights": rows}))


def _roles(store: WeightsStore) -> dict[str, str]:
    """Tell which weights are served and which were before; prints a damaged line, since the list shows the rest."""
    from f2p.weights.errors import BadLineError, NoChampionError, NoPreviousError

    roles: dict[str, str] = {}
    for name in ("previous", "champion"):
        try:
            roles[store.resolve(name)] = name
        except (NoChampionError, NoPreviousError):
            continue
        except BadLineError as error:
            complain(error)
    return roles


def _row(store: WeightsStore, weights_id: str, role: str) -> dict[str, Any]:
    """Return one line of the list; weights with an unreadable manifest are listed as such."""
    from f2p.weights.errors import WeightsError

    try:
        manifest = store.manifest(weights_id)
    except WeightsError:
        unreadable = {"profile": "", "parent": None, "failure": None, "gate": "manifest unreadable: f2p weights verify"}
        return {"id": weights_id[:12], "role": role, **unreadable}
    gate = "" if manifest.gate is None else ("passed" if manifest.gate["passed"] else "refused")
    return {
        "id": weights_id[:12],
        "role": role,
        "profile": manifest.profile,
        "parent": None if manifest.parent is None else manifest.parent[:12],
        "failure": None if manifest.failure is None else manifest.failure["id"],
        "gate": gate,
    }


def show(which: Which = "champion", store: Store = FOLDER, as_json: Json = False) -> None:
    """Show the lineage of weights: data, particles, failure, plan, and the weights they were made from."""
    from f2p.weights.lineage import lineage_tree

    console = Console(stderr=as_json)
    with opened(store) as weights:
        weights_id = weights.resolve(which)
        console.print(lineage_tree(weights, weights_id))
        if as_json:
            typer.echo(json.dumps(json.loads(weights.manifest(weights_id).to_bytes())))


def verify(
    which: Annotated[str, typer.Argument(help="As for show; all weights if not given.")] = "",
    store: Store = FOLDER,
    assignments: Assignments = None,
    as_json: Json = False,
) -> None:
    """Load weights as the model server would, golden questions included; exit code 1 if any must not be served.

    So it ends also where the lines that say which weights are served are damaged, or name weights that are not there.
    """
    from f2p.weights.errors import WeightsError
    from f2p.weights.modules import load_module

    console, results = Console(stderr=as_json), []
    with opened(store) as weights:
        config = set_by(serving(), assignments or [])
        if not which:
            results += _bad_lines(weights)
        for weights_id in (weights.resolve(which),) if which else weights.ids:
            try:
                load_module(weights, weights_id, config)
                results.append({"id": weights_id, "ok": True, "reason": ""})
            except WeightsError as error:
                results.append({"id": weights_id, "ok": False, "reason": str(error)})
    for result in results:
        verdict = "[green]ok[/]" if result["ok"] else "[red]bad[/]"
        console.print(f"{verdict} {str(result['id'])[:12]} {escape(str(result['reason']))}", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps({"weights": results}))
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


def _bad_lines(store: WeightsStore) -> list[dict[str, Any]]:
    """List the problems in the champion and previous files: without those lines nobody is served sound weights.

    A line is bad that is damaged, or names weights that the store does not hold; only `previous` may be missing.
    """
    from f2p.weights.errors import NoPreviousError, UnknownWeightsError, WeightsError

    found: list[dict[str, Any]] = []
    for name in ("champion", "previous"):
        try:
            weights_id = store.resolve(name)
            if weights_id not in store.ids:
                raise UnknownWeightsError(weights_id, store.ids)
        except NoPreviousError:
            continue
        except WeightsError as error:
            found.append({"id": name, "ok": False, "reason": str(error)})
    return found


def add(
    file: Annotated[Path, typer.Argument(help="Weights as f2p train writes them; their manifest lies beside them.")],
    store: Store = FOLDER,
    as_json: Json = False,
) -> None:
    """Take a weights file into the store, without serving it: f2p weights promote does that."""
    from f2p.weights.modules import adopt

    console = Console(stderr=as_json)
    with opened(store) as weights:
        weights_id = adopt(weights, file)
    console.print(f"added {weights_id[:12]}; f2p weights promote {weights_id[:12]} makes it the champion")
    if as_json:
        typer.echo(json.dumps({"weights": weights_id}))


def promote(which: Which, store: Store = FOLDER, assignments: Assignments = None, as_json: Json = False) -> None:
    """Make weights the champion because you say so: the gate is not asked, but they must pass f2p weights verify."""
    from f2p.weights.modules import load_module

    console = Console(stderr=as_json)
    with opened(store) as weights:
        weights_id = weights.resolve(which)
        load_module(weights, weights_id, set_by(serving(), assignments or []))
        _tell(console, weights, weights.promote(weights_id), as_json)


def rollback(store: Store = FOLDER, assignments: Assignments = None, as_json: Json = False) -> None:
    """Make the previous champion the champion again, if it passes f2p weights verify."""
    from f2p.weights.modules import load_module

    console = Console(stderr=as_json)
    with opened(store) as weights:
        load_module(weights, weights.resolve("previous"), set_by(serving(), assignments or []))
        _tell(console, weights, weights.rollback(), as_json)


def _tell(console: Console, store: WeightsStore, champion: str, as_json: bool) -> None:
    """Say who is champion now."""
    previous = store.previous
    console.print(f"champion {champion[:12]}, previous {previous[:12] if previous else 'none'}")
    if as_json:
        typer.echo(json.dumps({"champion": champion, "previous": previous}))


@settable.register("weights")
def serving() -> ServingConfig:
    """Return what `f2p weights verify`, `promote` and `rollback` can be asked for."""
    from f2p.weights.golden import ServingConfig

    return ServingConfig()


@commands.register("weights")
def register(app: typer.Typer) -> None:
    """Add `f2p weights`."""
    group = typer.Typer(no_args_is_help=True, help="List, show, verify, add, promote and roll back weights.")
    for name, command in (
        ("list", list_),
        ("show", show),
        ("verify", verify),
        ("add", add),
        ("promote", promote),
        ("rollback", rollback),
    ):
        group.command(name)(command)
    app.add_typer(group, name="weights")
