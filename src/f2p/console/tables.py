"""The panel's parts as HTML: who has the robot, the plan by its steps, relations, poses, failures, weights."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

import numpy as np

from f2p.console.gate import CASE
from f2p.console.view import FailureRow, LearningView, PlanView, PleaView, View, Weights
from f2p.report.markers import predicted_ends
from f2p.scene.relations import relations_of
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Scene, fact_text
from f2p.weights.listing import ancestry

GOOD, WARM, BAD, COOL, GREY = "#48bb78", "#ed8936", "#f56565", "#4299e1", "#8a94a6"

GLYPHS = {"✓": GOOD, "▶": COOL, "≠": WARM, "✗": BAD, "○": GREY}
"""Colours of a plan's steps (`f2p.plan.tree.StepStatus`)."""

_MODES = {"autonomy": GOOD, "operator": COOL, "runstop": BAD}

_STAGES = {
    "svi_states": "inferring scenes like it", "svi_actions": "inferring actions that tell most",
    "settle": "letting the scenes come to rest", "simulate": "simulating the actions", "encode": "encoding the clouds",
    "finetune": "fine-tuning", "gate": "proving the new weights", "calibrate": "calibrating their belief",
    "publish": "publishing the new weights", "load": "loading",
}  # fmt: skip
"""What people read instead of the stages of FineTune.action; what is not here is a word already."""

_UNPLANNED = frozenset({"perceive", "plan"})
"""Stages of AchieveGoal.action in which the plan that was heard last may be of another goal."""

_STYLE = "font-size:12.5px;line-height:1.45;padding:0 0.75em 0.4em"


def block(*parts: str) -> str:
    """Return parts below each other, as the panel shows them."""
    return f'<div style="{_STYLE}">{"".join(parts)}</div>'


def pill(text: str, color: str) -> str:
    """Return a word on a colour."""
    style = f"background:{color};color:#111;border-radius:9px;padding:1px 9px;font-weight:600"
    return f'<span style="{style}">{escape(text)}</span>'


