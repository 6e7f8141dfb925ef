"""`python -m matinee.delivery.edge`: an edge on its own; it prints one line of JSON when it listens."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

import msgspec

from matinee.base.errors import MatineeError
from matinee.delivery.edge.limits import Limits
from matinee.delivery.edge.listener import listen
from matinee.delivery.edge.log import AccessLog
from matinee.delivery.edge.server import run


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM; the exit status."""
    given = _parser().parse_args(arguments)
    limits = msgspec.json.decode(given.limits, type=Limits)
    log = AccessLog(None if given.log == "-" else Path(given.log), limits.log_lines) if given.log else None
    try:
        sockets = _sockets(given)
    except MatineeError as error:
        sys.stderr.write(f"edge: {error}\n")
        return 1
    host, port = sockets[0].getsockname()[:2]
    sys.stdout.write(msgspec.json.encode({"host": host, "port": port, "pid": os.getpid()}).decode() + "\n")
    sys.stdout.flush()
    run(given.folder, given.keys, sockets, log=log, limits=limits)
    return 0


def _sockets(given: argparse.Namespace) -> list[socket.socket]:
    if given.fd:
        return [socket.socket(fileno=fd) for fd in given.fd]
    return listen(given.host, given.port, given.workers or os.cpu_count() or 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m matinee.delivery.edge", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder with a directory a rendition")
    parser.add_argument("--keys", type=Path, required=True, help="the file with the signing keys")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0: any free one")
    parser.add_argument("--fd", type=int, action="append", help="a listening socket that was opened for us, a worker")
    parser.add_argument("--workers", type=int, default=0, help="0: one a core")
    parser.add_argument("--log", default="", help="a file for the access log; -: standard error; empty: none")
    parser.add_argument("--limits", default="{}", help="a JSON object of limits that differ from the defaults")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
