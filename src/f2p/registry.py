"""One registry per family of implementations, filled by a decorator."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from f2p.errors import F2pError

T = TypeVar("T")


class UnknownNameError(F2pError):
    """A name that no implementation of the family has."""

    code = 10

    def __init__(self, family: str, name: str, choices: tuple[str, ...]) -> None:
        super().__init__(f"no {family} is called {name!r}; choose one of: {', '.join(choices)}")


class Registry(Generic[T]):
    """Names to implementations of one family.

    >>> learners = Registry("learner")
    >>> @learners.register("original")
    ... class Original: ...

    Args:
        family: What a member is called in messages.
        members: Package whose modules register the members. They are imported when first asked for, so that naming
            the family costs nobody the engines behind it; empty where the package's own `__init__` imports them.
    """

    def __init__(self, family: str, members: str = "") -> None:
        self.family = family
        self._items: dict[str, T] = {}
        self._members = members

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files its argument under `name`. Raises ValueError when taken."""

        def file_under(item: T) -> T:
            if name in self._items:
                raise ValueError(f"{self.family} {name!r} is registered twice")
            self._items[name] = item
            return item

        return file_under

    def get(self, name: str) -> T:
        """The implementation called `name`. Raises UnknownNameError with the choices."""
        self._import_members()
        if name not in self._items:
            raise UnknownNameError(self.family, name, self.names)
        return self._items[name]

    @property
    def names(self) -> tuple[str, ...]:
        """All registered names, sorted."""
        self._import_members()
        return tuple(sorted(self._items))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def _import_members(self) -> None:
        """Import the members once; those that register while they are imported ask for nothing here."""
        package, self._members = self._members, ""
        if package:
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
                importlib.import_module(f"{package}.{module.name}")
