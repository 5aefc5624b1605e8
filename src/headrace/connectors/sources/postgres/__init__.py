"""The `postgres` data source: a table or a SELECT of a PostgreSQL database."""

from headrace.connectors.sources.postgres.connector import Postgres

CONNECTOR = Postgres()
