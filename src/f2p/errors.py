"""The root of every error: a fact in words, and a code that travels over the wire.

Each room keeps its errors in its own `errors.py`; codes are unique, in blocks of one hundred per room:
1xx scene, 2xx model, 3xx plan, 4xx skill and robot, 5xx monitor, 6xx posterior and simulation,
7xx learner, 8xx weights, 9xx guard.
"""

from __future__ import annotations

from typing import ClassVar

_BY_CODE: dict[int, type[F2pError]] = {}


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


def errors_by_code() -> dict[int, type[F2pError]]:
    """All declared codes and their classes (import the rooms first)."""
    return dict(_BY_CODE)
