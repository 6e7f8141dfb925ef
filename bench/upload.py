"""How fast an upload is taken, over a line that breaks: `python -m bench.upload` writes `bench/results/upload.json`.

A sparse film of 50 GB, and one of noise that has to be written, are sent over the loopback to a real server process
by one client. The line breaks after every tenth of a film, and half-way the process is killed and started again.
The rate counts what arrived over all of that time.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from tests.app.uploads.client import Server, serving

from bench.machine import machine, write_result

BLOCK_BYTES = 1 << 20
PARTS = 10


def main() -> None:
    """Measure both films, print the result and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sparse-gb", type=float, default=50)
    parser.add_argument("--noise-gb", type=float, default=5)
    options = parser.parse_args()
    result = {"machine": machine(), "breaks": PARTS - 1, "kills": 1}
    films = {
        "sparse": (options.sparse_gb, bytes(BLOCK_BYTES)),
        "noise": (options.noise_gb, random.Random(0).randbytes(BLOCK_BYTES)),
    }
    for name, (size_gb, block) in films.items():
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
            result[name] = measure(server, Path(folder), round(size_gb * 1e9), block)
    print(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    print(f"written to {write_result('upload', result)}")


def measure(server: Server, folder: Path, size_bytes: int, block: bytes) -> dict[str, object]:
    """Send `size_bytes`, and check that they arrived."""
    location, began = server.create(size_bytes), time.monotonic()
    for number in range(1, PARTS):
        offset = settled(server, location)
        server.send_and_vanish(
            location, offset, blocks(block, size_bytes * number // PARTS - offset), size_bytes - offset
        )
        if number == PARTS // 2:
            server.kill()
            server.start()
    offset = settled(server, location)
    assert server.send(location, offset, blocks(block, size_bytes - offset), size_bytes - offset) == size_bytes
    elapsed_s = time.monotonic() - began
    status = (folder / "received" / location.rpartition("/")[2]).stat()
    assert status.st_size == size_bytes
    return {
        "size_bytes": size_bytes,
        "disk_bytes": status.st_blocks * 512,
        "elapsed_s": round(elapsed_s, 1),
        "rate_mb_per_s": round(size_bytes / elapsed_s / 1e6),
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
