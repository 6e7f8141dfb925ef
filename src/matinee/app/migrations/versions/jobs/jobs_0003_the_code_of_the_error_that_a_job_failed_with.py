"""the code of the error that a job failed with"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "jobs_0003"
down_revision = "jobs_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("code", sa.Text(), server_default="", nullable=False))
    # What is held already has to be known as such: it waits for a person.
    op.execute("UPDATE jobs SET code = 'held' WHERE state = 'failed' AND reason LIKE 'held: %'")
