"""Which code something was made by: digests of the package's own source files, without version control."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).parent

SHELL = ("cli", "ros", "bench", "report", "loop", "guard", "graph")
"""Packages that show or carry results and make none."""

WHOLE = ("action", "relation", "shape", "sim")
"""Packages whose members are reached through their table: whoever imports one file of them depends on all."""


@functools.cache
def package_digest() -> str:
    """Return the digest of all source files of f2p but those of `SHELL`, as they are on the disk."""
    paths = (path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in SHELL)
    return digest_of(paths)


@functools.cache
def imports_digest(*modules: str) -> str:
    """Digest of the source files of `modules` and of every module of f2p that they import, directly or not."""
    return digest_of(imported_by(*modules))


def imported_by(*modules: str) -> tuple[Path, ...]:
    """Return the source files of `modules` and of every module of f2p that they import, wherever in them, sorted.

    Imports in `__init__` files are ignored: those of f2p make nothing. Packages in `WHOLE` count as a whole,
    and so do families that a registry imports.
    """
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        path = _file_of(waiting.pop())
        if path is not None and path not in found:
            found.add(path)
            waiting += _imports(path) + _beside(path)
    return tuple(sorted(found))


def _beside(path: Path) -> list[str]:
    """Return the modules of the file's package, where that counts as a whole."""
    package = path.relative_to(PACKAGE).parts[0]
    return [f"{PACKAGE.name}.{package}.{one.stem}" for one in path.parent.glob("*.py")] if package in WHOLE else []


def digest_of(paths: Iterable[Path]) -> str:
    """Return the digest of names (within the package) and contents of source files, whatever order they come in."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _file_of(module: str) -> Path | None:
    """Return the source file of a module of f2p; None for a package, and for what is no module of f2p."""
    first, *rest = module.split(".")
    path = PACKAGE.joinpath(*rest).with_suffix(".py") if first == PACKAGE.name and rest else PACKAGE
    return path if path.is_file() else None


def _imports(path: Path) -> list[str]:
    """Find what may be a module in a file's imports: `from a import b` names a, and a.b; a registry all members."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{item.name}" for item in node.names)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("Registry", "Makers") and node.args[1:]:
            package = ast.literal_eval(node.args[1])
            folder = PACKAGE.joinpath(*package.split(".")[1:])
            names += [f"{package}.{one.stem}" for one in folder.glob("*.py")]
    return names
