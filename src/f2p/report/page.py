"""A self-contained HTML page about one failure, understood in a minute: in words first, then pictures, then figures."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from f2p.files import naming, write_whole
from f2p.report import words
from f2p.report.figures import losses_figure, particles_figure, scene_figure, times_figure
from f2p.report.projections import projected
from f2p.report.seen import Glimpse
from f2p.report.views import picture
from f2p.report.words import Lesson
from f2p.types import Failure, Particles

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1180px;padding:24px;color:#222}
h1{font-size:26px;margin:0 0 4px} h2{font-size:19px;margin:32px 0 8px;border-bottom:1px solid #ddd}
table{border-collapse:collapse;font-size:14px} .minute{font-size:15px;width:100%}
.minute th{width:150px;color:#555;font-weight:600;vertical-align:top}
td,th{padding:4px 12px 4px 0;text-align:left;border-bottom:1px solid #eee} .bad{color:#b3261e} .good{color:#1b7f3b}
.now{background:#fff6dd;border:1px solid #e5c04b;border-radius:8px;padding:12px 16px;margin:16px 0;font-size:16px}
.pair{display:flex;gap:12px} figure{margin:0;width:calc(50% - 6px)} figure img{width:100%;border:1px solid #eee}
.note{color:#666;font-size:13px} .wide{width:100%}
pre{background:#f6f6f6;padding:12px;border-radius:8px;overflow:auto;font-size:13px}
"""


@dataclass(frozen=True, eq=False)
class Version:
    """What one version of the weights predicts of the failed step."""

    name: str
    """Short id and role."""
    score: float
    goal: float
    """P(goal) after the step."""
    predicted: tuple[float, ...]
    """Probability of each relation that is written out."""


@dataclass(frozen=True, eq=False)
class Story:
    """Everything a page shows; what is missing is left out of the page."""

    title: str
    failure: Failure
    folder: Path | str = ""
    """Where the failure is kept."""
    lesson: Lesson | None = None
    summary: Mapping[str, object] = field(default_factory=dict)
    """What a run printed: success before and after, seconds."""
    particles: Particles | None = None
    losses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    lineage: str = ""
    """The lineage as text, weights first."""
    versions: tuple[Version, ...] = ()
    recording: str = ""
    """Where a recording of it is, from the page."""
    glimpses: tuple[Glimpse, ...] = ()
    """What the camera took and how the robot stood, before and after; none where nothing was recorded."""
    simulated: bool = False
    """Whether the robot that failed was a simulated one; the page then says so."""


def _figure(figure: go.Figure) -> str:
    return figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False, "responsive": True})


def _minute(story: Story) -> str:
    """Return the part that is read first: the answers to what one asks."""
    failure, lesson = story.failure, story.lesson
    rows = [
        ("Tried", words.tried(failure)), ("Expected", words.expected(failure)), ("Happened", words.happened(failure)),
        ("Cause, and why", words.why(failure)), ("Learned from", words.learned(lesson)),
        ("Did it help?", words.helped(lesson)), *_ran(story),
    ]  # fmt: skip
    cells = "".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>" for name, text in rows)
    now = html.escape(words.do_now(failure, lesson, story.folder))
    return f'<div class="now"><b>What to do now:</b> {now}</div><table class="minute">{cells}</table>'


def _ran(story: Story) -> list[tuple[str, str]]:
    """Return how the task went before and after learning, where a run says so."""
    told = []
    for when in ("before", "after"):
        success = dict(story.summary.get(when) or {}).get("success")  # type: ignore[call-overload]
        if success is not None:
            told.append(f"{'succeeded' if success else 'failed'} {when} learning")
    return [("The task", ", ".join(told))] if told else []


def _relations(story: Story) -> str:
    """Return the relations that came out otherwise, with what each version of the weights predicts of them."""
    failure, versions = story.failure, story.versions
    rows = words.relation_rows(failure)
    if not rows:
        return "<p>Every relation came out as predicted.</p>"
    head = "".join(f"<th>{html.escape(one.name)}</th>" for one in versions)
    body = "".join(
        f"<tr><td>{html.escape(relation)}</td><td>{wanted}</td><td class='bad'>{found}</td>"
        + "".join(f"<td>{one.predicted[row]:.2f}</td>" for one in versions) + "</tr>"
        for row, (relation, wanted, found) in enumerate(rows)
    )  # fmt: skip
    more = len(failure.contradictions) - len(rows)
    note = f'<p class="note">and {more} more</p>' if more > 0 else ""
    labels = "<th>relation after the skill</th><th>expected</th><th>happened</th>"
    scores = "".join(f"<td><b>{one.score:.2f}</b> off, P(goal) {one.goal:.2f}</td>" for one in versions)
    whole = f"<td>the whole step</td><td>{failure.score:.2f} off</td><td>allowed {failure.threshold:.2f}</td>"
    last = f"<tr>{whole}{scores}</tr>"
    return f"<table><tr>{labels}{head}</tr>{body}{last}</table>{note}"


