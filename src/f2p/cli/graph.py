"""`f2p graph`: the processes as they are declared, what each says and hears, and the SROS2 policy of that."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from f2p.cli._shared import NAMESPACE_HELP, commands, in_one_line
from f2p.graph.endpoints import KINDS


@in_one_line()
def graph(
    name: Annotated[str, typer.Argument(metavar="GRAPH", help="robot, sim or replay.")] = "robot",
    as_policy: Annotated[bool, typer.Option("--policy", help="Print the SROS2 policy: one enclave a node.")] = False,
    namespace: Annotated[str, typer.Option(help=NAMESPACE_HELP)] = "",
    driver: Annotated[str, typer.Option(help="Namespace of the driver's, the camera's and TF's names.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print all names as one JSON object.")] = False,
) -> None:
    """List the processes of a graph, optional ones included, with the topics, services and actions that each has."""
    from f2p.graph.graph import of_graph, within
    from f2p.graph.policy import policy
    from f2p.graph.speaking import endpoints, is_special

    specs = of_graph(name)
    if as_policy:
        typer.echo(policy(specs, namespace, driver, sim_time=name == "replay"), nl=False)
        return
    told = {spec.name: endpoints(spec) for spec in specs}
    if as_json:
        typer.echo(json.dumps({node: {kind: getattr(told[node], kind) for kind in KINDS} for node in told}))
        return
    console = Console()
    for spec in specs:
        console.print(f"{within(namespace)}/{spec.name}{' (optional)' if spec.optional else ''}: {spec.text}")
        for kind in KINDS:
            names = [one for one in getattr(told[spec.name], kind) if is_special(one)]
            if names:
                console.print(f"    {kind:<10} {', '.join(names)}", soft_wrap=True, highlight=False)


@commands.register("graph")
def register(app: typer.Typer) -> None:
    """Add `f2p graph`."""
    app.command()(graph)
