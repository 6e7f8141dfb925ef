"""a set of renditions may be published again"""

from __future__ import annotations

from alembic import op

revision = "main_0003"
down_revision = "main_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("assets", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_assets_title_id_content_key"), type_="unique")