def _pictures(story: Story) -> str:
    """Return what was seen before and after, side by side."""
    outcome, call = story.failure.outcome, words.call_text(story.failure.outcome.call)
    pair = ((outcome.before, outcome.after, f"before {call}"), (outcome.after, outcome.before, f"after {call}"))
    images = "".join(
        f'<figure><figcaption>{html.escape(title)}</figcaption><img alt="{html.escape(title)}" '
        f'src="data:image/png;base64,{base64.b64encode(picture(scene, other)).decode()}"></figure>'
        for scene, other, title in pair
    )
    recording = f"; the images themselves are in {story.recording}" if story.recording else ""
    note = f"From where the head camera is, drawn from the clouds of the segments{recording}."
    return f'{_taken(story)}<div class="pair">{images}</div><p class="note">{html.escape(note)}</p>{_drawn(story)}'


def _taken(story: Story) -> str:
    """Return the camera's own pictures, side by side; nothing where none were recorded."""
    if not any(one.jpeg for one in story.glimpses):
        return ""
    images = "".join(
        f'<figure><figcaption>the camera {when}{", depth" if one.depth else ""}</figcaption>'
        + (f'<img alt="the camera {when}" src="data:image/jpeg;base64,{base64.b64encode(one.jpeg).decode()}">'
           if one.jpeg else "nothing was recorded") + "</figure>"
        for when, one in zip(("before", "after"), story.glimpses, strict=False)
    )  # fmt: skip
    return f'<div class="pair">{images}</div>'


def _drawn(story: Story) -> str:
    """Return the step from above and from the side, where no camera's picture says how it lay; nothing otherwise."""
    if any(one.jpeg for one in story.glimpses):
        return ""
    image = base64.b64encode(projected(story.failure.outcome)).decode()
    note = (
        "No picture of the camera was kept, so this is drawn from the clouds: each thing with its name and outline, "
        "what the skill acted on thick. Dashed red is where the weights expected what was to move, or what did: an "
        "arrow leads from there to where it was seen."
    )
    return (
        f'<img class="wide" alt="from above and from the side" src="data:image/png;base64,{image}">'
        f'<p class="note">{note}</p>'
    )


def _clouds(story: Story) -> str:
    stances = ([one.stance for one in story.glimpses] + [None, None])[:2]
    outcome, call = story.failure.outcome, words.call_text(story.failure.outcome.call)
    return "".join(
        _figure(scene_figure(scene, f"{when} {call}", stance))
        for when, scene, stance in zip(("before", "after"), (outcome.before, outcome.after), stances, strict=True)
    )


def _sections(story: Story) -> list[tuple[str, str]]:
    outcome = story.failure.outcome
    sections = [("Seen before and after", _pictures(story)), ("Relations in words", _relations(story))]
    sections.append(("Clouds, boxes and the robot", _clouds(story)))
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
    if story.summary:
        data = json.dumps(story.summary, indent=2, default=str)
        sections.append(("The run as data", f"<pre>{html.escape(data)}</pre>"))
    return sections


def write_page(story: Story, path: Path) -> Path:
    """Write the page to `path` and return it; plotly's script is inside, so it opens without a network.

    Raises:
        OSError: It cannot be written; names it. What was there before is still there.
    """
    body = "".join(f"<h2>{html.escape(title)}</h2>{content}" for title, content in _sections(story))
    note = (
        "<p>Everything here happened in simulation: no figure comes from a real robot.</p>" if story.simulated else ""
    )
    _write(
        path,
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(story.title)}</title>'
        f"<style>{STYLE}</style><script>{get_plotlyjs()}</script></head><body><h1>{html.escape(story.title)}</h1>"
        f"{note}{_minute(story)}{body}</body></html>".encode(),
    )
    return path


def _write(path: Path, data: bytes) -> None:
    """Put a file in place whole or not at all; what is there and no file, such as a pipe, is written to as it is."""
    if path.exists() and not path.is_file():
        with naming(path):
            path.write_bytes(data)
    else:
        write_whole(path, data)
