"""The tables of members. Secrets are only ever kept as hashes."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, Table, Text

from matinee.base.database import MAIN

accounts = Table(
    "accounts",
    MAIN,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created", Float, nullable=False),
)

sessions = Table(
    "sessions",
    MAIN,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False, index=True),
)

setup_links = Table(
    "setup_links",
    MAIN,
    Column("token_hash", Text, primary_key=True),
    Column("created", Float, nullable=False),
)

sign_in_failures = Table(
    "sign_in_failures",
    MAIN,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("resets", Float, nullable=False, index=True),
)
