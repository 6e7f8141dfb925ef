"""The edge's processes: they come back when they are killed, stop in good order, and say no when they are full."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from tests.conformance.edges import KEY, ROOT, Client, children, embedded, eventually, is_alive, path, request

from matinee.delivery.edge.keys import write_keys
from matinee.delivery.edge.limits import Limits
from matinee.delivery.edge.listener import listen

LARGE_BYTES = 64 << 20


def test_a_killed_worker_is_replaced_and_the_others_go_on(tmp_path: Path) -> None:
    with embedded(tmp_path, workers=2) as edge:
        edge.put("r1", "media.mp4", b"film")
        assert eventually(lambda: len(edge.workers()) == 2)
        victim, survivor = edge.workers()
        os.kill(victim, signal.SIGKILL)
        for _ in range(20):  # some of these wait in the killed worker's queue, for the one that comes
            assert edge.ask(path()).body == b"film"
        assert eventually(lambda: len(edge.workers()) == 2)
        assert survivor in edge.workers()
        assert victim not in edge.workers()


def test_every_worker_may_be_killed_again_and_again(tmp_path: Path) -> None:
    with embedded(tmp_path, workers=1) as edge:
        edge.put("r1", "media.mp4", b"film")
        for _ in range(3):
            assert eventually(lambda: len(edge.workers()) == 1)
            os.kill(edge.workers()[0], signal.SIGKILL)
            assert edge.ask(path()).body == b"film"


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    with embedded(tmp_path, workers=2) as edge:
        assert eventually(lambda: len(edge.workers()) == 2)
        workers = edge.workers()
        os.kill(edge.pid, signal.SIGKILL)
        assert eventually(lambda: not any(is_alive(worker) for worker in workers))


def test_what_is_being_sent_is_finished_before_it_stops(tmp_path: Path) -> None:
    with embedded(tmp_path, workers=1) as edge:
        edge.put("r1", "media.mp4", b"a" * LARGE_BYTES)
        with edge.connect(receive_buffer=65_536) as client, edge.connect() as idle:
            assert idle.ask("/health").status == 200
            client.say(request(path()))
            client.head()
            os.kill(edge.pid, signal.SIGTERM)
            assert idle.is_ended()
            assert len(client.read(LARGE_BYTES)) == LARGE_BYTES
            assert client.is_ended()
        assert eventually(lambda: not is_alive(edge.pid))
        with pytest.raises(ConnectionRefusedError):
            edge.connect()


def test_a_client_that_does_not_take_its_bytes_cannot_hold_up_the_end(tmp_path: Path) -> None:
    with embedded(tmp_path, Limits(drain_s=0.3), workers=1) as edge:
        edge.put("r1", "media.mp4", b"a" * LARGE_BYTES)
        with edge.connect(receive_buffer=4_096) as client:
            client.say(request(path()))
            client.head()
            os.kill(edge.pid, signal.SIGTERM)
            assert eventually(lambda: not is_alive(edge.pid))


def test_a_last_word_that_comes_with_a_request_is_not_missed(tmp_path: Path) -> None:
    with embedded(tmp_path, workers=1) as edge, edge.connect() as client:
        assert client.ask("/health").status == 200
        worker = edge.workers()[0]
        os.kill(worker, signal.SIGSTOP)  # so that both wait for it, and are told as one event
        client.say(request("/health"))
        client.sock.shutdown(socket.SHUT_WR)
        os.kill(worker, signal.SIGCONT)
        assert client.answer().status == 200
        assert client.is_ended()


def test_one_connection_too_many_is_told_so(tmp_path: Path) -> None:
    with embedded(tmp_path, Limits(connections=4, linger_s=0.2), workers=1) as edge, ExitStack() as stack:
        edge.put("r1", "media.mp4", b"film")
        clients = [stack.enter_context(edge.connect()) for _ in range(4)]
        assert all(client.ask(path()).status == 200 for client in clients)
        with edge.connect() as another:
            answer = another.answer()
            assert (answer.status, answer.fields["retry-after"]) == (503, "2")
            assert another.is_ended()
        assert all(client.ask(path()).body == b"film" for client in clients)
        clients[0].sock.close()
        assert eventually(lambda: edge.ask(path()).status == 200)


def test_running_out_of_descriptors_makes_clients_wait_and_kills_nothing(tmp_path: Path) -> None:
    with embedded(tmp_path, workers=1) as edge:
        edge.put("r1", "media.mp4", b"film")
        assert edge.ask(path()).status == 200
        worker = edge.workers()[0]
        taken = len(list(Path(f"/proc/{worker}/fd").iterdir()))
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (taken + 8, taken + 8))
        with ExitStack() as stack:
            clients = [stack.enter_context(edge.connect()) for _ in range(40)]
            for client in clients:
                client.say(request("/health", connection="close"))
            assert all(client.answer().status == 200 for client in clients)
        assert eventually(lambda: edge.ask(path()).status == 200)
        assert edge.workers() == [worker]


def test_a_connection_is_closed_after_its_share_of_requests(tmp_path: Path) -> None:
    with embedded(tmp_path, Limits(requests_per_connection=3)) as edge, edge.connect() as client:
        assert [client.ask("/health").status for _ in range(3)] == [200] * 3
        assert client.is_ended()


def test_the_log_tells_what_was_sent_and_what_the_player_said_but_no_token(tmp_path: Path) -> None:
    with embedded(tmp_path, workers=1) as edge:
        edge.put("r1", "media.mp4", b"0123456789")
        signed = path()
        with edge.connect() as client:
            client.ask(signed, range="bytes=2-4", cmcd_request='bl=2000,sid="abc"', cmcd_status="bs")
            client.ask(signed + "?CMCD=bl%3D100", "HEAD")
            client.ask("/nothing")
        os.kill(edge.pid, signal.SIGTERM)
        assert eventually(lambda: not is_alive(edge.pid))
        text = edge.log_file.read_text()
        part, head, missing = [json.loads(line) for line in text.splitlines()]
    assert part["cmcd"] == {"bl": 2000, "sid": "abc", "bs": True}
    assert (part["session"], part["rendition"], part["file"]) == ("s1", "r1", "media.mp4")
    assert (part["status"], part["first_byte"], part["sent_bytes"]) == (206, 2, 3)
    assert (head["method"], head["status"], head["sent_bytes"], head["cmcd"]) == ("HEAD", 200, 0, {"bl": 100})
    assert (missing["status"], missing["client"]) == (404, "127.0.0.1")
    assert signed.split("/")[1] not in text


def test_sockets_that_were_opened_before_are_served(tmp_path: Path) -> None:
    write_keys(tmp_path / "keys.json", {KEY.id: KEY.secret})
    sockets = listen("127.0.0.1", 0, 2)
    port = sockets[0].getsockname()[1]
    descriptors = [sock.fileno() for sock in sockets]
    argv = [sys.executable, "-m", "matinee.delivery.edge", "--folder", str(tmp_path)]
    argv += ["--keys", str(tmp_path / "keys.json")] + [f"--fd={fd}" for fd in descriptors]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environ, pass_fds=descriptors) as process:
        for sock in sockets:
            sock.close()
        try:
            with Client(port) as client:
                assert client.ask("/health").status == 200
            assert eventually(lambda: len(children(process.pid)) == 2)
        finally:
            process.terminate()
        assert process.wait(30) == 0


def test_a_limit_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"idle": 1}', type=Limits)
