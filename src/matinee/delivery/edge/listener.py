"""Opening the port of an edge: one listening socket a worker, all on one port."""

from __future__ import annotations

import socket

from matinee.base.errors import Conflict

BACKLOG = 4_096
"""Connections that wait in the kernel for a worker (cut to net.core.somaxconn)."""
USER_TIMEOUT_MS = 60_000
"""The kernel drops a connection whose client acknowledges nothing for this long (RFC 5482)."""


class AddressTaken(Conflict):
    """Somebody else listens there."""

    code = "address_taken"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host} port {port}: {reason}; choose another port, or stop what has it")
        self.host, self.port = host, port


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` sockets that listen on one port (0: any free one), between which the kernel spreads connections.

    Raises AddressTaken, also where another server of this user would share the port: SO_REUSEPORT alone would
    hand it half of the players.
    """
    family, _, _, _, address = _resolve(host, port)
    sockets: list[socket.socket] = []
    try:
        if port:
            _claim(family, address).close()
        for _ in range(count):
            sockets.append(_listener(family, address))
            address = sockets[0].getsockname()
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise AddressTaken(host, port, error.strerror or str(error)) from error
    return sockets


def _resolve(host: str, port: int) -> tuple[int, int, int, str, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AddressTaken(host, port, str(error)) from error
    return found[0]  # type: ignore[return-value]


def _claim(family: int, address: tuple[str, int]) -> socket.socket:
    """A bound socket that shares its port with nobody. Raises OSError where somebody has it."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _listener(family: int, address: tuple[str, int]) -> socket.socket:
    """A listening socket; connections inherit its options, which saves the calls for each of them."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
