"""The three streams of a child program, moved together, so that none of them ever waits for another."""

from __future__ import annotations

import os
import selectors
import subprocess
from collections.abc import Callable, Iterable, Iterator
from typing import IO

BLOCK_BYTES = 65_536  # what a pipe holds on Linux
DRAIN_TURNS = 8  # one turn empties a pipe, the next sees its end
LINE_MAX_BYTES = 65_536  # a line that is longer is passed on in pieces
TAIL_BYTES = 16_384  # what is kept of the last words of a child


class Whole:
    """Keeps all output, up to `limit_bytes`; beyond it `is_too_large` is true and the rest is dropped."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.content = bytearray()
        self.is_too_large = False

    def __call__(self, block: bytes) -> None:
        self.is_too_large = self.is_too_large or len(self.content) + len(block) > self.limit_bytes
        if not self.is_too_large:
            self.content += block


class Lines:
    """Cuts output into lines, without their ends, and passes on those that are not empty."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.on_line = on_line
        self.rest = b""

    def __call__(self, block: bytes) -> None:
        *lines, self.rest = (self.rest + block).split(b"\n")
        if len(self.rest) > LINE_MAX_BYTES or not block:  # an empty block is the end
            lines, self.rest = [*lines, self.rest], b""
        for line in lines:
            if line:
                self.on_line(line.decode(errors="replace"))


class Conversation:
    """What goes in and out of `child`: `stdin` in blocks, its output to `sink` in blocks (an empty one at the end)."""

    def __init__(self, child: subprocess.Popen[bytes], stdin: Iterable[bytes], sink: Callable[[bytes], None]) -> None:
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None
        self._in, self._out, self._err = child.stdin, child.stdout, child.stderr
        self._source: Iterator[bytes] = iter(stdin)
        self._unsent = memoryview(b"")
        self._sink = sink
        self._tail = bytearray()
        self._selector = selectors.DefaultSelector()
        for stream, event in ((self._in, selectors.EVENT_WRITE), (self._out, selectors.EVENT_READ)):
            self._open(stream, event)
        self._open(self._err, selectors.EVENT_READ)

    @property
    def is_over(self) -> bool:
        """Whether the child has closed all that it can say or hear."""
        return not self._selector.get_map()

    @property
    def tail(self) -> str:
        """The last of its standard error."""
        return self._tail.decode(errors="replace")

    def turn(self, timeout_s: float) -> None:
        """Move what can be moved now, waiting at most `timeout_s` for something to move."""
        for key, _ in self._selector.select(timeout_s):
            if key.fileobj is self._in:
                self._send()
            elif key.fileobj is self._out:
                self._sink(self._take(self._out))
            else:
                self._tail += self._take(self._err)
                del self._tail[:-TAIL_BYTES]

    def drain(self) -> None:
        """Take what an ended child left in its pipes; whoever else holds them open is not waited for."""
        for _ in range(DRAIN_TURNS):
            if self.is_over:
                return
            self.turn(0)

    def close(self) -> None:
        """Let go of the streams that are open still."""
        self._selector.close()
        for stream in (self._in, self._out, self._err):
            stream.close()

    def _open(self, stream: IO[bytes], event: int) -> None:
        os.set_blocking(stream.fileno(), False)
        self._selector.register(stream, event)

    def _send(self) -> None:
        try:
            if not self._unsent:
                self._unsent = memoryview(next(self._source))
            self._unsent = self._unsent[os.write(self._in.fileno(), self._unsent[:BLOCK_BYTES]) :]
        except (BrokenPipeError, StopIteration):
            self._end(self._in)

    def _take(self, stream: IO[bytes]) -> bytes:
        block = os.read(stream.fileno(), BLOCK_BYTES)
        if not block:
            self._end(stream)
        return block

    def _end(self, stream: IO[bytes]) -> None:
        self._selector.unregister(stream)
        stream.close()
