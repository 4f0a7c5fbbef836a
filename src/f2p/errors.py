"""The root of every error: a fact in words, and a code that travels over the wire.

Each package keeps its errors in its own `errors.py`; codes are unique, in blocks of one hundred by what they are about.
The ROS shell's errors lie in the block of the package whose work they interrupt. The table is docs/errors.md.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import ClassVar

_BY_CODE: dict[int, type[F2pError]] = {}

BLOCKS = {
    0: "names and settings", 1: "seeing: clouds, scenes, goals", 2: "the model", 3: "planning",
    4: "robot, skills, and the pursuit of a goal", 5: "the monitor, failure folders and recordings",
    6: "inference, simulation and tasks", 7: "learning", 8: "weights", 9: "processes, messages and the guard",
}  # fmt: skip
"""What the codes of one hundred are about."""

UNFORESEEN = 999
"""Wire code of an exception that nobody foresaw: it is no F2pError with a code."""


class F2pError(Exception):
    """Base of all errors f2p raises on purpose. Subclasses take facts and write the sentence."""

    code: ClassVar[int] = 0
    """Wire code, unique among all subclasses that declare one."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            return
        taken = _BY_CODE.setdefault(cls.code, cls)
        if taken.__qualname__ != cls.__qualname__:
            raise TypeError(f"error code {cls.code} of {cls.__name__} is already taken by {taken.__name__}")

    def __reduce__(self) -> tuple[object, ...]:
        """Go from one process to another as sentence and facts: a subclass cannot be made of its own sentence."""
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[F2pError], sentence: tuple[object, ...]) -> F2pError:
    """Return an error with its sentence, without asking for the facts that it was written from."""
    return kind.__new__(kind, *sentence)


class CanceledError(F2pError):
    """The caller took the request back."""

    code = 473


def errors_by_code() -> dict[int, type[F2pError]]:
    """Return all codes and their classes, sorted; imports every file that declares some."""
    root = Path(__file__).parent
    files = [path.relative_to(root.parent).with_suffix("") for path in root.rglob("errors.py")]
    own = ("f2p.events", "f2p.plugins", "f2p.registry", "f2p.settings")
    for name in (*own, *sorted(".".join(path.parts) for path in files)):
        importlib.import_module(name)
    return {code: cls for code, cls in sorted(_BY_CODE.items()) if cls.__module__.startswith("f2p.")}


def error_table() -> str:
    """Return code, class and meaning of every error, in Markdown."""
    lines: list[str] = []
    codes = {code: (cls.__name__, inspect.getdoc(cls) or "") for code, cls in errors_by_code().items()}
    codes[UNFORESEEN] = ("any other exception", "A fault nobody foresaw; the message names the exception.")
    for block, text in BLOCKS.items():
        lines += [f"## {block}xx: {text}", "", "| code | error | meaning |", "|---|---|---|"]
        for code, (name, meaning) in codes.items():
            if code // 100 == block:
                lines.append(f"| {code} | {name} | {' '.join(meaning.split())} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
