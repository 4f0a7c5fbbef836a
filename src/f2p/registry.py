"""One registry per family of implementations, filled by a decorator.

A family is a package: `protocol.py` holds its registry, and every other module of the package registers its members
when it is imported. Nobody imports them by hand: the registry does when it is first read, and the plug-ins with them.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from f2p.errors import F2pError
from f2p.plugins import import_plugins

T = TypeVar("T")
M = TypeVar("M")


class UnknownNameError(F2pError):
    """A name that no implementation of the family has."""

    code = 10

    def __init__(self, family: str, name: str, choices: tuple[str, ...]) -> None:
        super().__init__(f"no {family} is called {name!r}; choose one of: {', '.join(choices)}")


def import_members(package: str) -> None:
    """Import every module that lies in a package, which registers what it holds."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")


class Registry(Generic[T]):
    """Names to implementations of one family. Thread-safe.

    >>> poolings = Registry[Pooling]("pooling")
    >>> @poolings.register("mean")
    ... def mean(values): ...

    Args:
        family: What a member is called in messages.
        members: Package whose modules register the members. They are imported when first asked for, so that naming
            the family costs nobody the engines behind it; empty where they lie beside the registry itself.
    """

    def __init__(self, family: str, members: str = "") -> None:
        self.family = family
        self._items: dict[str, T] = {}
        self._members = members
        self._complete = self._busy = False
        self._lock = threading.RLock()

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files its argument under `name`. Raises ValueError when taken."""

        def file_under(item: T) -> T:
            if name in self._items:
                raise ValueError(f"{self.family} {name!r} is registered twice")
            self._items[name] = item
            return item

        return file_under

    def get(self, name: str) -> T:
        """Return the implementation called `name`. Raises UnknownNameError with the choices."""
        self._import_all()
        if name not in self._items:
            raise UnknownNameError(self.family, name, self.names)
        return self._items[name]

    @property
    def names(self) -> tuple[str, ...]:
        """All registered names, sorted."""
        self._import_all()
        return tuple(sorted(self._items))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def _import_all(self) -> None:
        """Import the members and the plug-ins, once; one of them that asks meanwhile is told what there is by then."""
        if self._complete:
            return
        with self._lock:
            if self._complete or self._busy:
                return
            self._busy = True
            try:
                if self._members:
                    import_members(self._members)
                import_plugins()
                self._complete = True
            finally:
                self._busy = False


class Makers(Registry[Callable[..., M]], Generic[M]):
    """A family whose implementations are made: from a config of their own kind, or from nothing for the defaults.

    >>> learners = Makers[Learner]("learner", "f2p.learner")
    >>> @learners.register("original")
    ... class Original: ...
    """

    def make(self, name: str, config: Any = None) -> M:
        """Make the implementation called `name`. Raises UnknownNameError with the choices."""
        maker = self.get(name)
        return maker() if config is None else maker(config)

    def configs(self) -> dict[str, Any]:
        """Return the default config of every implementation that has one, by name.

        What costs something to make says its config by a static method `default_config` and is not made.
        """
        usual = {name: getattr(self.get(name), "default_config", None) for name in self.names}
        found = {name: say() if say else getattr(self.make(name), "config", None) for name, say in usual.items()}
        return {name: config for name, config in found.items() if config is not None}
