"""The catalogue's tables: titles, the subtitle files beside them, the files they were made of, and a counter that
every change moves."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text

from matinee.base.database import MAIN

titles = Table(
    "titles",
    MAIN,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("year", Integer),
    Column("synopsis", Text, nullable=False, server_default=""),
    Column("tagline", Text, nullable=False, server_default=""),
    Column("genres", JSON, nullable=False),
    Column("language", Text, nullable=False, server_default=""),
    Column("people", JSON, nullable=False),
    Column("ids", JSON, nullable=False),
    Column("show_id", Text, ForeignKey("titles.id", ondelete="CASCADE")),
    Column("season", Integer),
    Column("episode", Integer),
    Column("last_episode", Integer),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("duration_s", Float, nullable=False, server_default="0"),
    Column("height", Integer, nullable=False, server_default="0"),
    Column("poster", JSON(none_as_null=True)),
    Column("still", JSON(none_as_null=True)),
    Column("audio", JSON, nullable=False),
    Column("subtitles", JSON, nullable=False),
    Column("source", Text, nullable=False, unique=True),  # importing a file twice meets its first title here
    Column("source_name", Text, nullable=False, server_default=""),
    Column("source_size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Index(None, "show_id"),
)

sidecars = Table(
    "sidecars",
    MAIN,
    Column("title_id", Text, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
    Column("original_key", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("is_sdh", Boolean, nullable=False),
    Column("is_forced", Boolean, nullable=False),
)

taken_files = Table(
    "taken_files",
    MAIN,
    Column("path", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
)

stores = Table(
    "stores",
    MAIN,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("mark", Text, nullable=False),
)

catalog_revision = Table(
    "catalog_revision",
    MAIN,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)
