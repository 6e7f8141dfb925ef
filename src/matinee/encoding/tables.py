"""Encoding's tables: the asset versions that were published, and the marks of episodes."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, Table, Text, UniqueConstraint

from matinee.base.database import MAIN

assets = Table(
    "assets",
    MAIN,
    Column("id", Text, primary_key=True),
    Column("title_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("content_key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("is_complete", Boolean, nullable=False),
    Column("document", JSON, nullable=False),
    Column("created", Float, nullable=False),
    UniqueConstraint("title_id", "number"),
    Index("ix_assets_source", "source"),
)

marks = Table(
    "marks",
    MAIN,
    Column("title_id", Text, primary_key=True),
    Column("is_edited", Boolean, nullable=False),
    Column("document", JSON, nullable=False),
    Column("updated", Float, nullable=False),
)
