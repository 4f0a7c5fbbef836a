"""The tab where a goal is put together from the relations and the things on screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import viser

from f2p.console import tables
from f2p.console.draft import Draft
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, LearnFrom, Scene

NOTHING: tuple[str, ...] = ("-",)
"""Choices while nothing is seen."""

ADD, DROP, CLEAR = "Add", "Remove last", "Clear"

Tell = Callable[[Any, Callable[[], str], str], None]
"""Does a job for an event, and tells who pressed what came of it."""


class GoalTab:
    """Made within the tab.

    Args:
        gui: Of the server.
        draft: The goal.
        tell: Does what is pressed.
    """

    def __init__(self, gui: viser.GuiApi, draft: Draft, tell: Tell) -> None:
        self._draft = draft
        self._scene: Scene | None = None
        self._names = NOTHING
        self._text = gui.add_html("")
        self._subject = gui.add_dropdown("thing", NOTHING)
        self._relation = gui.add_dropdown("relation", (*BINARY_RELATIONS, *UNARY_RELATIONS))
        self._object = gui.add_dropdown("to", NOTHING)
        self._wanted = gui.add_checkbox("shall hold", True)
        edit = gui.add_button_group("this relation", (ADD, DROP, CLEAR))
        edit.on_click(lambda event: tell(event, lambda: self._edit(event.target.value), "Goal"))
        steps = gui.add_text("steps", "", hint="Steps to follow, e.g. pick_place(box); empty lets the planner search.")
        steps.on_update(lambda event: setattr(draft, "steps", str(event.target.value)))
        learn = gui.add_dropdown("learn from", [one.value for one in LearnFrom], initial_value=draft.learn_from.value)
        learn.on_update(lambda event: setattr(draft, "learn_from", LearnFrom(event.target.value)))
        self._show_text()

    def show(self, scene: Scene | None) -> None:
        """Offer what is seen."""
        self._scene = scene
        names = scene.names if scene is not None and scene.names else NOTHING
        if names != self._names:
            self._names = names
            movable = [one.name for one in scene.segments if one.movable] if scene is not None else []
            self._subject.options = (*movable, *(one for one in names if one not in movable))
            self._object.options = names
        self._show_text()

    def _edit(self, what: str) -> str:
        if what == ADD:
            self._draft.add(
                self._relation.value, self._subject.value, self._object.value, self._wanted.value, self._scene
            )
        elif what == DROP:
            self._draft.drop_last()
        else:
            self._draft.clear()
        self._show_text()
        return ""

    def _show_text(self) -> None:
        text = str(self._draft)
        content = tables.block(tables.line(f"Goal: {text}" if text else "Goal: none yet; choose below, and Add"))
        if self._text.content != content:
            self._text.content = content
