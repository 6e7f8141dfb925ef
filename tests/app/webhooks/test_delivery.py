"""One document to one address: in time, without redirects, over http and https alone."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest
from tests.app.webhooks.receiver import Receiver, receiver

from matinee.app.webhooks.delivery import BadWebhookUrl, NotDelivered, ReceiverGone, check_url, post

__all__ = ["receiver"]  # a fixture


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.location = [302], receiver.url
    with pytest.raises(NotDelivered, match="answered 302: redirects are not followed"):
        await post(receiver.url, {}, b"{}")
    assert len(receiver.received) == 1


async def test_a_receiver_that_says_nothing_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matinee.app.webhooks.delivery.TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotDelivered, match="timed out"):
        await post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, b"{}")


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nx-slow: "])
async def test_a_receiver_that_answers_byte_by_byte_without_end_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr("matinee.app.webhooks.delivery.TIMEOUT_S", 1.0)
    hung_up = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        with suppress(ConnectionError):
            writer.write(head)
            while True:
                writer.write(b"H"[: len(head)] or b"HTTP/1.1 100 Continue\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.1)  # far more often than any single read is waited for
        hung_up.set()

    async with asyncio.timeout(60), await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NotDelivered, match="timed out: it has not answered within 1 s"):
            await post(f"http://127.0.0.1:{port}/", {}, b"{}")
        await hung_up.wait()


async def test_an_answer_whose_body_never_ends_is_one() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        with suppress(ConnectionError):
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()

    async with asyncio.timeout(60), await asyncio.start_server(pour, "127.0.0.1", 0) as server:
        assert await post(f"http://localhost:{server.sockets[0].getsockname()[1]}/", {}, b"{}") == 204


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 9_999])
async def test_what_is_no_answer_is_none(answer: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(answer)
        writer.close()

    async with asyncio.timeout(60), await asyncio.start_server(say, "127.0.0.1", 0) as server:
        with pytest.raises(NotDelivered, match="could not be reached"):
            await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {}, b"{}")


async def test_gone_is_told_apart(receiver: Receiver) -> None:
    receiver.answers = [410]
    with pytest.raises(ReceiverGone):
        await post(receiver.url, {}, b"{}")


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "file:///etc/passwd", "//a.example", "https://", "https://u:p@a.example/", "http://a/#x"]
    + [f"http://a:{port}/" for port in ("99999", "0", "x")],
)
def test_only_plain_http_addresses_are_called(url: str) -> None:
    with pytest.raises(BadWebhookUrl):
        check_url(url)


@pytest.mark.parametrize("url", ["htps://a.example/SECRET", "a.example/SECRET", "http://a:99999/SECRET?SECRET"])
def test_what_may_be_secret_in_a_mistyped_address_is_not_told(url: str) -> None:
    with pytest.raises(BadWebhookUrl) as refused:
        check_url(url)
    assert "SECRET" not in refused.value.message
