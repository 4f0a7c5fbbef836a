"""One registry per family of implementations, filled by a decorator."""

from __future__ import annotations

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
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self._items: dict[str, T] = {}

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
        if name not in self._items:
            raise UnknownNameError(self.family, name, self.names)
        return self._items[name]

    @property
    def names(self) -> tuple[str, ...]:
        """All registered names, sorted."""
        return tuple(sorted(self._items))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)
