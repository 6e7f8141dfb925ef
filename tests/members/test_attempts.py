"""What an attempt to sign in is counted under."""

from __future__ import annotations

from matinee.members.attempts import limits


def key_of(kind: str, name: str, address: str) -> str:
    """The key of one counter of an attempt."""
    return limits(name, address)[("pair", "address", "name").index(kind)][0]


def test_names_are_counted_however_they_are_spelled() -> None:
    assert key_of("name", "Ada", "10.0.0.1") == key_of("name", " ADA", "10.0.0.2")
    assert key_of("pair", "Ada", "10.0.0.1") == key_of("pair", " ADA", "10.0.0.1")


def test_addresses_are_counted_whatever_the_name() -> None:
    assert key_of("address", "ada", "10.0.0.1") == key_of("address", "bob", "10.0.0.1")
    assert key_of("address", "ada", "10.0.0.1") != key_of("address", "ada", "10.0.0.2")


def test_a_name_is_counted_apart_at_each_address() -> None:
    assert key_of("pair", "ada", "10.0.0.1") != key_of("pair", "ada", "10.0.0.2")
    assert key_of("pair", "ada", "10.0.0.1") != key_of("pair", "bob", "10.0.0.1")


def test_the_strictest_limit_is_that_of_a_name_at_an_address() -> None:
    pair, address, name = (limit for _, limit in limits("ada", "10.0.0.1"))
    assert pair < address < name


def test_one_subscriber_is_one_address_in_ipv6() -> None:
    for kind in ("pair", "address"):
        assert key_of(kind, "a", "2001:db8::1") == key_of(kind, "a", "2001:db8::ffff:1")
        assert key_of(kind, "a", "2001:db8::1") != key_of(kind, "a", "2001:db8:0:1::1")


def test_an_ipv4_address_is_the_same_when_it_comes_mapped() -> None:
    assert key_of("address", "a", "::ffff:10.0.0.1") == key_of("address", "a", "10.0.0.1")


def test_what_was_typed_cannot_be_read_in_the_counters() -> None:
    assert all("secret" not in key for key, _ in limits("secret", "secret"))


def test_a_name_and_an_address_of_the_same_text_are_counted_apart() -> None:
    assert len({key for key, _ in limits("10.0.0.1", "10.0.0.1")}) == 3
