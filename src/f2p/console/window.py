"""The window: what a view says is drawn for whoever looks, and nothing is done while nobody does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import viser

from f2p.console import server
from f2p.console.body import StretchModel
from f2p.console.desk import Desk
from f2p.console.draft import Draft
from f2p.console.drawing import Drawing
from f2p.console.gate import Doorkeeper
from f2p.console.panel import Panel, operator
from f2p.console.view import View
from f2p.errors import UNFORESEEN
from f2p.report.markers import failure_marks, particle_marks, plan_marks, scene_marks

PERIOD_S = 0.1
"""Time between two looks at what is to be shown, while somebody looks [s] (ours: what looks live)."""

EYE, LOOKED_AT = (2.15, -1.2, 1.65), (0.5, 0.0, 0.62)
"""Where a viewer begins, and looks at, in the task frame [m]: over the tables onto the robot."""


class Window:
    """One console's server.

    Args:
        desk: Where presses go.
        draft: The goal that is put together.
        key: Takes keys of the teleop.
        source: Gives what is to be shown; called on the window's own thread, while somebody looks.
    """

    def __init__(self, desk: Desk, draft: Draft, key: Callable[[str], None], source: Callable[[], View]) -> None:
        self._desk, self._draft, self._key, self._source = desk, draft, key, source
        self._looked, self._closed = threading.Event(), threading.Event()
        self._last = View()
        self._server: viser.ViserServer | None = None
        self._thread = threading.Thread(target=self._run, name="f2p-console", daemon=True)
        self._fault = ""

    def open(self, token: str, address: str, port: int, page: Callable[[str], Path | None]) -> int:
        """Listen, and begin to draw; returns the port. Raises PortTakenError, GateMissingError."""
        made = self._server = server.start(Doorkeeper(token, address, page), address, port)
        made.initial_camera.position, made.initial_camera.look_at = EYE, LOOKED_AT
        made.initial_camera.up, made.initial_camera.fov = (0.0, 0.0, 1.0), 0.87
        made.scene.add_grid("/floor", 6.0, 6.0, cell_size=0.25, cell_color=(60, 66, 74), section_color=(84, 92, 102),
                            fade_distance=8.0)  # fmt: skip
        self._panel = Panel(made, self._desk, self._draft, self._key)
        self._body = StretchModel(made.scene)
        names = ("scene", "plan", "particles", "failure")
        self._drawings = {name: Drawing(made.scene, name) for name in names}
        made.on_client_connect(lambda _client: self._looked.set())
        made.on_client_disconnect(lambda client: self._desk.left(operator(client.client_id)))
        self._thread.start()
        return int(made.get_port())

    @property
    def lively(self) -> bool:
        """Whether the thread that draws works, or is not wanted to."""
        return self._closed.is_set() or self._thread.ident is None or self._thread.is_alive()

    def close(self) -> None:
        """Turn everybody out."""
        self._closed.set()
        self._looked.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=3.0)
        if self._server is not None:
            server.stop(self._server)

    def _run(self) -> None:
        made = self._server
        assert made is not None
        while not self._closed.is_set():
            if not made.get_clients():
                self._looked.wait(timeout=1.0)
                self._looked.clear()
                continue
            try:
                with made.atomic():
                    self._show(self._source())
            except Exception as error:  # of whatever was heard: the rest is shown on, and who looks is told
                self._tell(f"{type(error).__name__}: {error}")
            self._closed.wait(timeout=PERIOD_S)

    def _tell(self, fault: str) -> None:
        """Note what cannot be shown, once."""
        if fault != self._fault:
            self._fault = fault
            self._desk.note(f"not everything can be shown: error {UNFORESEEN}: {fault}")

    def _show(self, view: View) -> None:
        last, self._last = self._last, view
        self._panel.show(view)
        if view.scene is not last.scene:
            self._drawings["scene"].show([] if view.scene is None else scene_marks(view.scene), view.scene)
        if view.plan is not last.plan:
            plan = view.plan
            known = plan is not None and plan.scene is not None
            self._drawings["plan"].show(plan_marks(plan.plan, plan.scene, plan.status) if known else [])  # type: ignore[union-attr,arg-type]
        if view.particles is not last.particles:
            self._drawings["particles"].show(particle_marks(view.particles))
        if view.failures is not last.failures:
            newest = view.failures[0] if view.failures else None
            self._drawings["failure"].show(
                [] if newest is None
                else failure_marks(newest.cause, newest.message, list(newest.contradictions), view.scene)
            )  # fmt: skip
        self._body.show(view.joints, view.base)
