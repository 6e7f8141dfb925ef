"""One client's connection as the worker sees it: what was read, what is being sent, and until when it may last."""

from __future__ import annotations

import enum
import fcntl
import socket
import struct
import termios

from matinee.delivery.edge.http import Refusal, Request
from matinee.delivery.edge.site import Reply


class Phase(enum.IntEnum):
    """What a connection is doing, which says what happens when its deadline passes."""

    IDLE = 0
    """Nothing of a request is here: closed."""
    HEAD = 1
    """A part of a head is here: 408."""
    SENDING = 2
    """An answer is on its way: looked at, and cut off if the client does not take it."""
    LINGERING = 3
    """Refused; what still comes is thrown away: closed."""
    CLOSED = 4


IDLE, HEAD, SENDING, LINGERING, CLOSED = Phase
"""The phases by names of their own: Python 3.11 takes 80 ns to find a member through its class."""


class Connection:
    """State only; `worker.py` does things with it."""

    __slots__ = (
        "client",
        "deadline",
        "fd",
        "first",
        "has_ended",
        "has_input",
        "inbox",
        "is_queued",
        "left",
        "mark",
        "outbox",
        "phase",
        "reply",
        "request",
        "requests",
        "sent",
        "sock",
        "started",
    )

    def __init__(self, sock: socket.socket, client: str, deadline: float) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.client = client
        self.deadline = deadline
        """The moment (monotonic) at which the phase ends if nothing happens."""
        self.phase: Phase = IDLE
        self.has_input = True
        """Whether reading may give something: epoll tells edges, so this must be remembered."""
        self.has_ended = False
        """Whether the client has said its last word: the end of its stream is still to be read."""
        self.is_queued = False
        """Whether it waits for its turn without waiting for the network."""
        self.inbox = b""
        self.requests = 0
        self.request: Request | Refusal | None = None
        self.reply: Reply | None = None
        self.outbox: bytes = b""
        """What is left of the head and of a small body."""
        self.first = 0
        """The next byte of the file to send."""
        self.left = 0
        """How many bytes of the file are left to send."""
        self.sent = 0
        """Bytes that the kernel has taken on this connection, in all."""
        self.mark = -1
        """Bytes that the client had taken when the connection was last looked at; -1: not yet."""
        self.started = 0.0

    def taken_bytes(self) -> int:
        """Bytes that the client has acknowledged on this connection: what was sent less what waits in the kernel."""
        waiting = fcntl.ioctl(self.fd, termios.TIOCOUTQ, b"\0" * 4)
        return self.sent - int(struct.unpack("i", waiting)[0])
