"""`f2p codes`: what the codes mean that end commands and travel between the processes; the source of docs/errors.md."""

from __future__ import annotations

import typer

from f2p.cli._shared import commands

HEAD = """\
# Error codes

What an `error_code` on the wire, and `error N` at the end of a command, stands for. 0 is success; the sentence that
comes with a code says what was the case and what can be done. Any answer may carry any code, since a process passes on
the code of the error that ended its work, also when another process met it. This page is what `./f2p codes` prints.

"""


def codes() -> None:
    """Print the table of all error codes, in Markdown."""
    from f2p.errors import error_table

    typer.echo(HEAD + error_table(), nl=False)


@commands.register("codes")
def register(app: typer.Typer) -> None:
    """Add `f2p codes`."""
    app.command()(codes)
