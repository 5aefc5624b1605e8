"""How Alembic runs our migrations: on a connection it is handed, or to compare models with it."""

from alembic import context

from headrace.db.migrating import differing_default
from headrace.models import metadata


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare: object) -> bool:
    """Leave the job engine's tables alone; they live in a schema of their own."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=_ours,
    compare_server_default=differing_default,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
