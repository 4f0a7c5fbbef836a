"""`f2p weights …`: what is in the store, where it comes from, whether it may be served, and which of it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import Assignments, commands, complain, in_one_line, settable
from f2p.settings_text import set_by

if TYPE_CHECKING:
    from f2p.weights.difference import Difference
    from f2p.weights.golden import ServingConfig
    from f2p.weights.store import WeightsStore

Store = Annotated[Path, typer.Option("--store", help="Weights store; an empty one starts with the shipped weights.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object last.")]
Which = Annotated[str, typer.Argument(help="champion, previous, waiting, an id or the beginning of one.")]

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
    table = Table("weights", "role", "profile", "skills", "comes from", "judged")
    table.columns[0].no_wrap = True
    for row in rows:
        parent = f"{row['parent']}, by " if row["parent"] else ""
        skills = ", ".join(row["skills"])
        cells = (row["id"], row["role"], row["profile"], skills, parent + (row["failure"] or row["from"]), row["gate"])
        table.add_row(*map(escape, cells))
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
    for name in ("waiting", "pinned"):
        with suppress(BadLineError):
            if (weights_id := getattr(store, name)) is not None:
                roles[weights_id] = f"{roles.get(weights_id, '')}, {name}".removeprefix(", ")
    return roles


def _row(store: WeightsStore, weights_id: str, role: str) -> dict[str, Any]:
    """Return one line of the list; weights with an unreadable manifest are listed as such."""
    from f2p.weights.listing import row_of

    row = row_of(store.folder, weights_id, ())
    return {
        "id": weights_id[:12],
        "role": role,
        "profile": row.profile,
        "skills": list(row.skills),
        "parent": None if row.parent is None else row.parent[:12],
        "failure": row.failure,
        "from": row.origin,
        "gate": ", ".join(row.judged),
    }


def show(which: Which = "champion", store: Store = FOLDER, as_json: Json = False) -> None:
    """Show the lineage of weights: data, particles, failure, plan, and the weights they were made from."""
    from f2p.weights.lineage import lineage_tree

    console = Console(stderr=as_json)
    with opened(store) as weights:
        weights_id = weights.resolve(which)
        console.print(lineage_tree(weights, weights_id))
        for text in remarks_on(weights, weights_id):
            console.print(escape(text), soft_wrap=True)
        if as_json:
            typer.echo(json.dumps(json.loads(weights.manifest(weights_id).to_bytes())))


def remarks_on(store: WeightsStore, weights_id: str) -> list[str]:
    """Return what became known of weights after they were made, a line each."""
    from f2p.weights.listing import origin_text
    from f2p.weights.remarks import shadow_of, withdrawn
    from f2p.weights.shadow import Disagreement

    lines = [f"from {origin_text(store.manifest(weights_id))}"]
    if shadow := shadow_of(store.folder, weights_id):
        otherwise = f"{shadow['disagreements']} otherwise, choosing otherwise in {shadow['other_choices']}"
        lines.append(f"asked {shadow['questions']} questions silently, it answered {otherwise}")
        lines += [f"  {Disagreement(**one)}" for one in shadow["told"][-5:]]
    if reason := withdrawn(store.folder, weights_id):
        lines.append(f"withdrawn: {reason}")
    return lines


def verify(
    which: Annotated[str, typer.Argument(help="As for show; all weights if not given.")] = "",
    store: Store = FOLDER,
    assignments: Assignments = None,
    as_json: Json = False,
) -> None:
    """Load weights as the model server would, and measure what no gate let pass; exit code 1 if any must not be served.

    So it ends also where the lines that say which weights are served are damaged, or name weights that are not there.
    """
    from f2p.weights.errors import WeightsError
    from f2p.weights.measure import prove
    from f2p.weights.modules import load_module

    console, results = Console(stderr=as_json), []
    with opened(store) as weights:
        config = set_by(serving(), assignments or [])
        if not which:
            results += _bad_lines(weights)
        for weights_id in (weights.resolve(which),) if which else weights.ids:
            try:
                prove(weights, *load_module(weights, weights_id, config), config.measure)
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


def diff(
    first: Annotated[str, typer.Argument(help="champion, previous, an id or the beginning of one.")] = "previous",
    second: Annotated[str, typer.Argument(help="Likewise.")] = "champion",
    store: Store = FOLDER,
    assignments: Assignments = None,
    as_json: Json = False,
) -> None:
    """Compare two weights: what they were made from, how far each tensor went, answers, F1 on frozen replay data."""
    from f2p.weights.difference import difference

    console = Console(stderr=as_json)
    with opened(store) as weights:
        config = set_by(serving(), assignments or [])
        found = difference(weights, weights.resolve(first), weights.resolve(second), config.measure)
    table = Table("", found.first[:12], found.second[:12])
    for name, pair in found.facts.items():
        table.add_row(escape(name), *(escape("none" if one is None else str(one)) for one in pair))
    for name in found.f1[0]:
        table.add_row(f"F1 {name} on replay", *(f"{one[name]:.3f}" for one in found.f1))
    console.print(table)
    console.print(f"{kinship(found)}; answers to the golden questions differ by {found.golden_gap:.3g} at most")
    console.print(f"{len(found.changed)} of {found.tensors} tensors differ; furthest went:")
    for one in found.changed[:5]:
        console.print(f"  {one.share:8.2%} of its norm: {escape(one.tensor)}")
    if as_json:
        typer.echo(json.dumps(found.values()))


def kinship(found: Difference) -> str:
    """Say which of two weights came of which, or of what both did."""
    if found.ancestor in (found.first, found.second):
        younger = found.second if found.ancestor == found.first else found.first
        return f"{younger[:12]} came of {found.ancestor[:12]}"
    return f"both came of {found.ancestor[:12] if found.ancestor else 'nothing that this store holds'}"


@settable.register("weights")
def serving() -> ServingConfig:
    """Return what `f2p weights verify`, `promote` and `rollback` can be asked for."""
    from f2p.weights.golden import ServingConfig

    return ServingConfig()


@commands.register("weights")
def register(app: typer.Typer) -> None:
    """Add `f2p weights`."""
    from f2p.cli import _weights_moves as moves

    group = typer.Typer(no_args_is_help=True, help="See weights, compare them, and say which of them serve.")
    for command in (
        show,
        verify,
        diff,
        moves.add,
        moves.export,
        moves.promote,
        moves.rollback,
        moves.pin,
        moves.refuse,
    ):
        group.command()(command)
    group.command("list")(list_)
    group.command("import")(moves.import_)
    app.add_typer(group, name="weights")
