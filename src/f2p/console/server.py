"""viser's server behind our gate: one port, and every request asks the gate first, pages and sockets alike."""

from __future__ import annotations

import contextlib
import functools
import io
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import viser
import websockets.asyncio.server
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from f2p.console.errors import GateMissingError, PortTakenError
from f2p.console.gate import Doorkeeper

_STARTING = threading.Lock()


def start(gate: Doorkeeper, address: str, port: int) -> viser.ViserServer:
    """Start to listen; a port of 0 takes a free one.

    Raises:
        PortTakenError: Something else listens there, or the address is none of this machine.
        GateMissingError: viser did not start its server as expected; nothing listens.
    """
    check_free(address, port)
    with _STARTING, _gated(gate) as started, contextlib.redirect_stdout(io.StringIO()):
        server = viser.ViserServer(host=address, port=port, label="f2p console", verbose=False)
    server.request_share_url = _nothing_leaves  # type: ignore[method-assign]
    if not started or (port and server.get_port() != port):
        server.stop()
        if started:
            raise PortTakenError(address, port, "another program took it just now")
        raise GateMissingError(viser.__version__)
    return server


def _nothing_leaves(verbose: bool = True) -> None:
    """Refuse what a viewer may ask viser for: a tunnel through a server on the Internet."""


def check_free(address: str, port: int) -> None:
    """Raise PortTakenError where the port cannot be had: viser would take the next one without a word."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((address, port))
    except OSError as error:
        raise PortTakenError(address, port, error.strerror or str(error)) from error


@contextlib.contextmanager
def _gated(gate: Doorkeeper) -> Iterator[list[bool]]:
    """Have the gate asked before whatever answers requests of a server that is started within the block.

    viser offers no hook of its own for it; what is yielded fills when one was started.
    """
    original, started = websockets.asyncio.server.serve, list[bool]()

    @functools.wraps(original, updated=())
    def serve(*args: Any, process_request: Callable[..., Any], **rest: Any) -> Any:
        def asked(connection: Any, request: Request) -> Any:
            found = gate.answer(request.path, request.headers)
            if found is None:
                return process_request(connection, request)
            headers = Headers({**found.headers, "Content-Length": str(len(found.body)), "Connection": "close"})
            return Response(found.status.value, found.status.phrase, headers, found.body)

        started.append(True)
        return original(*args, process_request=asked, **rest)

    websockets.asyncio.server.serve = serve  # type: ignore[assignment]
    try:
        yield started
    finally:
        websockets.asyncio.server.serve = original


def stop(server: viser.ViserServer) -> None:
    """End a server; viser says so on its standard output, which is not ours to say."""
    with contextlib.redirect_stdout(io.StringIO()):
        server.stop()
