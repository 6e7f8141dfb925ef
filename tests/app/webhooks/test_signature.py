"""Signatures: those of the standard, and nothing else is genuine."""

from __future__ import annotations

from tests.app.webhooks.receiver import KEY, TOLERANCE_S, is_genuine

from matinee.app.webhooks.signature import headers_of, secret_bytes


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of the specification's own libraries (standard-webhooks, v1).
    key = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = headers_of(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_changed_or_kept_too_long_is_not_genuine() -> None:
    headers = headers_of(KEY, "event_1", 1_000, b"body")
    assert is_genuine(KEY, headers, b"body", 1_000 + TOLERANCE_S)
    assert not is_genuine(KEY, headers, b"body", 1_001 + TOLERANCE_S)
    assert not is_genuine(KEY, headers, b"other", 1_000)
    assert not is_genuine(b"l" * 32, headers, b"body", 1_000)
    assert not is_genuine(KEY, {**headers, "webhook-id": "event_2"}, b"body", 1_000)
    assert not is_genuine(KEY, {**headers, "webhook-timestamp": "1001"}, b"body", 1_000)
    assert not is_genuine(KEY, {}, b"body", 1_000)
