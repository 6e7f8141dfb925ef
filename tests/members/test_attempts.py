"""What an attempt to sign in is counted under."""

from __future__ import annotations

from matinee.members.attempts import limits


def test_names_are_counted_however_they_are_spelled() -> None:
    assert limits("Ada", "10.0.0.1")[0] == limits(" ADA", "10.0.0.2")[0]


def test_addresses_are_counted_whatever_the_name() -> None:
    assert limits("ada", "10.0.0.1")[1] == limits("bob", "10.0.0.1")[1]
    assert limits("ada", "10.0.0.1")[1] != limits("ada", "10.0.0.2")[1]


def test_one_subscriber_is_one_address_in_ipv6() -> None:
    assert limits("a", "2001:db8::1")[1] == limits("a", "2001:db8::ffff:1")[1]
    assert limits("a", "2001:db8::1")[1] != limits("a", "2001:db8:0:1::1")[1]


def test_an_ipv4_address_is_the_same_when_it_comes_mapped() -> None:
    assert limits("a", "::ffff:10.0.0.1")[1] == limits("a", "10.0.0.1")[1]


def test_what_was_typed_cannot_be_read_in_the_counters() -> None:
    assert all("secret" not in key for key, _ in limits("secret", "secret"))


def test_a_name_and_an_address_of_the_same_text_are_counted_apart() -> None:
    (name, _), (address, _) = limits("10.0.0.1", "10.0.0.1")
    assert name != address
