"""Weights of a store in service: they follow the store's champion, and a candidate that waits answers silently beside.

Whoever changes the store, a fine-tune or a person with `f2p weights`, writes one line; `due` notices it and gives back
the work that follows, for a thread that may take its time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from f2p.errors import F2pError
from f2p.events import Note, Noted, unnoted
from f2p.model.architectures.protocol import Architecture
from f2p.model.predictor import TorchPredictor
from f2p.plan.protocol import Predictor
from f2p.weights.errors import NoPreviousError, WeightsError
from f2p.weights.golden import ServingConfig
from f2p.weights.holder import SwapReport, WeightsHolder
from f2p.weights.manifest import Manifest
from f2p.weights.measure import prove
from f2p.weights.modules import load_module
from f2p.weights.remarks import withdraw, write_shadow
from f2p.weights.shadow import Question, Shadow
from f2p.weights.store import WeightsStore

Load = Callable[[str], Predictor]


def load_predictor(store: WeightsStore, weights_id: str, config: ServingConfig | None = None) -> Predictor:
    """Return a predictor of the store's weights, checked as `load_module` does, and warm."""
    return _predictor(*load_module(store, weights_id, config))


def load_proven(store: WeightsStore, weights_id: str, config: ServingConfig | None = None) -> Predictor:
    """Return a predictor likewise, measured where no gate has let the weights pass. Raises WeightsError."""
    config = config or ServingConfig()
    module, manifest = load_module(store, weights_id, config)
    prove(store, module, manifest, config.measure)
    return _predictor(module, manifest)


def _predictor(module: Architecture, manifest: Manifest) -> Predictor:
    """Return a predictor whose P(goal) is trusted as far as its plans came true."""
    trusted = 1.0 if manifest.reliability is None else float(manifest.reliability["probability"])
    return TorchPredictor(module, manifest.weights_id, reliability=trusted)


@dataclass(frozen=True)
class Lines:
    """What the store says: who serves, and who waits."""

    champion: str
    waiting: str | None


