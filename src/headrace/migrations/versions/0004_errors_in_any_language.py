"""errors in any language.

Beside each stored error its message as JSON. A server of the release before writes the text alone:
a message counts only where it says what the text says.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = (
    "automated_recipe",
    "connection",
    "destination_connection",
    "enabled_recipe",
    "extract",
    "load",
    "run",
    "run_attempt",
)


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("error_told", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_column(table, "error_told")
