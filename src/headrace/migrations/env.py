"""How Alembic runs our migrations: on a connection it is handed, or to compare models with it."""

from alembic import context

from headrace.db.migrating import compared
from headrace.models import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=compared,
    compare_server_default=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
