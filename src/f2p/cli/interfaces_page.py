"""docs/interfaces.md: what f2p speaks over ROS, from the files that define its messages."""

from __future__ import annotations

import os
import re
from pathlib import Path

from f2p.graph.endpoints import KINDS as HOW
from f2p.graph.errors import GraphError
from f2p.graph.graph import OWN
from f2p.graph.places import in_clone
from f2p.graph.speaking import endpoints, is_special, type_of

HEAD = """\
# Interfaces

What f2p speaks over ROS 2. Written by `./f2p interfaces --markdown > docs/interfaces.md`. Names without a slash at
their beginning are in the namespace of the nodes, `/f2p` or `/left/f2p`; how each is delivered is in
[ROS 2](ros.md#3-delivery), parameters are in [settings](settings.md), codes in [errors](errors.md).
"""

KINDS = {"action": "Actions", "srv": "Services", "msg": "Messages"}


def definitions(folder: Path | None = None) -> dict[str, str]:
    """Return the text of every type of `f2p_msgs` by its name, `f2p_msgs/msg/Plan`, actions first.

    Args:
        folder: Where they are; none: the clone's own, else where the package is installed.

    Raises:
        GraphError: They are in none of these.
    """
    root = Path(__file__).resolve().parents[2]
    prefixes = [Path(one) / "share" for one in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if one]
    tried = [folder] if folder else [one / "f2p_msgs" for one in ([root] if in_clone() else []) + prefixes]
    for place in tried:
        found = {
            f"f2p_msgs/{kind}/{path.stem}": path.read_text()
            for kind in KINDS
            for path in sorted((place / kind).glob(f"*.{kind}"))
        }
        if found:
            return found
    raise GraphError(f"the definitions of f2p_msgs are in none of: {', '.join(map(str, tried))}")


EVERY_NODE = """\
## Nodes

Each node also has what comes with ROS (`/rosout`, `/parameter_events`, services for its parameters), tells its state on
`/diagnostics` and its life on `heartbeat/NODE`, and, but for `manager` and `stretch_sim`, has the services of a
lifecycle, which `manager` calls. `./f2p graph` lists what each has in one graph, and writes the SROS2 policy.
"""


def nodes_part() -> str:
    """Return a section for each of our nodes: what it has beside what every node has."""
    parts = [EVERY_NODE]
    for spec in OWN:
        has, rows = endpoints(spec), ["| | name | type |", "|---|---|---|"]
        for kind in HOW:
            names = [name for name in getattr(has, kind) if is_special(name)]
            rows += [
                f"| {kind if name == names[0] else ''} | `{name}` | {_linked(type_of(kind, name))} |" for name in names
            ]
        parts.append(f"### Node {spec.name}\n\n{spec.text[:1].upper()}{spec.text[1:]}.\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _linked(kind: str) -> str:
    """Return a type, with a link to its section where it is ours."""
    ours, name = kind.startswith("f2p_msgs/"), kind.rpartition("/")[2]
    return f"[`{kind}`](#{name.lower()})" if ours and not name.endswith("_FeedbackMessage") else f"`{kind}`"


def types_part(texts: dict[str, str]) -> str:
    """Return a section for each type: its own words, as its file has them."""
    parts = []
    for kind, title in KINDS.items():
        parts.append(f"## {title}\n")
        for name, text in texts.items():
            package, which, short = name.split("/")
            if which == kind:
                parts.append(f"### {short}\n\n`{package}/{which}/{short}`\n\n```text\n{text.strip()}\n```\n")
    return "\n".join(parts)


def summary(text: str) -> str:
    """Return what a type is for: the first sentence of the comment that its file begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#") or line.strip() == "#":
            break
        lines.append(line.lstrip("# ").strip())
    return re.split(r"(?<=\.)\s", " ".join(lines), maxsplit=1)[0]


def page() -> str:
    """Return the page. Raises GraphError."""
    return "\n".join([HEAD, nodes_part(), types_part(definitions())])