def line(text: str, color: str = "inherit") -> str:
    """Return a paragraph."""
    return f'<div style="color:{color};margin:2px 0">{escape(text)}</div>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; the cells are HTML already."""
    cell = "padding:2px 8px 2px 0;text-align:left;vertical-align:top;border-bottom:1px solid #8883"
    top = "".join(f'<th style="{cell};color:{GREY};font-weight:600">{escape(one)}</th>' for one in head)
    cells = ("".join(f'<td style="{cell}">{one}</td>' for one in row) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f'<table style="border-collapse:collapse;width:100%"><tr>{top}</tr>{body}</table>'


def status_html(view: View) -> str:
    """Return who has the robot, what the stack does, and what it waits for or asks."""
    command = view.command
    who = "operator: this console" if command.here else f"{command.mode}: {command.holder}".removesuffix(": ")
    parts = [pill("stack waits" if view.waits else "stack is up", WARM if view.waits else GOOD), " ",
             pill(who, _MODES.get(command.mode, GREY))]  # fmt: skip
    if view.recorder:
        parts += [" ", pill("recording" if view.recorder.startswith("recording") else "recorder", GREY)]
    if view.waits:
        parts.append(line(view.waits, WARM))
    if command.latched:
        parts.append(line(f"latched: {command.reason}; release the runstop, then Clear latch", BAD))
    elif command.reason:
        parts.append(line(f"held: {command.reason}", WARM))
    if view.plea is not None:
        parts.append(line(plea_text(view.plea), BAD))
    if view.pursuit is not None:
        one = view.pursuit
        asked = view.plea is not None and one.stage == "help"  # whose detail is the plea once more
        detail = "" if asked else f": {one.detail}"
        parts.append(line(f"{one.elapsed_s:.0f} s · {stage_text(one.stage)} · attempt {one.attempt}{detail}"))
        if view.plan is not None and one.stage not in _UNPLANNED:
            parts.append(line(f"for the goal {view.plan.plan.goal}", GREY))
    return block(*parts)


def stage_text(stage: str) -> str:
    """Say what is being done; a stage of a learner of somebody else goes by its own name."""
    return _STAGES.get(stage, stage)


def plea_text(plea: PleaView) -> str:
    """Say what a person is asked, until when, and how one answers or ends it."""
    about = f" about {plea.step}" if plea.step else ""
    until = f"{datetime.fromtimestamp(plea.until_ns / 1e9):%H:%M:%S}"
    return (
        f"The stack waits for a person{about}, until {until}: {plea.reason}. Answer with Resume, Step is done or Skip "
        "step; take over first if the robot has to be moved. Give up ends the goal, and so does the end of the wait."
    )


def plan_html(shown: PlanView | None, scene: Scene | None) -> str:
    """Return the plan with a coloured glyph a step, and where what it moves was predicted and is seen now."""
    if shown is None:
        return block(line("no plan yet", GREY))
    rows = []
    for text in shown.status.splitlines():
        marked = escape(text)
        for glyph, color in GLYPHS.items():
            marked = marked.replace(f"{glyph} ", f'<b style="color:{color}">{glyph}</b> ')
        rows.append(marked)
    tree = f'<pre style="white-space:pre-wrap;margin:0 0 6px;font-size:12px">{chr(10).join(rows)}</pre>'
    return block(tree, _poses(shown, scene))


def _poses(shown: PlanView, now: Scene | None) -> str:
    """Return where each thing that the plan moves was predicted to end, and where it is seen."""
    if shown.scene is None:
        return ""
    seen = {one.name: one.box.center for one in now.segments} if now is not None else {}
    rows = []
    for name, end in predicted_ends(shown.plan, shown.scene).items():
        here = seen.get(name)
        off = "not seen" if here is None else f"{100 * float(np.linalg.norm(here - end)):.0f} cm"
        rows.append([escape(name), _place(end), "-" if here is None else _place(here), off])
    return table(["moves", "predicted [m]", "observed [m]", "apart"], rows) if rows else ""


def _place(point: np.ndarray) -> str:
    return " ".join(f"{float(one):.2f}" for one in point)


def relations_html(scene: Scene | None) -> str:
    """Return every relation that holds, of what can be moved first."""
    if scene is None:
        return block(line("nothing seen yet", GREY))
    facts = facts_of_scene(scene)
    rows = [[escape(fact_text(*fact))] for fact in facts]
    return block(line(f"{len(scene.segments)} things, {len(facts)} relations hold"), table(["holds"], rows))


def facts_of_scene(scene: Scene) -> list[tuple[str, str, str]]:
    """Return (relation, subject, object) of all that holds of what can be moved; the object of one alone is empty."""
    found, out = relations_of(scene), list[tuple[str, str, str]]()
    for i, one in enumerate(scene.segments):
        out += [
            (name, one.name, "") for name, value in zip(UNARY_RELATIONS, found.unary[i], strict=True) if value > 0.5
        ]
        for j, other in enumerate(scene.segments if one.movable else ()):
            if i != j:
                held = zip(BINARY_RELATIONS, found.binary[i, j], strict=True)
                out += [(name, one.name, other.name) for name, value in held if value > 0.5]
    return out


def failures_html(rows: tuple[FailureRow, ...]) -> str:
    """Return the failures as a timeline, the newest on top, each with its page where it is on this machine."""
    if not rows:
        return block(line("nothing has failed", GREY))
    parts = []
    for row in rows:
        when = f"{datetime.fromtimestamp(row.stamp_ns / 1e9):%m-%d %H:%M:%S}"
        link = (
            f'<a href="{CASE}{escape(row.id)}" target="_blank" style="color:{COOL}">report</a>' if row.page
            else f'<span style="color:{GREY}">no page here</span>'
        )  # fmt: skip
        learned = f' · <span style="color:{GOOD}">handled</span>' if row.handled else ""
        head = f"<b>{when}</b> {escape(row.step)} · {pill(row.cause, WARM)} {link}{learned}"
        facts = "".join(line(str(one), GREY) for one in row.contradictions[:3])
        parts.append(
            f'<div style="border-left:3px solid {BAD};padding:1px 0 5px 9px;margin:5px 0">'
            f"{head}{line(row.message)}{facts}</div>"
        )
    return block(*parts)


def learning_html(learning: LearningView | None, particles: int) -> str:
    """Return how far a round of learning is, in words."""
    if learning is None:
        return block(line("nothing is being learned", GREY))
    count = line(f"{particles} inferred scenes, as violet dots in the scene") if particles else ""
    return block(line(f"{stage_text(learning.stage)}: {learning.detail}"), count)


def weights_html(weights: Weights) -> str:
    """Return which weights serve, and what they were made from."""
    if not weights.serving:
        return block(line("no model server has said which weights serve", GREY))
    predicts = f", and predicts {escape(', '.join(weights.skills))}" if weights.skills else ""
    head = f"{pill(weights.serving[:12], GOOD)} serves{predicts}"
    parts = [head + (", others are being loaded" if weights.loading else "")]
    if weights.previous:
        parts.append(line(f"{weights.previous[:12]} served before: Roll back returns to it"))
    if weights.waiting:
        parts.append(line(f"{weights.waiting[:12]} waits: Approve or Refuse", WARM))
    if weights.error:
        parts.append(line(weights.error, BAD))
    if weights.store is None:
        parts.append(line("their store is not on this machine: no lineage", GREY))
    rows = []
    for row in ancestry(weights.rows, weights.waiting or weights.serving):
        rows.append([
            escape(row.id[:12]), escape(", ".join(row.roles)), escape(", ".join(row.skills)),
            escape(row.failure or row.origin), escape(", ".join(row.judged)),
        ])  # fmt: skip
    return block(*parts, table(["lineage", "role", "skills", "comes from", "judged"], rows) if rows else "")


def notes_html(notes: tuple[str, ...]) -> str:
    """Return what was pressed, and what came of it."""
    return block(*(line(one, BAD if ": error " in one else GREY) for one in notes[:8]))