class WeightsService:
    """Questions to one version of the weights at a time; all methods may be called from any thread.

    Args:
        store: Where the weights are.
        config: What they must show, and how much a candidate is asked.
        note: Takes what happens.
        load: Makes a predictor of an id, checked; None: as `load_proven`.
    """

    def __init__(
        self, store: WeightsStore, config: ServingConfig | None = None, note: Note = unnoted, load: Load | None = None
    ) -> None:  # fmt: skip
        self._store, self._config, self._note = store, config or ServingConfig(), note
        self._load: Load = load or (lambda weights_id: load_proven(store, weights_id, self._config))
        self._recent: deque[Question] = deque(maxlen=max(1, self._config.shadow.recent))
        self._shadow: Shadow | None = None
        self._changing = threading.RLock()
        self._told = ""
        self._echoed: Question | None = None
        self._seen = Lines(store.champion, None)
        self.holder = WeightsHolder(self._rehearsed, store.champion)

    def asked(self, question: Question) -> None:
        """Remember a question that was answered, for those who want to serve."""
        self._recent.append(question.brief(self._config.shadow.candidates))

    def echo(self) -> Callable[[], None] | None:
        """Return the work of letting the waiting candidate answer the newest question; None where none waits."""
        shadow, newest = self._shadow, self._recent[-1] if self._recent else None
        if shadow is None or newest is None or newest is self._echoed:
            return None
        return lambda: self._ask(shadow, newest)

    def due(self) -> Callable[[], None] | None:
        """Return the work that a changed line of the store asks for; None where nothing changed."""
        try:
            lines = self._lines()
        except WeightsError as error:
            if str(error) != self._told:
                self._told = str(error)
                self._note(Noted("refused", self._told, code=type(error).code or 0))
            return None
        if lines == self._seen:
            return None  # also where it was refused: the line has to change before it is tried again
        return lambda: self._follow(lines)

    def publish(self, weights_id: str, parent: str) -> SwapReport:
        """Serve weights and make them the champion, unless they are already, once they are loaded.

        Raises:
            WeightsError: Why those in service stay.
        """

        def move() -> None:
            if self._store.champion != weights_id:
                self._store.publish(weights_id, parent or self._store.champion)

        return self._swap(weights_id, move, "swap", f"made the champion in place of {parent[:12] or 'whatever served'}")

    def rollback(self, reason: str) -> SwapReport:
        """Put the champion before back into service; those that go are withdrawn. Raises WeightsError."""
        champion, wanted = self._store.champion, self._store.resolve("previous")
        if wanted == champion:
            raise NoPreviousError(self._store.folder)
        why = reason or "rolled back, no reason given"
        report = self._swap(wanted, lambda: self._store.promote(wanted), "rollback", why)
        withdraw(self._store.folder, champion, why)
        return report

    def refuse(self, weights_id: str, reason: str) -> str:
        """Send weights away that wait, or others that do not serve, and say so; returns their id.

        Raises:
            WeightsError: They serve, or it cannot be noted.
        """
        why = reason or "refused, no reason given"
        with self._changing:
            refused = self._store.refuse(weights_id, why)
            self._seen = self._lines()
            self._attend()
        self._note(Noted("refused", f"{refused[:12]} is sent away: {why}", weights=refused))
        return refused

    def _swap(self, weights_id: str, commit: Callable[[], object], kind: str, why: str) -> SwapReport:
        """Swap and say so."""
        with self._changing:
            before = self.holder.weights_id
            report = self.holder.swap(weights_id, commit)
            self._seen = self._lines()
            self._attend()
        if before != weights_id:
            text = f"{weights_id[:12]} serves in place of {before[:12]}: {why}; loading took {report.load_s:.1f} s"
            self._note(Noted(kind, text, weights=weights_id, facts={"previous": before, "load_s": report.load_s}))
        return report

    def _follow(self, lines: Lines) -> None:
        """Serve whom the store names, and let answer who waits; what is refused stays out of service."""
        self._seen = lines
        try:
            if lines.champion != self.holder.weights_id:
                self._swap(lines.champion, lambda: None, "swap", "the store names it the champion")
            with self._changing:
                self._attend()
        except F2pError as error:
            text = f"{lines.champion[:12]} does not serve: {error}"
            self._note(Noted("refused", text, weights=lines.champion, code=type(error).code or 0))

    def _attend(self) -> None:
        """Let the candidate that waits answer from now on, and what was asked lately as well."""
        waiting, shadow = self._store.waiting, self._shadow
        if shadow is not None and shadow.weights_id == waiting:
            return
        self._shadow = None
        if waiting is not None:
            self._note(Noted("waiting", f"{waiting[:12]} waits for f2p weights promote or refuse", weights=waiting))
            shadow = Shadow(self._load(waiting), self._config.shadow)
            self._rehearse(shadow)
            self._shadow = shadow

    def _rehearsed(self, weights_id: str) -> Predictor:
        """Load weights and let them answer, before they serve, what was asked lately."""
        predictor = self._load(weights_id)
        self._rehearse(Shadow(predictor, self._config.shadow))
        return predictor

    def _rehearse(self, shadow: Shadow) -> None:
        """Let a candidate answer what was asked lately, and say what it came to."""
        questions = list(self._recent) if self._config.shadow.recent else []
        for question in questions:
            shadow.ask(question)
        if questions:
            self._echoed = questions[-1]
            self._tell(shadow, "before it serves, ")

    def _ask(self, shadow: Shadow, question: Question) -> None:
        """Let a waiting candidate answer one question."""
        self._echoed = question
        try:
            found = shadow.ask(question)
            write_shadow(self._store.folder, shadow.weights_id, shadow.report().values())
        except F2pError as error:
            self._note(Noted("shadow", str(error), weights=shadow.weights_id, code=type(error).code or 0))
            return
        if found is not None:
            self._note(Noted("shadow", f"{shadow.weights_id[:12]}: {found}", weights=shadow.weights_id))

    def _tell(self, shadow: Shadow, when: str) -> None:
        """Say what a candidate came to, and keep it."""
        report = shadow.report()
        write_shadow(self._store.folder, report.weights_id, report.values())
        text = f"{report.weights_id[:12]}, {when}was asked what was asked lately: {report}"
        self._note(Noted("shadow", text, weights=report.weights_id, facts=report.values()))

    def _lines(self) -> Lines:
        return Lines(self._store.champion, self._store.waiting)
