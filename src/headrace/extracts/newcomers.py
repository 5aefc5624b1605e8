"""Extracts that come by themselves: of accounts that open, and again when a connection works again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from headrace.connections import followers
from headrace.connections import queries as connection_queries
from headrace.connections.models import Account, Connection, ConnectionStatus
from headrace.connectors.contract import BadValues
from headrace.data_tables import queries as data_tables
from headrace.extracts import creation, queries, starting
from headrace.extracts.creation import Chosen
from headrace.extracts.parts import Parts, parts
from headrace.extracts.queries import KIND
from headrace.extracts.windows import horizon
from headrace.kit import clock
from headrace.runs import service as runs
from headrace.runs.schemas import Scheduling
from headrace.tenancy.scope import WorkspaceScope


def accounts_opened(
    session: Session, scope: WorkspaceScope, connection: Connection, account_ids: Sequence[int]
) -> None:
    """Give accounts that opened an extract like their siblings', where a data table wants it.

    That is a table with `auto_extract_new_accounts` into which an extract of the connection that is
    not paused puts rows; the newest of these is the pattern.
    """
    accounts = [
        account
        for account in connection_queries.accounts_of(session, scope, account_ids)
        if account.is_active and account.is_listed and account.enabled_for_embedded_extraction
    ]
    if not accounts:
        return
    for table_id in queries.tables_for_new_accounts(session, scope, connection.id):
        table = data_tables.locked_table(session, scope, table_id)
        pattern = queries.newest_sibling(session, scope, connection.id, table_id)
        if table is None or not table.auto_extract_new_accounts or pattern is None:
            continue  # it was otherwise before we held the table
        taken = queries.accounts_extracted(session, scope, table_id)
        fresh = [account for account in accounts if account.id not in taken]
        _extract_like(session, scope, parts(session, scope, pattern), fresh)


def _extract_like(
    session: Session, scope: WorkspaceScope, sibling: Parts, accounts: Sequence[Account]
) -> None:
    extract = sibling.extract
    rules = runs.schedules_of(session, scope, KIND, extract.id)
    chosen = Chosen(
        connection=sibling.connection,
        template=sibling.template,
        connector=sibling.connector,
        report=sibling.report,
        date_field=sibling.date_field,
        fields=list(extract.fields),
        settings=dict(extract.settings),
        rules=[Scheduling.model_validate(rule) for rule in rules],
        hashed_fields=list(extract.hashed_fields),
        custom_filters=list(extract.custom_filters),
        history=extract.sync_historical_data,
        bad_values=BadValues(extract.bad_values),
    )
    is_started = sibling.connection.status == ConnectionStatus.ACTIVE
    for account in accounts:
        reached = replace(chosen, history=_reached(chosen, account))
        creation.store(
            session, scope, reached, [account], extract.data_table_id, is_started=is_started
        )


def _reached(chosen: Chosen, account: Account) -> date | None:
    """The sibling's first day of history, or the oldest that the source still answers."""
    if chosen.history is None:
        return None
    return max(chosen.history, horizon(chosen.report, clock.today(account.timezone)).first)


def reconnected(session: Session, scope: WorkspaceScope, connection: Connection) -> None:
    """Run the extracts that failed while their connection did not work (contract 8.6)."""
    for extract in queries.of_connection(session, scope, connection.id):
        if extract.error_text is not None and not extract.is_paused:
            starting.start(session, scope, extract, "reconnect")


def register() -> None:
    """Make this known to connections, in whatever process extracts are."""
    followers.register(accounts_opened, reconnected)
