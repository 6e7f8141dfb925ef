"""One worker process of the edge: an epoll loop that reads heads, asks the site, and has the kernel send files.

A connection is registered once, edge-triggered, for reading and writing: no system call changes what is waited
for. Per request there are four: epoll_wait, recv, send (the head) and sendfile.
"""

from __future__ import annotations

import select
import signal
import socket
import time
import traceback
from collections import deque

import msgspec

from matinee.base.units import Seconds
from matinee.delivery.edge.connection import CLOSED, DONE, GONE, HEAD, IDLE, LINGERING, SENDING, TURN, Connection
from matinee.delivery.edge.http import END_OF_HEAD, Refusal, Request, is_hopeless, parse_head
from matinee.delivery.edge.limits import Limits
from matinee.delivery.edge.log import AccessLog
from matinee.delivery.edge.site import Health, Reply, Site

EVENTS_MAX = 512
"""Events taken from the kernel at once."""
SWEEP_S = 0.5
"""How often deadlines, keys and the log are looked after."""
_WATCHED = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_INPUT = select.EPOLLIN | select.EPOLLRDHUP
_DEAD = select.EPOLLERR | select.EPOLLHUP


class Worker:
    """Serves `site` to those who connect to `listener`, until SIGTERM; then finishes what it is sending."""

    def __init__(self, listener: socket.socket, site: Site, limits: Limits, log: AccessLog | None) -> None:
        self._listener = listener
        self._site = site
        self._limits = limits
        self._log = log
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._queue: deque[Connection] = deque()
        self._requests = 0
        self._is_accepting = False
        self._stop_by: float | None = None
        self._moment = time.monotonic()
        self._keys_checked = self._moment

    def run(self) -> None:
        """Serve until told to stop by SIGTERM and done."""
        self._listener.setblocking(False)
        self._wake_on_signal()
        self._resume_accepting()
        next_sweep = self._moment + SWEEP_S
        while not self._is_done():
            timeout_s = 0.0 if self._queue else max(0.0, next_sweep - self._moment)
            events = self._epoll.poll(timeout_s, EVENTS_MAX)
            self._moment = time.monotonic()
            for fd, event in events:
                self._on_event(fd, event)
            self._take_turns()
            if self._moment >= next_sweep:
                self._sweep()
                next_sweep = self._moment + SWEEP_S
        self._end()

    # Life of the process

    def _wake_on_signal(self) -> None:
        """A signal makes the wake-up socket readable, so that a waiting epoll returns."""
        self._wake, waker = socket.socketpair()
        self._wake.setblocking(False)
        waker.setblocking(False)
        self._waker = waker
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says what to do
        # Nobody reads it: edge-triggered, every byte that a signal adds wakes anew.
        self._epoll.register(self._wake.fileno(), select.EPOLLIN | select.EPOLLET)

    def _stop(self) -> None:
        if self._stop_by is None:
            self._stop_by = time.monotonic() + self._limits.drain_s

    def _is_done(self) -> bool:
        if self._stop_by is None:
            return False
        if self._is_accepting:
            self._accept()  # who has connected already is answered
            self._pause_accepting()
        for connection in list(self._connections.values()):
            if connection.phase in (IDLE, HEAD) and not connection.is_queued:
                self._close(connection)
        return not self._connections or self._moment >= self._stop_by

    def _end(self) -> None:
        for connection in list(self._connections.values()):
            self._close(connection)
        if self._log is not None:
            self._log.flush()
        signal.set_wakeup_fd(-1)
        self._epoll.close()

    def _sweep(self) -> None:
        moment = self._moment
        for connection in [one for one in self._connections.values() if one.deadline <= moment]:
            self._on_deadline(connection)
        if moment - self._keys_checked >= self._limits.keys_fresh_s:
            self._keys_checked = moment
            self._site.refresh_keys()
        if self._log is not None:
            self._log.flush()
        if not self._is_accepting and self._stop_by is None:
            self._resume_accepting()

    def _on_deadline(self, connection: Connection) -> None:
        if connection.phase is HEAD:
            self._refuse(connection, Refusal(408, "the request's head did not arrive in time"))
        elif connection.phase is SENDING and connection.is_progressing(self._limits.stall_bytes):
            connection.deadline = self._moment + self._limits.stall_window_s
        else:
            self._close(connection)

    # Connections

    def _resume_accepting(self) -> None:
        self._epoll.register(self._listener.fileno(), select.EPOLLIN)
        self._is_accepting = True

    def _pause_accepting(self) -> None:
        if self._is_accepting:
            self._epoll.unregister(self._listener.fileno())
            self._is_accepting = False

    def _accept(self) -> None:
        for _ in range(self._limits.accepts_per_turn):
            try:
                sock, address = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:  # too many files are open, most likely: accept(2)
                self._site.files.release()
                self._pause_accepting()  # the next sweep tries again; until then they wait in the kernel's queue
                return
            self._welcome(sock, str(address[0]))

    def _welcome(self, sock: socket.socket, client: str) -> None:
        count = len(self._connections)
        if count >= self._limits.connections + self._limits.overflow:
            sock.close()
            return
        sock.setblocking(False)
        connection = Connection(sock, client, self._moment + self._limits.idle_s)
        self._connections[connection.fd] = connection
        self._epoll.register(connection.fd, _WATCHED)
        if count >= self._limits.connections:
            self._refuse(connection, Refusal(503, f"this worker serves {self._limits.connections} connections"))
        else:
            self._go_on(connection)

    def _close(self, connection: Connection) -> None:
        if connection.phase is CLOSED:
            return
        if connection.reply is not None:
            self._log_reply(connection)
        connection.phase = CLOSED
        del self._connections[connection.fd]
        connection.sock.close()  # also takes it out of epoll: the descriptor has no copy

    def _on_event(self, fd: int, event: int) -> None:
        connection = self._connections.get(fd)
        if connection is None:
            if fd == self._listener.fileno():
                self._accept()
            return
        if event & _DEAD:
            self._close(connection)
            return
        if event & _INPUT:
            connection.has_input = True
            if event & select.EPOLLRDHUP:
                connection.has_ended = True
        self._go_on(connection)

    def _take_turns(self) -> None:
        """Go on with those who were interrupted for being too quick."""
        for _ in range(len(self._queue)):
            connection = self._queue.popleft()
            connection.is_queued = False
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        """Do whatever can be done now; an error of ours costs this connection, and no other."""
        try:
            if connection.phase is SENDING:
                self._send(connection)
            self._advance(connection)
        except Exception:
            traceback.print_exc()
            self._close(connection)

    def _queue_turn(self, connection: Connection) -> None:
        if not connection.is_queued:
            connection.is_queued = True
            self._queue.append(connection)

    # Requests

    def _advance(self, connection: Connection) -> None:
        """Answer what is asked, until nothing more is here or others must have their turn."""
        if connection.phase is LINGERING:
            self._discard(connection)
        if connection.phase is not IDLE and connection.phase is not HEAD:
            return
        for _ in range(self._limits.requests_per_turn):
            head = self._read_head(connection)
            if head is None:
                return
            self._serve(connection, parse_head(head, fields_max=self._limits.head_fields))
            if connection.phase is not IDLE:
                return
        self._queue_turn(connection)

    def _read_head(self, connection: Connection) -> bytes | None:
        """The next head, as soon as it is here whole; None: not yet, or never."""
        end = connection.inbox.find(END_OF_HEAD) if connection.inbox else -1
        while end < 0:
            if connection.inbox and not self._is_acceptable(connection):
                return None
            outcome = connection.receive()
            if outcome is not DONE:
                if outcome is GONE:
                    self._close(connection)
                return None
            end = connection.inbox.find(END_OF_HEAD)
        end += len(END_OF_HEAD)
        head, connection.inbox = connection.inbox[:end], connection.inbox[end:]
        if end > self._limits.head_bytes:
            self._refuse(connection, self._too_large())
            return None
        return head

    def _is_acceptable(self, connection: Connection) -> bool:
        """Whether the part of a head that is here may still become a request."""
        if is_hopeless(connection.inbox):
            self._refuse(connection, Refusal(400, "this is not HTTP; segments are served as plain HTTP/1.1 here"))
            return False
        if len(connection.inbox) >= self._limits.head_bytes:
            self._refuse(connection, self._too_large())
            return False
        if connection.phase is IDLE:
            connection.phase = HEAD
            connection.deadline = self._moment + self._limits.head_deadline_s
        return True

    def _too_large(self) -> Refusal:
        return Refusal(431, f"the request's head is larger than {self._limits.head_bytes} bytes")

    def _serve(self, connection: Connection, request: Request | Refusal) -> None:
        self._requests += 1
        connection.requests += 1
        if connection.requests >= self._limits.requests_per_connection and isinstance(request, Request):
            request = msgspec.structs.replace(request, is_last=True)
        now = Seconds(time.time())
        self._begin(connection, request, self._site.answer(request, now, self._moment, self._health), now)

    def _refuse(self, connection: Connection, refusal: Refusal) -> None:
        now = Seconds(time.time())
        self._begin(connection, refusal, self._site.answer(refusal, now, self._moment, self._health), now)

    def _health(self) -> Health:
        return Health(status="ok", connections=len(self._connections), requests=self._requests)

    # Answers

    def _begin(self, connection: Connection, request: Request | Refusal, reply: Reply, now: Seconds) -> None:
        connection.begin(request, reply, now)
        connection.deadline = self._moment + self._limits.stall_window_s
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        outcome = connection.send(self._limits.bytes_per_turn)
        if outcome is DONE:
            self._end_reply(connection)
        elif outcome is TURN:
            self._queue_turn(connection)
        elif outcome is GONE:
            self._close(connection)

    def _end_reply(self, connection: Connection) -> None:
        reply = connection.reply
        assert reply is not None
        self._log_reply(connection)
        if isinstance(connection.request, Refusal):
            self._linger(connection)
        elif reply.is_last:
            self._close(connection)
        else:
            connection.phase = IDLE
            connection.deadline = self._moment + self._limits.idle_s

    def _log_reply(self, connection: Connection) -> None:
        """The answer is out or has been given up."""
        if self._log is not None:
            self._log.add(connection.entry(time.time()))
        connection.reply = None

    def _linger(self, connection: Connection) -> None:
        """End the connection so that no reset eats the answer: read what the client still says, for a while."""
        connection.phase = LINGERING
        connection.deadline = self._moment + self._limits.linger_s
        connection.shut()
        self._discard(connection)

    def _discard(self, connection: Connection) -> None:
        outcome = connection.discard(self._limits.requests_per_turn)
        if outcome is TURN:
            self._queue_turn(connection)
        elif outcome is GONE:
            self._close(connection)
