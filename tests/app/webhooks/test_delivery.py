"""One document to one address: in time, without redirects, over http and https alone."""

from __future__ import annotations

import socket

import pytest
from tests.app.webhooks.receiver import Receiver, receiver

from matinee.app.webhooks.delivery import BadWebhookUrl, NotDelivered, ReceiverGone, check_url, post

__all__ = ["receiver"]  # a fixture


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.location = [302], receiver.url
    with pytest.raises(NotDelivered, match="answered 302: redirects are not followed"):
        post(receiver.url, {}, b"{}")
    assert len(receiver.received) == 1


def test_a_receiver_that_says_nothing_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matinee.app.webhooks.delivery.TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotDelivered, match="timed out"):
        post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, b"{}")


def test_gone_is_told_apart(receiver: Receiver) -> None:
    receiver.answers = [410]
    with pytest.raises(ReceiverGone):
        post(receiver.url, {}, b"{}")


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "file:///etc/passwd", "//a.example", "https://", "https://u:p@a.example/", "http://a/#x"],
)
def test_only_plain_http_addresses_are_called(url: str) -> None:
    with pytest.raises(BadWebhookUrl):
        check_url(url)
