"""Who may come in: the token of a console that is reached from elsewhere, and where it may listen without one."""

from __future__ import annotations

import ipaddress
import os
import secrets
import stat
from pathlib import Path

from f2p.console.errors import TokenFileError
from f2p.files import read_regular

SHORTEST = 16
"""Characters of a token at least (ours: 16 of 62 kinds are 95 bits)."""

_MOST_BYTES = 1024


def is_loopback(address: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def token_for(address: str, file: Path | None) -> str:
    """Return the token that is asked for; empty where none is, which is on this machine alone and without a file.

    A file that is not there yet is made with a new token, for its owner's eyes only; without one the token lasts as
    long as the console.

    Raises:
        TokenFileError: The file is no token, or others can read it.
    """
    if file is None:
        return "" if is_loopback(address) else secrets.token_urlsafe(24)
    if not file.exists():
        return _made(file)
    try:
        mode = file.stat().st_mode
        token = read_regular(file, _MOST_BYTES).decode("ascii").strip()
    except (OSError, ValueError) as error:
        raise TokenFileError(f"{file} holds no token: {error}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise TokenFileError(f"{file} can be read by others than its owner; chmod 600 {file}")
    if len(token) < SHORTEST or not all(one.isalnum() or one in "-_" for one in token):
        raise TokenFileError(
            f"{file} holds no token: at least {SHORTEST} letters, digits, - and _ in one line are one; remove the file "
            "and a new one is made"
        )
    return token


def _made(file: Path) -> str:
    """Write a new token. Raises TokenFileError."""
    token = secrets.token_urlsafe(24)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(token + "\n")
    except OSError as error:
        raise TokenFileError(f"{file} cannot be made: {error.strerror or error}") from error
    return token
