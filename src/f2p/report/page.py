"""A self-contained HTML page about one failure and what was learned from it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from f2p.files import naming, write_whole
from f2p.report.figures import losses_figure, particles_figure, scene_figure, times_figure
from f2p.types import Failure, Particles, fact_text

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1180px;padding:24px;color:#222}
h1{font-size:26px;margin:0 0 4px} h2{font-size:19px;margin:32px 0 8px;border-bottom:1px solid #ddd}
table{border-collapse:collapse;font-size:14px}
td,th{padding:3px 12px 3px 0;text-align:left;border-bottom:1px solid #eee} .bad{color:#b3261e} .good{color:#1b7f3b}
.cards{display:flex;gap:12px;flex-wrap:wrap;margin:16px 0} .card b{display:block;font-size:20px}
.card{border:1px solid #ddd;border-radius:8px;padding:10px 16px}
pre{background:#f6f6f6;padding:12px;border-radius:8px;overflow:auto;font-size:13px}
"""


@dataclass(frozen=True, eq=False)
class Story:
    """Everything a page shows; what is missing is left out of the page."""

    title: str
    failure: Failure
    summary: Mapping[str, object]
    """What the run printed: success before and after, seconds, weights."""
    particles: Particles | None = None
    losses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    lineage: str = ""
    """The lineage as text, weights first."""
    simulated: bool = False
    """Whether the robot that failed was a simulated one; the page then says so."""


def _figure(figure: go.Figure) -> str:
    return figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False, "responsive": True})


def _card(label: str, value: str, kind: str = "") -> str:
    return f'<div class="card">{html.escape(label)}<b class="{kind}">{html.escape(value)}</b></div>'


def _cards(story: Story) -> str:
    cards = []
    for when in ("before", "after"):
        success = dict(story.summary.get(when) or {}).get("success")  # type: ignore[call-overload]
        if success is not None:
            cards.append(_card(f"{when} learning", "succeeded" if success else "failed", "good" if success else "bad"))
    cards.append(_card("cause", story.failure.cause.value))
    cards.append(_card("contradictions", str(len(story.failure.contradictions))))
    seconds = dict(story.summary.get("seconds") or {})  # type: ignore[call-overload]
    if seconds.get("failure_to_weights") is not None:
        cards.append(_card("failure to new weights", f"{seconds['failure_to_weights']:.0f} s"))
    return f'<div class="cards">{"".join(cards)}</div>'


def _contradictions(failure: Failure) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(fact_text(c.relation, c.subject, c.object))}</td><td>{c.predicted:.2f}</td>"
        f'<td class="bad">{str(c.observed).lower()}</td></tr>'
        for c in failure.contradictions
    )
    head = "<tr><th>relation after the skill</th><th>predicted P</th><th>observed</th></tr>"
    return f"<table>{head}{rows}</table>" if rows else "<p>Every relation came out as predicted.</p>"


def _why(failure: Failure) -> str:
    return f"<p>{html.escape(failure.explanation)}</p>{_contradictions(failure)}"


def _sections(story: Story) -> list[tuple[str, str]]:
    outcome = story.failure.outcome
    call = f"{outcome.call.skill}({outcome.call.object})"
    clouds = "".join(
        _figure(scene_figure(scene, f"{when} {call}"))
        for when, scene in (("before", outcome.before), ("after", outcome.after))
    )
    sections = [
        ("What was seen", clouds),
        ("Predicted against observed", _why(story.failure)),
    ]
    if story.particles is not None:
        title = f"{len(story.particles.calls)} inferred scenes and actions over the failure"
        sections.append(("What it imagined", _figure(particles_figure(outcome.before, story.particles, title))))
    if story.losses:
        sections.append(("What it learned", _figure(losses_figure(story.losses))))
    seconds = {k: v for k, v in dict(story.summary.get("seconds") or {}).items() if v is not None}  # type: ignore[call-overload]
    if seconds:
        sections.append(("Where the time went", _figure(times_figure(seconds))))
    if story.lineage:
        sections.append(("Lineage of the weights", f"<pre>{html.escape(story.lineage)}</pre>"))
    sections.append(("The run as data", f"<pre>{html.escape(json.dumps(story.summary, indent=2, default=str))}</pre>"))
    return sections


def write_page(story: Story, path: Path) -> Path:
    """Write the page to `path` and return it; plotly's script is inside, so it opens without a network.

    Raises:
        OSError: It cannot be written; names it. What was there before is still there.
    """
    body = "".join(f"<h2>{html.escape(title)}</h2>{content}" for title, content in _sections(story))
    note = "<br>Everything here happened in simulation: no figure comes from a real robot." if story.simulated else ""
    _write(
        path,
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(story.title)}</title>'
        f"<style>{STYLE}</style><script>{get_plotlyjs()}</script></head><body><h1>{html.escape(story.title)}</h1>"
        f"<p>Goal: <code>{html.escape(str(story.failure.goal))}</code>{note}</p>"
        f"{_cards(story)}{body}</body></html>".encode(),
    )
    return path


def _write(path: Path, data: bytes) -> None:
    """Put a file in place whole or not at all; what is there and no file, such as a pipe, is written to as it is."""
    if path.exists() and not path.is_file():
        with naming(path):
            path.write_bytes(data)
    else:
        write_whole(path, data)
