"""An upload: what is known of a file that is on its way, and what the tus 1.0.0 headers say of it. Pure.

The number of bytes that have arrived is not written down: it is the length of the file. What was written to a file
survives the death of the process, because the kernel holds it; only the end of the kernel (a power cut) may lose
it, and then leave a length that was never filled. So a checkpoint keeps the length that was last forced to the
disk and the boot it was seen in, and after another boot no more than that is believed.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from email.utils import formatdate

import msgspec

from matinee.base.errors import Conflict, Invalid, NotFound, TooMany
from matinee.base.units import Seconds

TUS_VERSION = "1.0.0"
TUS_EXTENSIONS = "creation,creation-with-upload,expiration,termination"
BODY_MEDIA_TYPE = "application/offset+octet-stream"
LIFETIME_S = 86_400.0  # an upload that nobody continued for a day is given up
RECEIVED_LIFETIME_S = 7 * 86_400.0  # a whole one waits this long for its job, which removes it when it is done
UPLOADS_MAX = 100  # unfinished ones at a time: each reserves disk space
FILENAME_MAX_CHARACTERS = 255
METADATA_PAIRS_MAX = 16
METADATA_VALUE_MAX_CHARACTERS = 1_024
_NUMBER = re.compile(r"[0-9]{1,18}")
_METADATA_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_BIDI_CONTROLS = set(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))  # they make a name read otherwise


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file on its way; `filename` and `metadata` are the client's words and name nothing of ours."""

    id: str
    account_id: str
    size_bytes: int
    filename: str
    metadata: Mapping[str, str]
    created: Seconds
    updated: Seconds
    synced_bytes: int
    boot: str
    is_handed_over: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.synced_bytes <= self.size_bytes or self.size_bytes == 0:
            raise ValueError(f"upload {self.id}: {self.synced_bytes} of {self.size_bytes} bytes cannot be")


class NoUpload(NotFound):
    """There is no such upload, it has expired, or it is somebody else's."""

    code = "no_upload"

    def __init__(self, upload_id: str) -> None:
        super().__init__(f"there is no upload {upload_id}; it may have expired: start it again")


class OffsetMismatch(Conflict):
    """The client would continue at another place than where the file ends."""

    code = "offset_mismatch"

    def __init__(self, offset: int, expected_offset: int) -> None:
        super().__init__(f"the upload goes on at byte {expected_offset}, not at {offset}; ask by HEAD first")
        self.expected_offset = expected_offset


class UploadBusy(Conflict):
    """Another request is writing to this upload."""

    code = "upload_busy"

    def __init__(self, upload_id: str) -> None:
        super().__init__(f"another request is writing to {upload_id}; try again when it has ended")


class UploadTooLarge(Invalid):
    """The file is larger than this server takes."""

    code = "upload_too_large"

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"the file has {size_bytes / 1e9:.1f} GB and this server takes {limit_bytes / 1e9:g} GB at most; "
            "raise MATINEE_UPLOAD_MAX_GB, or add the file at the machine with `matinee add`"
        )
        self.limit_bytes = limit_bytes


class TooManyUploads(TooMany):
    """More uploads are unfinished than this server keeps."""

    code = "too_many_uploads"

    def __init__(self) -> None:
        super().__init__(f"{UPLOADS_MAX} uploads are unfinished; finish or cancel one of them first")
        self.limit = UPLOADS_MAX


class UnknownTusVersion(Invalid):
    """The client speaks another version of tus."""

    code = "unknown_tus_version"

    def __init__(self, version: str) -> None:
        super().__init__(f"uploads speak tus {TUS_VERSION}; the request has Tus-Resumable: {version or '(none)'}")
        self.version = TUS_VERSION


class NotAnUploadBody(Invalid):
    """The body is not marked as the bytes of an upload."""

    code = "not_an_upload_body"

    def __init__(self, media_type: str) -> None:
        super().__init__(f"the bytes of an upload come as {BODY_MEDIA_TYPE}, not as {media_type or '(nothing)'}")


class BadUploadHeader(Invalid):
    """A header of the tus protocol cannot be read."""

    code = "bad_upload_header"


def trusted_length(upload: Upload, length: int, boot: str) -> int:
    """How much of a file of `length` bytes has surely arrived, in the boot named `boot` (empty: not known)."""
    if boot and upload.boot == boot:
        return length
    return min(length, upload.synced_bytes)


def expires_at(upload: Upload) -> Seconds:
    """When the upload is given up, if nobody touches it."""
    return Seconds(upload.updated + (RECEIVED_LIFETIME_S if upload.is_handed_over else LIFETIME_S))


def expires_header(upload: Upload) -> str:
    """The value of Upload-Expires (tus 1.0.0, expiration; RFC 9110 5.6.7)."""
    return formatdate(expires_at(upload), usegmt=True)


def read_number(name: str, value: str | None) -> int:
    """The number in a header such as Upload-Length. Raises BadUploadHeader."""
    if value is None or _NUMBER.fullmatch(value) is None:
        raise BadUploadHeader(f"{name} must be a whole number of bytes, not {value!r}")
    return int(value)


def check_size(size_bytes: int, limit_bytes: int) -> int:
    """`size_bytes` itself, if a file may have it. Raises BadUploadHeader and UploadTooLarge."""
    if size_bytes == 0:
        raise BadUploadHeader("the file is empty: there is nothing to upload")
    if size_bytes > limit_bytes:
        raise UploadTooLarge(size_bytes, limit_bytes)
    return size_bytes


def read_metadata(header: str) -> dict[str, str]:
    """The pairs of Upload-Metadata (tus 1.0.0, creation), as clean text. Raises BadUploadHeader."""
    pairs = [pair.strip().partition(" ") for pair in header.split(",") if pair.strip()]
    if len(pairs) > METADATA_PAIRS_MAX:
        raise BadUploadHeader(f"Upload-Metadata has {len(pairs)} pairs; {METADATA_PAIRS_MAX} are taken")
    return {
        _metadata_key(key): clean_text(_decode(key, value), METADATA_VALUE_MAX_CHARACTERS) for key, _, value in pairs
    }


def clean_filename(name: str) -> str:
    """A client's file name as text to show: its last part, without what cannot be seen, of limited length."""
    return clean_text(re.split(r"[/\\]", name)[-1], FILENAME_MAX_CHARACTERS)


def clean_text(text: str, limit_characters: int) -> str:
    """`text` without control and unassigned characters, in at most `limit_characters`."""
    return "".join(letter for letter in text if _is_seen(letter))[:limit_characters].strip()


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cn", "Co", "Cs"} and letter not in _BIDI_CONTROLS


def _metadata_key(key: str) -> str:
    if _METADATA_KEY.fullmatch(key) is None:
        raise BadUploadHeader(f"Upload-Metadata has a key that is not a plain word: {key[:64]!r}")
    return key


def _decode(key: str, value: str) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadUploadHeader(f"the value of {key} in Upload-Metadata is not UTF-8 in base 64") from error
