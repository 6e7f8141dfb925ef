"""The tables of durable jobs; only `work.service` and `work.schedule` read them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, Table, Text, text

from matinee.base.database import JOBS

_IS_LIVE = text("state IN ('queued', 'running', 'paused')")

jobs = Table(
    "jobs",
    JOBS,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lease_owner", Text, nullable=False),
    Column("lease_expires", Float, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("run_after", Float, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("furthest", Float, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("code", Text, nullable=False, server_default=""),
    # What makes enqueueing idempotent: one live job a (kind, subject), whoever enqueues at the same moment.
    Index("uq_jobs_live", "kind", "subject", unique=True, sqlite_where=_IS_LIVE, postgresql_where=_IS_LIVE),
    Index("ix_jobs_order", "state", "priority", "created"),  # read backwards: the highest priority first
    Index("ix_jobs_updated", "updated"),
)

controls = Table(
    "controls",
    JOBS,
    Column("name", Text, primary_key=True),
    Column("heartbeat", Float, nullable=False),
)

crews = Table(
    "crews",
    JOBS,
    Column("control", Text, primary_key=True),
    Column("at", Float, nullable=False),
    Column("document", JSON, nullable=False),
)

schedules = Table(
    "schedules",
    JOBS,
    Column("name", Text, primary_key=True),
    Column("last_run", Float, nullable=False),
)
