"""`f2p perceive FILE...`: scene, relations and a picture of real scans; one bad file does not stop the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import Assignments, commands, complain, in_one_line, settable
from f2p.errors import F2pError
from f2p.relation.table import binary_specs
from f2p.scene.perceive import PerceivedScan, perceive_scan
from f2p.scene.picture import draw
from f2p.scene.segment.protocol import segmenters
from f2p.settings import Settings, group
from f2p.settings_text import set_by
from f2p.types import Relations


def relation_rows(relations: Relations) -> list[tuple[str, str]]:
    """Each name with what is true of it, converses left out."""
    rows = []
    for i, name in enumerate(relations.names):
        facts = []
        for kind, spec in enumerate(binary_specs()):
            others = [other for j, other in enumerate(relations.names) if relations.binary[i, j, kind] > 0.5]
            if others and spec.compute is not None:
                facts.append(f"{spec.name} {', '.join(others)}")
        rows.append((name, "; ".join(facts) or "-"))
    return rows


def _show(console: Console, perceived: PerceivedScan, picture: Path) -> None:
    """Show one scan as a table of objects, sizes and relations."""
    score = (
        "no labels" if perceived.score is None else "precision {:.3f}, recall {:.3f}, F {:.3f}".format(*perceived.score)
    )
    title = f"{Path(perceived.file).name}: {perceived.segments} segments, {score}, {perceived.seconds:.2f} s"
    table = Table(title=escape(title), caption=escape(f"picture: {picture}"), title_justify="left")
    converses = ", ".join(spec.name for spec in binary_specs() if spec.compute is None)
    for column in ("name", "prior", escape("size [cm]"), f"relations ({converses} are the converse)"):
        table.add_column(column)
    rows = relation_rows(perceived.relations)
    for segment, (name, facts) in zip(perceived.scene.segments, rows, strict=True):
        size = " x ".join(f"{100 * extent:.0f}" for extent in segment.box.size)
        table.add_row(name, segment.prior, size, facts)
    console.print(table)


def _picture_paths(files: list[Path], folder: Path) -> list[Path]:
    """Return a picture name for each file; scans of one name in different folders get numbers."""
    paths: list[Path] = []
    for file in files:
        path, number = folder / f"{file.stem}.png", 1
        while path in paths:
            number += 1
            path = folder / f"{file.stem}_{number}.png"
        paths.append(path)
    return paths


@in_one_line()
def perceive(
    files: Annotated[list[Path], typer.Argument(help="PCD, PLY and XYZ scans.", metavar="FILE...")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("runs/perceive"),
    segmenter: Annotated[str, typer.Option(help="Which segmenter looks.")] = "geometric",
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Segment real scans; print relations, write a picture per scan, and the score where labels are there."""
    console = Console()
    perceived: list[PerceivedScan] = []
    failed = 0
    config = set_by(PerceiveConfig(), assignments or [])
    look = segmenters.make(segmenter, config.segmenter_settings.get(segmenter))
    out.mkdir(parents=True, exist_ok=True)
    for file, picture in zip(files, _picture_paths(files, out), strict=True):
        try:
            result = perceive_scan(file, look)
            draw(result, picture)
        except (F2pError, OSError) as error:
            failed += 1
            complain(error)
            continue
        perceived.append(result)
        _show(console, result, picture)
    scored = [result.score[2] for result in perceived if result.score is not None]
    if scored:
        console.print(f"mean F {sum(scored) / len(scored):.3f} over {len(scored)} labelled scans")
    if as_json:
        typer.echo(json.dumps({"scans": [result.row() for result in perceived]}))
    if failed:
        Console(stderr=True).print(f"{failed} of {len(files)} files could not be used", soft_wrap=True)
        raise typer.Exit(1)


@dataclass(frozen=True)
class PerceiveConfig(Settings):
    """What `f2p perceive` can be asked for."""

    segmenter_settings: Mapping[str, Any] = group(segmenters.configs, "of the segmenter that is chosen")


settable.register("perceive")(PerceiveConfig)


@commands.register("perceive")
def register(app: typer.Typer) -> None:
    """Add `f2p perceive`."""
    app.command()(perceive)
