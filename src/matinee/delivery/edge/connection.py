"""One client's connection: what was read, what is being sent, until when it may last; and its socket's calls."""

from __future__ import annotations

import contextlib
import enum
import fcntl
import os
import socket
import struct
import termios

from matinee.delivery.edge.cmcd import cmcd_of_query, parse_cmcd
from matinee.delivery.edge.http import Refusal, Request
from matinee.delivery.edge.log import Entry
from matinee.delivery.edge.site import Reply

RECV_BYTES = 16_384


class Phase(enum.Enum):
    """What a connection is doing, which says what happens when its deadline passes."""

    IDLE = "idle"
    """Nothing of a request is here: closed."""
    HEAD = "head"
    """A part of a head is here: 408."""
    SENDING = "sending"
    """An answer is on its way: looked at, and cut off if the client does not take it."""
    LINGERING = "lingering"
    """Refused; what still comes is thrown away: closed."""
    CLOSED = "closed"


class Outcome(enum.Enum):
    """How a call on the socket ended."""

    DONE = "done"
    """All of it is sent, or something was read."""
    WAIT = "wait"
    """The socket is full, or empty: epoll tells when it goes on."""
    TURN = "turn"
    """There is more to do, and it is others' turn."""
    GONE = "gone"
    """The client is gone, or the file is shorter than was promised: close it."""


# By names of their own: Python 3.11 takes 80 ns to find a member through its class.
IDLE, HEAD, SENDING, LINGERING, CLOSED = Phase
DONE, WAIT, TURN, GONE = Outcome


class Connection:
    """A connection registered with epoll edge-triggered: what it can do without waiting is remembered here."""

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
        """Whether reading may give something."""
        self.has_ended = False
        """Whether the client has said its last word: the end of its stream is still to be read."""
        self.is_queued = False
        """Whether it waits for its turn without waiting for the network."""
        self.inbox = b""
        self.requests = 0
        self.request: Request | Refusal | None = None
        self.reply: Reply | None = None
        self.outbox = b""
        """What is left of the head and of a small body."""
        self.first = 0
        """The next byte of the file to send."""
        self.left = 0
        """How many bytes of the file are left to send."""
        self.sent = 0
        """Bytes that the kernel has taken on this connection, in all."""
        self.mark: int | None = None
        """Bytes that the client had taken when this answer was last looked at; None: not yet."""
        self.started = 0.0
        """When the answer was begun (Unix time)."""

    def receive(self) -> Outcome:
        """Read once into `inbox`. A short read has emptied the socket (epoll(7), questions and answers, 9)."""
        if not self.has_input:
            return WAIT
        try:
            data = self.sock.recv(RECV_BYTES)
        except BlockingIOError:
            self.has_input = False
            return WAIT
        except OSError:
            return GONE
        if not data:
            return GONE
        self.has_input = self.has_ended or len(data) == RECV_BYTES
        self.inbox = self.inbox + data if self.inbox else data
        if self.inbox.startswith(b"\r\n"):
            self.inbox = self.inbox[2:]  # RFC 9112 2.2: an empty line before a request is ignored
        return DONE

    def begin(self, request: Request | Refusal, reply: Reply, now: float) -> None:
        """Make `reply` what is to be sent."""
        self.phase = SENDING
        self.mark = None
        self.started = now
        self.request, self.reply = request, reply
        self.outbox, self.first, self.left = reply.head, reply.first, reply.size

    def send(self, bytes_max: int) -> Outcome:
        """Send what is left of the reply, about `bytes_max` of it at most."""
        try:
            if self.outbox and not self._send_head():
                return TURN
            return self._send_file(bytes_max) if self.left else DONE
        except BlockingIOError:
            return WAIT
        except OSError:
            return GONE

    def _send_head(self) -> bool:
        # It leaves at once. Held back for the body (MSG_MORE, TCP_CORK) it would save a small segment, and costs
        # far more on loopback: half as much CPU again at 100 KB, twice as much at 2.5 MB (measured).
        sent = self.sock.send(self.outbox)
        self.sent += sent
        self.outbox = self.outbox[sent:]
        return not self.outbox

    def _send_file(self, bytes_max: int) -> Outcome:
        assert self.reply is not None and self.reply.file is not None
        fd = self.reply.file.fd
        while bytes_max > 0:
            sent = os.sendfile(self.fd, fd, self.first, min(self.left, bytes_max))
            if not sent:
                return GONE  # the file was cut: never a wrong byte, never more than there is
            self.sent += sent
            self.first += sent
            self.left -= sent
            bytes_max -= sent
            if not self.left:
                return DONE
        return TURN

    def shut(self) -> None:
        """Say that nothing more comes, and be ready to throw away what the client still says."""
        self.inbox = b""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def discard(self, reads_max: int) -> Outcome:
        """Read and forget."""
        try:
            for _ in range(reads_max):
                if not self.sock.recv(RECV_BYTES):
                    return GONE
        except BlockingIOError:
            return WAIT
        except OSError:
            return GONE
        return TURN

    def is_progressing(self, bytes_min: int) -> bool:
        """Whether the client has taken `bytes_min` since the last look; the first look only notes where it is."""
        waiting = fcntl.ioctl(self.fd, termios.TIOCOUTQ, b"\0" * 4)  # sent, and not yet acknowledged
        taken, before = self.sent - int(struct.unpack("i", waiting)[0]), self.mark
        self.mark = taken
        return before is None or taken - before >= bytes_min

    def entry(self, now: float) -> Entry:
        """What the log says of the reply that is out, or has been given up."""
        request, reply = self.request, self.reply
        assert reply is not None
        method, cmcd = "", tuple[str, ...]()  # of a request that could not be read
        if isinstance(request, Request):
            method, cmcd = request.method, request.cmcd or cmcd_of_query(request.query)
        return Entry(
            time=self.started,
            client=self.client,
            method=method,
            status=reply.status,
            sent_bytes=reply.size - self.left,
            duration_s=round(now - self.started, 6),
            session=reply.grant.session if reply.grant else "",
            rendition=reply.grant.rendition if reply.grant else "",
            file=reply.grant.file if reply.grant else "",
            first_byte=reply.first,
            size_bytes=reply.size,
            cmcd=parse_cmcd(cmcd),
            is_cut=bool(self.left or self.outbox),
        )
