"""PostgreSQL as a destination."""

from headrace.loaders.targets.postgre_sql.loader import PostgreSqlLoader

LOADER = PostgreSqlLoader()
