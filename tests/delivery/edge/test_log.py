"""The access log writes whole lines in batches and never stops the edge."""

from __future__ import annotations

import json
from multiprocessing import get_context
from pathlib import Path

import msgspec

from matinee.delivery.edge.log import AccessLog, Entry

WORKER_LINES = 2_000
ENTRY = Entry(time=1.5, client="127.0.0.1", method="GET", status=206, sent_bytes=10, duration_s=0.25, cmcd={"bl": 1})


def test_lines_are_written_together_when_asked(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "log", 10)
    log.add(ENTRY)
    log.add(ENTRY)
    assert not (tmp_path / "log").exists()
    log.flush()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert lines[0] == lines[1]
    assert lines[0]["cmcd"] == {"bl": 1}
    assert "session" not in lines[0]


def test_the_file_may_be_moved_away_at_any_time(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "log", 10)
    for name in ("old", "new"):
        log.add(ENTRY)
        log.flush()
        (tmp_path / "log").rename(tmp_path / name)
    assert (tmp_path / "old").read_bytes() == (tmp_path / "new").read_bytes()


def test_a_file_that_has_grown_becomes_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = AccessLog(path, 10, file_bytes=300)
    for number in range(12):
        log.add(msgspec.structs.replace(ENTRY, status=number))
        log.flush()
    kept = (tmp_path / "log.1").read_text().splitlines() + (path.read_text().splitlines() if path.exists() else [])
    numbers = [json.loads(line)["status"] for line in kept]
    assert numbers == list(range(numbers[0], 12)), "in order, none lost but the oldest"
    assert 3 <= len(kept) <= 8


def test_workers_that_share_a_file_put_it_away_once_and_lose_no_count(tmp_path: Path) -> None:
    def work(number: int) -> None:
        log = AccessLog(tmp_path / "log", 10, file_bytes=100_000)
        for _ in range(WORKER_LINES):
            log.add(msgspec.structs.replace(ENTRY, status=number))
            log.flush()
        (tmp_path / f"dropped-{number}").write_text(str(log.dropped))

    workers = [get_context("fork").Process(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [(tmp_path / f"dropped-{number}").read_text() for number in range(4)] == ["0"] * 4
    assert (tmp_path / "log.1").stat().st_size > 100_000, "what was put away was full, and not put away again"


def test_a_log_that_cannot_be_written_costs_lines_only(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "no" / "log", 2)
    for _ in range(3):
        log.add(ENTRY)
    assert log.dropped == 1
    log.flush()
    assert log.dropped == 3
    (tmp_path / "no").mkdir()
    log.add(ENTRY)
    log.flush()
    assert len((tmp_path / "no" / "log").read_text().splitlines()) == 1
