"""Keys come from a file that may change, vanish or break while an edge serves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.delivery.edge.keys import KeyFile, UnusableKeys, decode_keys, encode_keys, write_keys

KEYS = {"k1": b"a" * 32}


@given(st.dictionaries(st.text(max_size=8), st.binary(min_size=16, max_size=64), max_size=4))
def test_what_is_written_is_read(keys: dict[str, bytes]) -> None:
    assert decode_keys(encode_keys(keys)) == keys


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"keys": {"k": 1}}', b'{"keys": {"k": "c2hvcnQ"}}'])
def test_a_file_without_good_keys_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableKeys):
        decode_keys(content)


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    write_keys(tmp_path / "keys.json", KEYS)
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_a_change_is_taken_over_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    file = KeyFile(path)
    assert not file.refresh()
    write_keys(path, KEYS)
    assert file.refresh()
    assert file.keys == KEYS
    assert not file.refresh()
    write_keys(path, {**KEYS, "k2": b"b" * 32})
    assert file.refresh()
    assert set(file.keys) == {"k1", "k2"}


def test_a_broken_or_missing_file_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys.json"
    write_keys(path, KEYS)
    file = KeyFile(path)
    file.refresh()
    path.write_bytes(b"{")
    assert not file.refresh()
    assert not file.refresh()
    path.unlink()
    assert not file.refresh()
    assert file.keys == KEYS
    assert capsys.readouterr().err.count("going on with 1 key(s)") == 2
    write_keys(path, {"k2": b"b" * 32})
    assert file.refresh()
