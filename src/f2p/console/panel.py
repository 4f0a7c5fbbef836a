"""The panel: what is known in words and tables, and the buttons; the same for all viewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import viser

from f2p.console import tables
from f2p.console.buttons import FACTS, Press
from f2p.console.desk import Desk
from f2p.console.draft import Draft
from f2p.console.goal_tab import GoalTab
from f2p.console.view import View
from f2p.errors import F2pError

DRIVE = {
    "Forward": "up", "Back": "down", "Turn left": "left", "Turn right": "right", "Lift up": "8", "Lift down": "2",
    "Arm out": "w", "Arm in": "x", "Wrist left": "a", "Wrist right": "d", "Open gripper": "0", "Close gripper": "5",
}  # fmt: skip
"""Keys of `f2p teleop` behind the buttons that drive while they are held down."""

DONE, REFUSED = (72, 187, 120), (245, 101, 101)
"""Colours of what comes of a press."""

SPEEDS = {"slow": "s", "medium": "m", "fast": "b"}

HOLD_HZ = 20.0
"""How often a button that is held says so [Hz] (ours: twice within the silence that ends what it moves)."""


def operator(client_id: int | None) -> str:
    """Return what a viewer is called."""
    return f"operator {1 + (client_id or 0)}"


class Panel:
    """Made once for a server.

    Args:
        server: Whose panel it is.
        desk: Where presses go.
        draft: The goal.
        key: Takes a key of the teleop, for who has the robot.
    """

    def __init__(self, server: viser.ViserServer, desk: Desk, draft: Draft, key: Callable[[str], None]) -> None:
        self._desk, self._key, self._gui = desk, key, server.gui
        self._shown: dict[str, str] = {}
        self._learning: Any = None
        gui = server.gui
        gui.configure_theme(dark_mode=True, control_width="large", show_logo=False, show_share_button=False,
                            brand_color=(66, 153, 225))  # fmt: skip
        gui.main_panel.dock_right()
        self._html = {"status": gui.add_html("")}
        with gui.add_folder("Robot"):
            self._robot_buttons()
        tabs = gui.add_tab_group()
        with tabs.add_tab("Goal"):
            self._goal = GoalTab(gui, draft, self._tell)
            self._button(Press.RUN, "green")
            self._button(Press.CANCEL)
        with tabs.add_tab("Plan"):
            self._html["plan"] = gui.add_html("")
        with tabs.add_tab("Scene"):
            self._html["relations"] = gui.add_html("")
        with tabs.add_tab("Failures"):
            self._html["failures"] = gui.add_html("")
        with tabs.add_tab("Weights"):
            self._learning_part()
        with tabs.add_tab("Record"):
            self._group("recording", Press.MARK, Press.RECORD, Press.STOP_RECORD)
            self._html["recorder"] = gui.add_html("")
        self._html["notes"] = gui.add_html("")

    def show(self, view: View) -> None:
        """Bring every part to what the view says; what says the same is not sent."""
        self._set("status", tables.status_html(view))
        self._set("plan", tables.plan_html(view.plan, view.scene))
        self._set("relations", tables.relations_html(view.scene))
        self._set("failures", tables.failures_html(view.failures))
        self._set("learning", tables.learning_html(view.learning, len(view.particles)))
        self._set("weights", tables.weights_html(view.weights))
        self._set("recorder", tables.block(tables.line(view.recorder or "no recorder runs: recorder:=true")))
        self._set("notes", tables.notes_html(view.notes))
        self._goal.show(view.scene)
        self._reveal(self._plea, view.plea is not None or view.command.here)
        self._reveal(self._unlatch, view.command.latched)
        self._reveal(self._driving, view.command.here)
        self._reveal(self._approval, bool(view.weights.waiting))
        self._reveal(self._progress, view.learning is not None)
        if view.learning is not None and view.learning is not self._learning:
            self._learning = view.learning
            self._progress.value = round(100.0 * min(max(view.learning.progress, 0.0), 1.0), 1)  # type: ignore[misc]

    @staticmethod
    def _reveal(part: Any, visible: bool) -> None:
        if part.visible != visible:
            part.visible = visible

    def _set(self, part: str, content: str) -> None:
        if self._shown.get(part) != content:
            self._shown[part] = content
            self._html[part].content = content

    def _robot_buttons(self) -> None:
        self._button(Press.HOLD, "red")
        self._group("who has it", Press.PAUSE, Press.TAKE_OVER, Press.RESUME)
        self._plea = self._group("your answer", Press.DONE, Press.SKIP, Press.GIVE_UP)
        self._unlatch = self._button(Press.UNLATCH, "orange")
        self._button(Press.LOOK)
        self._driving = self._gui.add_folder("Drive: hold a button, let go to stop", expand_by_default=False)
        with self._driving:
            speeds = self._gui.add_button_group("speed", tuple(SPEEDS))
            speeds.on_click(lambda event: self._drive(event, SPEEDS[event.target.value]))
            for label, key in DRIVE.items():
                self._gui.add_button(label).on_hold(self._driver(key), callback_hz=HOLD_HZ)

    def _learning_part(self) -> None:
        self._html["learning"] = self._gui.add_html("")
        self._progress = self._gui.add_progress_bar(0.0, color="violet", visible=False)
        self._html["weights"] = self._gui.add_html("")
        self._approval = self._group("new weights", Press.APPROVE, Press.REFUSE)
        self._button(Press.ROLL_BACK)

    def _button(self, button: Press, color: Any = "gray") -> viser.GuiButtonHandle:
        facts = FACTS[button]
        made = self._gui.add_button(facts.label, color=color, hint=facts.hint)
        made.on_click(lambda event: self._press(event, button))
        return made

    def _group(self, title: str, *buttons: Press) -> viser.GuiButtonGroupHandle:
        by_label = {FACTS[one].label: one for one in buttons}
        hint = " ".join(f"{label}: {FACTS[one].hint}" for label, one in by_label.items())
        made = self._gui.add_button_group(title, tuple(by_label), hint=hint)
        made.on_click(lambda event: self._press(event, by_label[event.target.value]))
        return made

    def _press(self, event: viser.GuiEvent[Any], button: Press) -> None:
        self._tell(event, lambda: self._desk.press(button, operator(event.client_id)), FACTS[button].label)

    def _driver(self, key: str) -> Callable[[Any], None]:
        return lambda event: self._drive(event, key)

    def _drive(self, event: viser.GuiEvent[Any], key: str) -> None:
        if self._desk.holder == operator(event.client_id):
            self._key(key)
        elif event.client is not None and key in SPEEDS.values():
            event.client.add_notification("Drive", "press Take over first", color=REFUSED, auto_close_seconds=4.0)

    def _tell(self, event: viser.GuiEvent[Any], job: Callable[[], str], title: str) -> None:
        """Do what was pressed, and tell who pressed it what came of it."""
        try:
            text, color, seconds = job(), DONE, 4.0
        except F2pError as error:
            text, color, seconds = f"error {error.code}: {error}", REFUSED, 15.0
        if event.client is not None and text:
            event.client.add_notification(title, text, color=color, auto_close_seconds=seconds)
