"""An extract with everything it joins, and what they say together."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from headrace.connections import service as connections
from headrace.connections.models import Account, Connection
from headrace.connectors.contract import Connector, Report
from headrace.data_tables.accounts import Expected
from headrace.data_tables.models import DataTable
from headrace.extracts import queries
from headrace.extracts.models import Extract
from headrace.kit import clock
from headrace.rest.errors import NotFound
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class Parts:
    """An extract with everything it joins.

    report: as the template uses it, see `limited`.
    """

    extract: Extract
    connection: Connection
    account: Account
    template: ExtractTemplate
    table: DataTable
    connector: Connector
    report: Report

    @property
    def date_field(self) -> str | None:
        """The column of the data table that holds the day of a row."""
        return self.table.date_field

    @property
    def today(self) -> date:
        """The current day in the account's time zone, which decides what a day is."""
        return clock.today(self.account.timezone)


def parts(session: Session, scope: WorkspaceScope, extract_id: int) -> Parts:
    """Return an extract of the workspace with everything it joins.

    Raises:
        NotFound: if there is none.
    """
    found = queries.extract_with_parts(session, scope, extract_id)
    if found is None:
        raise NotFound("Extract")
    extract, connection, account, template, table = found
    connector = connections.connector_named(connection.datasource_name)
    return Parts(
        extract=extract,
        connection=connection,
        account=account,
        template=template,
        table=table,
        connector=connector,
        report=limited(
            connector.spec.report(template.report), template.historical_data_depth_limit
        ),
    )


def expected(account: Account, extract: Extract, report: Report) -> Expected:
    """Describe an extract's account as its data table is to know it.

    Of a source that holds whichever days it holds, no day can be said to be missing.
    """
    return Expected(
        account_id=account.remote_id,
        account_name=account.title,
        timezone=account.timezone,
        wanted_from=None if report.holds_some_days else extract.sync_historical_data,
    )


def limited(report: Report, depth_days: int | None) -> Report:
    """Return a report that reaches no further back than a template lets it (contract 5.3)."""
    if depth_days is None:
        return report
    history_days = depth_days if report.history_days is None else report.history_days
    return replace(report, history_days=min(history_days, depth_days))
