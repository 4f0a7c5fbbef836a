"""What `f2p weights` changes: what the store holds, and which of it serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from f2p.cli._shared import NAMESPACE_HELP, Assignments, in_one_line
from f2p.cli.weights import FOLDER, Json, Store, Which, opened, serving
from f2p.settings_text import set_by

if TYPE_CHECKING:
    from f2p.weights.exchange import Taken
    from f2p.weights.store import WeightsStore

Key = Annotated[
    Path | None,
    typer.Option("--signed-by", help="Public key whose signature is asked for; else those in STORE/trusted, if any."),
]
Running = Annotated[
    bool,
    typer.Option("--running", help="Ask the stack that runs, by the services that the console asks: its store counts."),
]
Namespace = Annotated[str, typer.Option(help=NAMESPACE_HELP)]


def add(
    file: Annotated[Path, typer.Argument(help="Weights as f2p train writes them; their manifest lies beside them.")],
    store: Store = FOLDER,
    key: Key = None,
    assignments: Assignments = None,
    as_json: Json = False,
) -> None:
    """Take what f2p train wrote into the store, without serving it: it may not do worse on replay than what serves."""
    from f2p.weights.exchange import take_trained

    with opened(store) as weights:
        _tell_taken(take_trained(weights, file, set_by(serving(), assignments or []), key), as_json)


def import_(
    file: Annotated[Path, typer.Argument(help="Weights as f2p weights export writes them, manifest beside them.")],
    store: Store = FOLDER,
    key: Key = None,
    assignments: Assignments = None,
    as_json: Json = False,
) -> None:
    """Take what another store exported, with its lineage; it is measured as f2p weights add does, and not served."""
    from f2p.weights.exchange import take_exported

    with opened(store) as weights:
        _tell_taken(take_exported(weights, file, set_by(serving(), assignments or []), key), as_json)


def _tell_taken(taken: Taken, as_json: bool) -> None:
    """Say what was taken, where it comes from, and what it came to."""
    console, name, origin = Console(stderr=as_json), taken.weights_id[:12], taken.origin
    signed = f"signed by {origin['signed']}" if origin["signed"] else "not signed, and nobody asked for that"
    console.print(f"added {name} from {escape(origin['file'])}, {escape(signed)}", soft_wrap=True)
    console.print(escape(str(taken.measured)), soft_wrap=True)
    console.print(f"f2p weights promote {name} makes it the champion")
    if as_json:
        typer.echo(json.dumps({"weights": taken.weights_id, "origin": origin, "measured": taken.measured.values()}))


def export(
    file: Annotated[Path, typer.Argument(help="FILE.safetensors and FILE.json are written, and FILE.sig if signed.")],
    which: Which = "champion",
    store: Store = FOLDER,
    key: Annotated[Path | None, typer.Option("--key", help="Ed25519 private key (PEM) to sign with.")] = None,
    as_json: Json = False,
) -> None:
    """Write weights with their manifest, for f2p weights import on another machine."""
    from f2p.weights.exchange import export as written

    with opened(store) as weights:
        files = written(weights, weights.resolve(which), file, key)
    Console(stderr=as_json).print(f"wrote {escape(', '.join(map(str, files)))}", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps({"files": [str(one) for one in files]}))


def promote(
    which: Which,
    store: Store = FOLDER,
    running: Running = False,
    namespace: Namespace = "",
    assignments: Assignments = None,
    as_json: Json = False,
) -> None:
    """Make weights the champion because you say so, also those that wait: they must pass f2p weights verify.

    A running model server serves them within a second or two; with --running it is asked to, and they serve once it
    says so.
    """
    from f2p.weights.measure import prove
    from f2p.weights.modules import load_module

    if running:
        _ask("promote", which, "", namespace, as_json)
        return
    with opened(store) as weights:
        weights_id, config = weights.resolve(which), set_by(serving(), assignments or [])
        prove(weights, *load_module(weights, weights_id, config), config.measure)
        _tell(weights, weights.promote(weights_id), as_json)


def rollback(
    store: Store = FOLDER,
    running: Running = False,
    namespace: Namespace = "",
    assignments: Assignments = None,
    as_json: Json = False,
) -> None:
    """Make the previous champion the champion again, if it passes f2p weights verify."""
    from f2p.weights.modules import load_module

    if running:
        _ask("rollback", "", "rolled back by a person", namespace, as_json)
        return
    with opened(store) as weights:
        load_module(weights, weights.resolve("previous"), set_by(serving(), assignments or []))
        _tell(weights, weights.rollback(), as_json)


def refuse(
    which: Annotated[str, typer.Argument(help="waiting, an id or the beginning of one.")] = "waiting",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "refused by a person",
    store: Store = FOLDER,
    running: Running = False,
    namespace: Namespace = "",
    as_json: Json = False,
) -> None:
    """Send a candidate away that waits, or other weights: they serve only if f2p weights promote brings them back."""
    if running:
        _ask("refuse", which, reason, namespace, as_json)
        return
    with opened(store) as weights:
        weights_id = weights.refuse(which, reason)
    Console(stderr=as_json).print(f"refused {weights_id[:12]}: {escape(reason)}", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps({"refused": weights_id}))


def pin(
    off: Annotated[bool, typer.Option("--off", help="Let other weights serve again.")] = False,
    store: Store = FOLDER,
    as_json: Json = False,
) -> None:
    """Keep the champion: nothing else is published, promoted or rolled back to until --off."""
    with opened(store) as weights:
        weights.unpin() if off else weights.pin()
        pinned = weights.pinned
    Console(stderr=as_json).print(f"pinned: {pinned[:12] if pinned else 'nothing'}")
    if as_json:
        typer.echo(json.dumps({"pinned": pinned}))


def _ask(what: str, which: str, reason: str, namespace: str, as_json: bool) -> None:
    """Have the model server of a running stack do it, and say which weights it did it with."""
    from f2p.ros.remote.weights import REFUSE, ask_stack

    with in_one_line():
        weights_id = ask_stack(what, which, reason, namespace)
    refused = what == REFUSE
    Console(stderr=as_json).print(f"{weights_id[:12]} {'is refused' if refused else 'serves'}")
    if as_json:
        typer.echo(json.dumps({"refused" if refused else "serving": weights_id}))


def _tell(store: WeightsStore, champion: str, as_json: bool) -> None:
    """Say who is champion now."""
    previous = store.previous
    Console(stderr=as_json).print(f"champion {champion[:12]}, previous {previous[:12] if previous else 'none'}")
    if as_json:
        typer.echo(json.dumps({"champion": champion, "previous": previous}))
