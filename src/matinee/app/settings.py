"""Settings: one frozen tree, read once at start from the environment, passed on in parts.

Every setting is a field here, is listed in `docs/operator-guide.md` (a test compares the two), and has a default
that works on a laptop. A name that starts with `MATINEE_` and is not a setting is an error that names the nearest one.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from matinee.base.errors import Invalid
from matinee.encoding.pertitle.ladder import CodecSet, LadderKind, Preset
from matinee.encoding.qc.limits import QualityLimits
from matinee.encoding.tracks.sound import Surround


class UnknownSetting(Invalid):
    """A typo in the environment."""

    code = "unknown_setting"


class BadSetting(Invalid):
    """A setting has a value that it cannot have."""

    code = "bad_setting"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that an operator can choose. The environment's name of a field is in `NAMES`."""

    home: Path = Path(".home")
    """The folder under which all embedded state lies."""
    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 lets other devices in."""
    port: int = 8000
    """The web port; the next free one is taken when it is not to be had."""
    edge_port: int = 8080
    """The embedded edge's port; the next free one is taken when it is not to be had."""
    edge_url: str = ""
    """Where players find the edge, when that is not this host and `edge_port`."""
    public_url: str = ""
    """How people reach the web app, when that is not `http://host:port` (behind a proxy with TLS, say)."""
    database_url: str = ""
    """PostgreSQL for relational state and jobs; empty: SQLite files under `home`."""
    storage_url: str = ""
    """The object store; empty: the folder `home/objects`."""
    compute_url: str = ""
    """A Dask scheduler (tls://...); empty: workers on this machine."""
    workers: int = 0
    """Worker processes on this machine; 0: one a core."""
    retire_s: float = 25
    """Seconds that a worker of a cluster which is told to end has for its task, before it hands that back."""
    watch: str = ""
    """A folder whose films are added as they arrive."""
    ffmpeg: str = ""
    """An FFmpeg of your own; empty: the one that comes with Matinee."""
    preset: Preset = "fast"
    """x264's preset for every rung: ultrafast ... veryslow."""
    ladder: LadderKind = "quality"
    """How a title's rungs are found: quality (trial encodes, measured), or fast (by complexity alone)."""
    surround: Surround = "aac"
    """How tracks of six channels and more are kept besides stereo: aac, eac3 (E-AC-3), or none."""
    codecs: CodecSet = "compat"
    """Which ladders a title gets: compat (H.264 alone), efficient (HEVC too), or all (AV1 as well)."""
    webhook_urls: str = ""
    """Who is told, by signed HTTP requests, when a title is published, held or has failed; several with spaces."""
    webhook_secret: str = ""
    """What those requests are signed with: whsec_ and base64."""
    qc_limits: str = ""
    """A TOML file with the limits of quality control that are to differ from Matinee's own."""
    demo: bool = True
    """Whether an empty library is given the demonstration films."""
    storage_limit_gb: float = 0
    """Refuse new films once the embedded object store holds this much; 0: until the disk is full."""
    upload_max_gb: float = 500
    """The largest file that may be uploaded in the browser."""

    @property
    def objects_url(self) -> str:
        return self.storage_url or (self.home.resolve() / "objects").as_uri()

    @property
    def worker_count(self) -> int:
        return self.workers or os.cpu_count() or 1


BACK_ENDS = ("database_url", "storage_url", "compute_url")  # these keep the names the field knows, without a prefix
SECRETS = ("webhook_secret", "webhook_urls")  # never shown: an address may itself be what lets its caller in
NAMES: dict[str, str] = {
    field: (field.upper() if field in BACK_ENDS else f"MATINEE_{field.upper()}") for field in Settings.__struct_fields__
}
_NOT_SETTINGS = {"MATINEE_TEST_MEDIA", "MATINEE_PICTURES", "MATINEE_SERVICES_FOLDER"}  # of the test-suite
_OF_WORKERS = "MATINEE_WORKER_"  # what `matinee work` tells its own processes


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings that `environ` names. Raises UnknownSetting and BadSetting."""
    fields = {name: field for field, name in NAMES.items()}
    for name in environ:
        if name.startswith("MATINEE_") and name not in fields and not _is_ours(name):
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(fields))}"
            raise UnknownSetting(f"there is no setting {name}{hint}")
    given = {fields[name]: value for name, value in environ.items() if name in fields and value != ""}
    try:
        return msgspec.convert(given, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`")
        name = NAMES.get(field, field)
        raise BadSetting(f"{name}={environ.get(name, '')!r} cannot be used: {error}") from error


def quality_limits(settings: Settings) -> QualityLimits:
    """The limits of quality control: our own, but for those in the file that the setting names. Raises BadSetting."""
    if not settings.qc_limits:
        return QualityLimits()
    try:
        found = tomllib.loads(Path(settings.qc_limits).expanduser().read_text("utf-8"))
        return msgspec.convert(found, QualityLimits, strict=False)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        fields = ", ".join(QualityLimits.__struct_fields__)
        raise BadSetting(
            f"{NAMES['qc_limits']}={settings.qc_limits!r} cannot be used: {error}; it may set {fields}"
        ) from error


def _is_ours(name: str) -> bool:
    return name in _NOT_SETTINGS or name.startswith(_OF_WORKERS)


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    raise NotImplementedError(f"no way to read a {kind.__name__}")
