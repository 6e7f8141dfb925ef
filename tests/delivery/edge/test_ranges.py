"""Ranges and conditions against a plain reading of RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.delivery.edge.ranges import Span, UnsatisfiableRangeError, is_known, is_range_wanted, resolve_range

sizes = st.integers(0, 50)
numbers = st.integers(0, 60)


def bytes_of(text: str, size: int) -> list[int] | None:
    """The offsets that `text` selects; None: unsatisfiable."""
    try:
        span = resolve_range(text, size)
    except UnsatisfiableRangeError:
        return None
    return list(range(size)) if span is None else list(range(span.first, span.first + span.size))


@given(numbers, numbers, sizes)
def test_a_range_selects_the_offsets_between_its_ends(first: int, last: int, size: int) -> None:
    expected = [offset for offset in range(size) if first <= offset <= last]
    if last < first:
        assert bytes_of(f"bytes={first}-{last}", size) == list(range(size))  # invalid: ignored
    else:
        assert bytes_of(f"bytes={first}-{last}", size) == (expected or None)


@given(numbers, sizes)
def test_an_open_range_selects_the_rest(first: int, size: int) -> None:
    assert bytes_of(f"bytes={first}-", size) == (list(range(size))[first:] or None)


@given(numbers, sizes)
def test_a_suffix_selects_the_end(length: int, size: int) -> None:
    assert bytes_of(f"bytes=-{length}", size) == (list(range(size))[max(0, size - length) :] or None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=0",
        "bytes 0-1",
        "bytes=0-1,3-4",
        "bytes=0-1, 3-4",
        "lines=0-1",
        "bytes=0x1-2",
        "bytes=--1",
        "bytes=٠-١",
        "bytes=0-1 ",
        f"bytes=0-{'9' * 30}",
    ],
)
def test_what_is_not_one_plain_range_is_ignored(text: str) -> None:
    assert resolve_range(text, 10) is None


def test_the_unit_is_read_in_any_case() -> None:
    assert resolve_range("Bytes=2-3", 10) == Span(2, 2)


@pytest.mark.parametrize("field", ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', "*"])
def test_a_client_that_has_it_is_known(field: str) -> None:
    assert is_known(field, '"a"')


@pytest.mark.parametrize("field", ['"b"', "a", '"a', '"b", "c"', '"*"'])
def test_a_client_that_has_another_one_is_not(field: str) -> None:
    assert not is_known(field, '"a"')


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("", True),
        ('"a"', True),
        ('W/"a"', False),
        ('"b"', False),
        ("Sat, 29 Oct 1994 19:43:31 GMT", False),
    ],
)
def test_if_range_compares_strongly(field: str, wanted: bool) -> None:
    assert is_range_wanted(field, '"a"') is wanted
