"""How fast an upload is taken: `python -m bench.upload [--gigabytes 50] [--noise]`. Prints one JSON document.

A sparse film (or, with --noise, one that has to be written) is sent over the loopback to a real server process by
one client, over a line that breaks once every tenth of it; the process is killed half-way. The rate counts what
arrived, over the time that the client took, restarts included.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.app.uploads.client import Server, serving

BLOCK_BYTES = 1 << 20
BREAKS = 10


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=50)
    parser.add_argument("--noise", action="store_true")
    options = parser.parse_args()
    block = random.Random(0).randbytes(BLOCK_BYTES) if options.noise else bytes(BLOCK_BYTES)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        print(json.dumps(measure(server, Path(folder), round(options.gigabytes * 1e9), block), indent=2))


def measure(server: Server, folder: Path, size_bytes: int, block: bytes) -> dict[str, object]:
    """Send `size_bytes`, and check that they arrived."""
    location, began = server.create(size_bytes), time.monotonic()
    for number in range(1, BREAKS):
        offset = settled(server, location)
        server.send_and_vanish(
            location, offset, blocks(block, size_bytes * number // BREAKS - offset), size_bytes - offset
        )
        if number == BREAKS // 2:
            server.kill()
            server.start()
    offset = settled(server, location)
    assert server.send(location, offset, blocks(block, size_bytes - offset), size_bytes - offset) == size_bytes
    elapsed_s = time.monotonic() - began
    status = (folder / "received" / location.rpartition("/")[2]).stat()
    assert status.st_size == size_bytes
    return {
        "size_bytes": size_bytes,
        "is_sparse": not any(block),
        "disk_bytes": status.st_blocks * 512,
        "breaks": BREAKS - 1,
        "kills": 1,
        "elapsed_s": round(elapsed_s, 1),
        "rate_mb_per_s": round(size_bytes / elapsed_s / 1e6),
        "cores": os.cpu_count(),
    }


def settled(server: Server, location: str) -> int:
    """Where the upload goes on, once the server has noticed that the line broke."""
    while not server.is_free(location, offset := server.offset(location)):
        time.sleep(0.01)
    return offset


def blocks(block: bytes, size_bytes: int) -> Iterator[bytes]:
    """`size_bytes` made of `block`."""
    for _ in range(size_bytes // len(block)):
        yield block
    yield block[: size_bytes % len(block)]


if __name__ == "__main__":
    main()
