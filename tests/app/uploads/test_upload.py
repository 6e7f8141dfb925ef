"""What the tus headers say, and how much of a file is believed."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.app.uploads.upload import (
    LIFETIME_S,
    RECEIVED_LIFETIME_S,
    BadUploadHeader,
    Upload,
    UploadTooLarge,
    check_size,
    clean_filename,
    expires_at,
    expires_header,
    read_metadata,
    read_number,
    trusted_length,
)
from matinee.base.units import Seconds

UPLOAD = Upload(
    id="upload_1",
    account_id="account_1",
    size_bytes=1_000,
    filename="film.mkv",
    metadata={},
    created=Seconds(0),
    updated=Seconds(0),
    synced_bytes=400,
    boot="monday",
)


def _pair(key: str, value: str) -> str:
    return f"{key} {base64.b64encode(value.encode()).decode()}"


def test_while_the_kernel_runs_on_the_files_length_is_the_truth() -> None:
    assert trusted_length(UPLOAD, 700, "monday") == 700


@pytest.mark.parametrize("boot", ["tuesday", ""])
def test_after_a_power_cut_only_what_was_forced_to_the_disk_is_believed(boot: str) -> None:
    assert trusted_length(UPLOAD, 700, boot) == 400
    assert trusted_length(UPLOAD, 300, boot) == 300


def test_a_kernel_without_a_name_is_never_the_same_one() -> None:
    assert trusted_length(msgspec.structs.replace(UPLOAD, boot=""), 700, "") == 400


@pytest.mark.parametrize(("size_bytes", "synced_bytes"), [(0, 0), (10, 11), (10, -1)])
def test_an_upload_that_cannot_be_is_not_built(size_bytes: int, synced_bytes: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        msgspec.structs.replace(UPLOAD, size_bytes=size_bytes, synced_bytes=synced_bytes)


def test_an_upload_expires_a_day_after_it_was_touched_and_a_whole_one_later() -> None:
    assert expires_at(UPLOAD) == LIFETIME_S
    assert expires_at(msgspec.structs.replace(UPLOAD, is_handed_over=True)) == RECEIVED_LIFETIME_S
    assert expires_header(UPLOAD) == "Fri, 02 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize("value", [None, "", "-1", "1.5", "+1", " 1", "\u0661", "1e3", "9" * 19])
def test_what_is_no_number_of_bytes_is_refused(value: str | None) -> None:
    with pytest.raises(BadUploadHeader):
        read_number("Upload-Length", value)


@given(st.integers(0, 10**18 - 1))
def test_a_number_of_bytes_may_be_larger_than_four_gigabytes(number: int) -> None:
    assert read_number("Upload-Offset", str(number)) == number


def test_a_file_has_a_byte_at_least_and_no_more_than_the_limit() -> None:
    assert check_size(5, 5) == 5
    with pytest.raises(UploadTooLarge, match="MATINEE_UPLOAD_MAX_GB"):
        check_size(6, 5)
    with pytest.raises(BadUploadHeader, match="empty"):
        check_size(0, 5)


def test_metadata_is_read_as_the_protocol_writes_it() -> None:
    header = ",".join([_pair("filename", "Träume.mkv"), _pair("year", "1922"), "is_public"])
    assert read_metadata(header) == {"filename": "Träume.mkv", "year": "1922", "is_public": ""}
    assert read_metadata("") == {}


@pytest.mark.parametrize(
    "header", ["filename ###", "filename /w==", "../x eA==", " eA==,", ",".join(_pair(f"k{n}", "x") for n in range(17))]
)
def test_metadata_that_cannot_be_read_is_refused(header: str) -> None:
    with pytest.raises(BadUploadHeader):
        read_metadata(header)


@given(st.text())
def test_metadata_holds_nothing_that_cannot_be_seen(value: str) -> None:
    kept = read_metadata(_pair("title", value.encode("utf-8", "ignore").decode()))["title"]
    assert len(kept) <= 1_024
    assert not set(kept) & {"\x00", "\n", "\r", "\x1b", "\x7f", "\u202e", "\u2066"}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\film.mkv", "film.mkv"),
        ("film\x00\n.mkv", "film.mkv"),
        ("film\u202evkm.exe", "filmvkm.exe"),
        ("-i.mkv", "-i.mkv"),  # harmless: it is shown, and never becomes an argument
        ("x" * 300, "x" * 255),
    ],
)
def test_a_file_name_is_text_to_show(name: str, clean: str) -> None:
    assert clean_filename(name) == clean
