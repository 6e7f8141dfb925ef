"""the object store has a mark"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0004"
down_revision = "main_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stores",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
    )
