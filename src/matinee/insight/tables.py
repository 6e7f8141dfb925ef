"""Insight's tables: the outbox, in the same database as the changes it tells of."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Table, Text

from matinee.base.database import MAIN

outbox = Table(
    "outbox",
    MAIN,
    Column("event_id", Text, primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("document", JSON, nullable=False),
)
