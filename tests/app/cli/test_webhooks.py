"""`matinee webhooks`: a secret that works, a trial that says how it went, and nothing secret on the screen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.app.cli.test_main import home, matinee
from tests.app.webhooks.receiver import SECRET, Receiver, is_genuine, receiver

from matinee.app.cli.output import settings_now
from matinee.app.cli.session import opened
from matinee.app.webhooks.delivery import shown
from matinee.app.webhooks.signature import secret_bytes
from matinee.insight.events import AssetHeld

__all__ = ["home", "matinee", "receiver"]  # fixtures


def test_a_secret_that_was_made_signs_a_trial(
    matinee: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = matinee("webhooks", "secret", "--json").document["secret"]
    monkeypatch.setenv("MATINEE_WEBHOOK_SECRET", secret)
    monkeypatch.setenv("MATINEE_WEBHOOK_URLS", receiver.url)
    ran = matinee("webhooks", "test", "--json")
    assert (ran.code, ran.document["tried"]) == (0, [{"url": shown(receiver.url), "problem": ""}])
    headers, body = receiver.received[0]
    assert is_genuine(secret_bytes(secret), headers, body, int(headers["webhook-timestamp"]))
    assert secret not in matinee("settings").out
    assert "/hook" not in matinee("settings", "--json").out
    assert matinee("webhooks", "status").out == "Nothing was sent yet.\n"


def test_addresses_are_shown_without_what_may_be_secret_in_them(
    matinee: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATINEE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("MATINEE_WEBHOOK_URLS", receiver.url)

    async def tell() -> None:
        async with opened(settings_now()) as platform:
            held = AssetHeld(event_id="event_1", at=1.0, title_id="title_1", reason="too dark")
            await platform.webhooks.on_change(held)

    asyncio.run(tell())
    for command in (("webhooks", "status"), ("webhooks", "test"), ("jobs",)):
        ran = matinee(*command, "--json")
        assert shown(receiver.url) in ran.out
        assert "/hook" not in ran.out and "of=matinee" not in ran.out
    (sent,) = matinee("webhooks", "status", "--json").document
    assert (sent["kind"], sent["payload"]["message"]["name"]) == ("webhook", "title.held")


def test_a_trial_without_receivers_or_with_a_bad_one_has_failed(matinee: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (matinee("webhooks", "test").code, matinee("webhooks", "secret").code) == (1, 0)
    monkeypatch.setenv("MATINEE_WEBHOOK_URLS", "https://receiver.example/")
    ran = matinee("webhooks", "test")
    assert (ran.code, "`matinee webhooks secret` makes one" in ran.err) == (1, True)
