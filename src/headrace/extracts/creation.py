"""Making extracts: what a client chose is checked once, then applied to one account after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections import queries as connection_queries
from headrace.connections import service as connections
from headrace.connections.models import Account, Connection, ConnectionStatus
from headrace.connectors.contract import BadValues, Connector, Field, Report, date_field_of
from headrace.data_tables import accounts as table_accounts
from headrace.data_tables import service as data_tables
from headrace.data_tables.service import NewTable
from headrace.extracts import announcing, choices, queries, starting
from headrace.extracts.errors import (
    AccountClosed,
    AccountExtracted,
    AccountsOfSeveral,
    AccountsUnknown,
    ConnectionNotActive,
    OtherDataSource,
)
from headrace.extracts.models import Extract
from headrace.extracts.parts import expected, limited
from headrace.extracts.queries import KIND
from headrace.extracts.schemas import ExtractIn, TemplateSettings
from headrace.kit import clock
from headrace.loads import service as loads
from headrace.runs import service as runs
from headrace.runs.schemas import Scheduling
from headrace.templates import service as templates
from headrace.templates.choices import (
    check_schedule_count,
    chosen_fields,
    chosen_filters,
    chosen_hashes,
    chosen_settings,
    described,
    schedules_of,
    with_usual_days_first,
)
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class Chosen:
    """What extracts made by one call have in common; everything in it has been checked.

    history: the first day asked for, None for the usual one.
    """

    connection: Connection
    template: ExtractTemplate
    connector: Connector
    report: Report
    date_field: str | None
    fields: list[str]
    settings: dict[str, Any]
    rules: list[Scheduling]
    hashed_fields: list[str]
    custom_filters: list[dict[str, Any]]
    history: date | None
    bad_values: BadValues

    @property
    def declared(self) -> list[Field]:
        """The fields as the data table is to have them."""
        found = described(self.connector, self.report, self.fields)
        return choices.as_stored(found, self.hashed_fields)


def create(session: Session, scope: WorkspaceScope, body: ExtractIn) -> list[dict[str, Any]]:
    """Create an extract for each account, all into one data table, and start their first runs.

    Raises:
        AccountsUnknown, AccountsOfSeveral, AccountClosed, AccountExtracted, ConnectionNotActive,
        OtherDataSource, NotFound (template), OtherReport (table), and the refusals of `choices`.
    """
    accounts = _open_accounts(session, scope, body.accounts)
    # Held before the table, as those do who make extracts of newly enabled accounts.
    connection = connections.held(session, scope, accounts[0].connection_id)
    require_active(connection)
    template = templates.get(session, scope, body.template_id)
    if template.datasource_name != connection.datasource_name:
        raise OtherDataSource(template.datasource_name, connection.datasource_name)
    chosen = choose(connection, template, body.template_settings)
    new = new_table(body.data_table_title, chosen)
    table, is_new = data_tables.find_or_create(session, scope, new, chosen.declared)
    made = store(session, scope, chosen, accounts, table.id)
    if is_new:
        loads.create_for_new_table(session, scope, table.id)
    rows = queries.extract_rows(scope).where(Extract.id.in_(made)).order_by(Extract.id)
    return [found._asdict() for found in session.execute(rows)]


def require_active(connection: Connection) -> None:
    """Refuse to extract from a connection whose credentials do not work.

    Raises:
        ConnectionNotActive: if it is so.
    """
    if connection.status != ConnectionStatus.ACTIVE:
        raise ConnectionNotActive(connection.id)


def require_open(account: Account) -> None:
    """Refuse to extract an account that is gone, or not enabled.

    Raises:
        AccountClosed: if it is so.
    """
    usable = account.is_active and account.is_listed
    if not usable or not account.enabled_for_embedded_extraction:
        raise AccountClosed(account.title)


def choose(
    connection: Connection,
    template: ExtractTemplate,
    asked: TemplateSettings,
    hidden: Sequence[str] = (),
) -> Chosen:
    """Check what a client asks for, and complete it from the template.

    hidden: fields to hash beside those asked for, read or not.

    Raises:
        The refusals of `choices`.
    """
    connector = connections.connector_named(connection.datasource_name)
    report = limited(connector.spec.report(template.report), template.historical_data_depth_limit)
    names = template.selected_fields if asked.fields is None else asked.fields
    fields = chosen_fields(connector, report, names, asked.dynamic_fields)
    declared = described(connector, report, fields)
    rules = with_usual_days_first(asked.scheduling or schedules_of(template))
    check_schedule_count(len(rules), template.schedules_limit)
    date_field = date_field_of(connector, report.name, connection.settings)
    return Chosen(
        connection=connection,
        template=template,
        connector=connector,
        report=report,
        date_field=date_field,
        fields=fields,
        settings=chosen_settings(report, template.settings, asked.additional_params),
        rules=rules,
        hashed_fields=chosen_hashes(report, fields, date_field, asked.hashed_fields, hidden),
        custom_filters=chosen_filters(report, declared, asked.filters()),
        history=asked.sync_historical_data,
        bad_values=asked.bad_values,
    )


def store(
    session: Session,
    scope: WorkspaceScope,
    chosen: Chosen,
    accounts: Sequence[Account],
    data_table_id: int,
    *,
    is_started: bool = True,
) -> list[int]:
    """Store an extract for each account with its schedules, start their first runs; return ids.

    The caller holds the data table, so that no account is extracted into it twice.

    Raises:
        AccountExtracted: if one of them is extracted into the table already.
        HistoryInFuture, HistoryTooDeep, HistoryWithoutDays: as `choices.chosen_history` does.
    """
    taken = queries.accounts_extracted(session, scope, data_table_id)
    made: list[Extract] = []
    for account in accounts:
        if account.id in taken:
            raise AccountExtracted(account.title)
        made.append(_extract_of(chosen, account, data_table_id))
    session.add_all(made)
    session.flush()
    for extract in made:
        runs.set_schedules(session, scope, KIND, extract.id, chosen.rules)
        if is_started:
            starting.start(session, scope, extract, "create")
    table_accounts.expect(
        session,
        scope,
        data_table_id,
        [
            expected(account, one, chosen.report)
            for account, one in zip(accounts, made, strict=True)
        ],
    )
    announcing.created(session, made)
    queries.count_change(session, scope, len(made))
    return [extract.id for extract in made]


def _extract_of(chosen: Chosen, account: Account, data_table_id: int) -> Extract:
    today = clock.today(account.timezone)
    return Extract(
        workspace_id=account.workspace_id,
        connection_id=account.connection_id,
        account_id=account.id,
        data_table_id=data_table_id,
        template_id=chosen.template.id,
        title=f"{chosen.template.title}: {account.title}",
        fields=chosen.fields,
        settings=chosen.settings,
        hashed_fields=chosen.hashed_fields,
        custom_filters=chosen.custom_filters,
        sync_historical_data=choices.chosen_history(
            chosen.report, chosen.date_field is not None, chosen.history, today
        ),
        bad_values=chosen.bad_values,
    )


def new_table(title: str, chosen: Chosen) -> NewTable:
    """Describe the data table that extracts of a choice fill."""
    connector, report = chosen.connector, chosen.report
    return NewTable(
        title=title,
        sql_name=f"{connector.spec.name}_{title}",
        datasource_name=connector.spec.name,
        report=report.name,
        data_class=report.data_class,
        date_field=chosen.date_field,
        has_fixed_dimensions=report.is_wide,
    )


def _open_accounts(session: Session, scope: WorkspaceScope, ids: list[int]) -> list[Account]:
    accounts = list(connection_queries.accounts_of(session, scope, set(ids)))
    unknown = set(ids) - {account.id for account in accounts}
    if unknown:
        raise AccountsUnknown(list(unknown))
    if len({account.connection_id for account in accounts}) > 1:
        raise AccountsOfSeveral
    for account in accounts:
        require_open(account)
    return accounts
