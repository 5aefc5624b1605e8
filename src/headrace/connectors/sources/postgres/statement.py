"""The SELECT that is read: a table or the customer's query, and the days of a window."""

from datetime import timedelta

from psycopg import sql

from headrace.connectors.sources.postgres.settings import PostgresSettings
from headrace.kit.days import DayRange


def select(settings: PostgresSettings, window: DayRange | None = None) -> sql.Composed:
    """Compose the SELECT.

    The customer's query stands in a subquery, so only a SELECT can stand there; the line end before
    the parenthesis keeps a comment at its end from swallowing it. Rows without a day are read with
    every window, so that they are noticed.
    """
    if settings.query is not None:
        source: sql.Composable = sql.SQL(settings.query)  # the customer's own text
    else:
        source = sql.SQL("TABLE {}").format(sql.Identifier(settings.schema, settings.table or ""))
    rows = sql.SQL("SELECT * FROM ({}\n) AS q").format(source)
    if window is None or settings.date_column is None:
        return rows
    day = sql.Identifier("q", settings.date_column)
    inside = sql.SQL(" WHERE ({0} >= {1} AND {0} < {2}) OR {0} IS NULL").format(
        day, sql.Literal(window.first), sql.Literal(window.last + timedelta(days=1))
    )
    return sql.Composed([rows, inside])


def without_rows(select: sql.Composed) -> sql.Composed:
    """Compose a SELECT that tells the columns and reads nothing."""
    return select + sql.SQL(" LIMIT 0")


def copy_of(select: sql.Composed) -> sql.Composed:
    """Compose the COPY that sends the rows of a SELECT as CSV."""
    return sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')").format(select)
