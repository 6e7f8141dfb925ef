"""`matinee webhooks`: a secret that works, a trial that says how it went, and nothing secret on the screen."""

from __future__ import annotations

from typing import Any

import pytest
from tests.app.cli.test_main import home, matinee
from tests.app.webhooks.test_webhooks import Receiver, receiver

from matinee.app.webhooks.signature import is_genuine, secret_bytes

__all__ = ["home", "matinee", "receiver"]  # fixtures


def test_a_secret_that_was_made_signs_a_trial(
    matinee: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = matinee("webhooks", "secret", "--json").document["secret"]
    monkeypatch.setenv("MATINEE_WEBHOOK_SECRET", secret)
    monkeypatch.setenv("MATINEE_WEBHOOK_URLS", receiver.url)
    ran = matinee("webhooks", "test", "--json")
    assert (ran.code, ran.document["tried"]) == (0, [{"url": receiver.url, "problem": ""}])
    headers, body = receiver.received[0]
    assert is_genuine(secret_bytes(secret), headers, body, int(headers["webhook-timestamp"]))
    assert secret not in matinee("settings").out
    assert "/hook" not in matinee("settings", "--json").out
    assert matinee("webhooks", "status").out == "Nothing was sent yet.\n"


def test_a_trial_without_receivers_or_with_a_bad_one_has_failed(matinee: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (matinee("webhooks", "test").code, matinee("webhooks", "secret").code) == (1, 0)
    monkeypatch.setenv("MATINEE_WEBHOOK_URLS", "https://receiver.example/")
    ran = matinee("webhooks", "test")
    assert (ran.code, "`matinee webhooks secret` makes one" in ran.err) == (1, True)
