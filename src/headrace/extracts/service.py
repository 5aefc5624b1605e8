"""The rules of extracts: creating, changing, running, pausing, ending."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections import queries as connection_queries
from headrace.connections import service as connections
from headrace.connections.models import Account, Connection, ConnectionStatus
from headrace.connectors.contract import Connector, Report, date_field_of
from headrace.data_tables import service as data_tables
from headrace.data_tables.models import DataTable
from headrace.data_tables.service import NewTable
from headrace.extracts import choices, queries
from headrace.extracts.errors import (
    AccountClosed,
    AccountsOfSeveral,
    AccountsUnknown,
    ConnectionNotActive,
    DatesTooEarly,
    DatesWithoutDays,
    ExtractPaused,
    OtherDataSource,
)
from headrace.extracts.models import Extract
from headrace.extracts.queries import KIND
from headrace.extracts.schemas import ExtractIn, ExtractPatch, ExtractPut, TemplateSettings
from headrace.extracts.windows import horizon
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.loads import service as loads
from headrace.rest.errors import NotFound
from headrace.runs import service as runs
from headrace.runs.errors import AlreadyRunning
from headrace.runs.schemas import DateRangeIn, Scheduling
from headrace.runs.service import NewRun
from headrace.templates import presentation
from headrace.templates import service as templates
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class Parts:
    """An extract with everything it joins."""

    extract: Extract
    connection: Connection
    account: Account
    template: ExtractTemplate
    connector: Connector
    report: Report
    date_field: str | None

    @property
    def today(self) -> date:
        """The current day in the account's time zone, which decides what a day is."""
        return clock.today(self.account.timezone)


def create(session: Session, scope: WorkspaceScope, body: ExtractIn) -> list[dict[str, Any]]:
    """Create an extract for each account, all into one data table, and start their first runs.

    Raises:
        AccountsUnknown, AccountsOfSeveral, AccountClosed, ConnectionNotActive, OtherDataSource,
        NotFound (template), OtherReport (table), and the refusals of `choices`.
    """
    accounts = _open_accounts(session, scope, body.accounts)
    connection = connections.get(session, scope, accounts[0].connection_id)
    if connection.status != ConnectionStatus.ACTIVE:
        raise ConnectionNotActive(connection.id)
    template = _template(session, scope, body.template_id, connection.datasource_name)
    connector = connections.connector_named(connection.datasource_name)
    report = connector.spec.report(template.report)
    date_field = date_field_of(connector, report.name, connection.settings)
    asked = body.template_settings
    names = _fields_asked(connector, report, template, asked)
    settings = choices.chosen_settings(report, template.settings, asked.additional_params)
    rules = asked.scheduling or [Scheduling()]
    choices.check_schedule_count(len(rules), template.schedules_limit)
    new = _new_table(body.data_table_title, connector, report, date_field)
    table, is_new = data_tables.find_or_create(
        session, scope, new, choices.described(connector, report, names)
    )
    made: list[int] = []
    for account in accounts:
        today = clock.today(account.timezone)
        extract = Extract(
            workspace_id=scope.workspace_id,
            connection_id=connection.id,
            account_id=account.id,
            data_table_id=table.id,
            template_id=template.id,
            title=f"{template.title}: {account.title}",
            fields=names,
            settings=settings,
            sync_historical_data=choices.chosen_history(
                report, date_field is not None, asked.sync_historical_data, today
            ),
            bad_values=asked.bad_values,
        )
        made.append(_store(session, scope, extract, rules))
    if is_new:
        loads.create_for_new_table(session, scope, table.id)
    rows = queries.extract_rows(scope).where(Extract.id.in_(made)).order_by(Extract.id)
    return [found._asdict() for found in session.execute(rows)]


def _store(
    session: Session, scope: WorkspaceScope, extract: Extract, rules: list[Scheduling]
) -> int:
    session.add(extract)
    session.flush()
    runs.set_schedules(session, scope, KIND, extract.id, rules)
    _start(session, scope, extract, "create")
    return extract.id


def _template(
    session: Session, scope: WorkspaceScope, template_id: int, datasource_name: str
) -> ExtractTemplate:
    template = templates.get(session, scope, template_id)
    if template.datasource_name != datasource_name:
        raise OtherDataSource(template.datasource_name, datasource_name)
    return template


def _new_table(
    title: str, connector: Connector, report: Report, date_field: str | None
) -> NewTable:
    return NewTable(
        title=title,
        sql_name=f"{connector.spec.name}_{title}",
        datasource_name=connector.spec.name,
        report=report.name,
        data_class=report.data_class,
        date_field=date_field,
    )


def _open_accounts(session: Session, scope: WorkspaceScope, ids: list[int]) -> list[Account]:
    accounts = list(connection_queries.accounts_of(session, scope, set(ids)))
    unknown = set(ids) - {account.id for account in accounts}
    if unknown:
        raise AccountsUnknown(list(unknown))
    if len({account.connection_id for account in accounts}) > 1:
        raise AccountsOfSeveral
    for account in accounts:
        usable = account.is_active and account.is_listed
        if not usable or not account.enabled_for_embedded_extraction:
            raise AccountClosed(account.title)
    return accounts


def _fields_asked(
    connector: Connector, report: Report, template: ExtractTemplate, asked: TemplateSettings
) -> list[str]:
    names = template.selected_fields if asked.fields is None else asked.fields
    return choices.chosen_fields(connector, report, names, asked.dynamic_fields)


def parts(session: Session, scope: WorkspaceScope, extract_id: int) -> Parts:
    """Return an extract of the workspace with everything it joins.

    Raises:
        NotFound: if there is none.
    """
    extract = queries.extract(session, scope, extract_id)
    if extract is None:
        raise NotFound("Extract")
    connection = session.get_one(Connection, extract.connection_id)
    template = session.get_one(ExtractTemplate, extract.template_id)
    connector = connections.connector_named(connection.datasource_name)
    table = session.get_one(DataTable, extract.data_table_id)
    return Parts(
        extract=extract,
        connection=connection,
        account=session.get_one(Account, extract.account_id),
        template=template,
        connector=connector,
        report=connector.spec.report(template.report),
        date_field=table.date_field,
    )


def row(session: Session, scope: WorkspaceScope, extract_id: int) -> dict[str, Any]:
    """Return an extract, as `ExtractOut`.

    Raises:
        NotFound: if the workspace has no such extract.
    """
    found = session.execute(
        queries.extract_rows(scope).where(Extract.id == extract_id)
    ).one_or_none()
    if found is None:
        raise NotFound("Extract")
    return found._asdict()


def detail(session: Session, scope: WorkspaceScope, extract_id: int) -> dict[str, Any]:
    """Return an extract with its fields, as `ExtractDetail`; raises `NotFound` as `row` does."""
    found = row(session, scope, extract_id)
    whole = parts(session, scope, extract_id)
    chosen = choices.described(whole.connector, whole.report, whole.extract.fields)
    dynamic = [item for item in chosen if item.is_dynamic]
    fields = presentation.fields([*whole.report.fields, *dynamic], whole.extract.fields)
    return found | {"fields": fields}


def replace(
    session: Session, scope: WorkspaceScope, extract_id: int, body: ExtractPut
) -> dict[str, Any]:
    """Set all that can be changed; what is left out goes back to the template's.

    Raises:
        NotFound, DimensionsFixed, and the refusals of `choices`.
    """
    whole = parts(session, scope, extract_id)
    _set_fields(session, scope, whole, body.fields or whole.template.selected_fields)
    _set_settings(whole, body.additional_params or {})
    _set_schedules(session, scope, whole, body.scheduling or [Scheduling()])
    _set_history(session, scope, whole, body.sync_historical_data)
    session.flush()
    return detail(session, scope, extract_id)


def update(
    session: Session, scope: WorkspaceScope, extract_id: int, change: ExtractPatch
) -> dict[str, Any]:
    """Change some of what can be changed; raises as `replace` does."""
    whole = parts(session, scope, extract_id)
    if change.fields is not None:
        _set_fields(session, scope, whole, change.fields)
    if change.additional_params is not None:
        _set_settings(whole, whole.extract.settings | change.additional_params)
    if change.scheduling is not None:
        _set_schedules(session, scope, whole, change.scheduling)
    if "sync_historical_data" in change.model_fields_set:
        _set_history(session, scope, whole, change.sync_historical_data)
    session.flush()
    return detail(session, scope, extract_id)


def _set_fields(session: Session, scope: WorkspaceScope, whole: Parts, asked: list[str]) -> None:
    names = choices.chosen_fields(whole.connector, whole.report, asked)
    choices.keeps_dimensions(whole.connector, whole.report, whole.extract.fields, names)
    declared = choices.described(whole.connector, whole.report, names)
    # The table before the extract, as the end of a run takes them.
    data_tables.grow(session, scope, whole.extract.data_table_id, declared)
    whole.extract.fields = names


def _set_settings(whole: Parts, asked: dict[str, Any]) -> None:
    known = {item.name for item in whole.report.settings}
    asked_now = {name: value for name, value in asked.items() if name in known or value is not None}
    whole.extract.settings = choices.chosen_settings(
        whole.report, whole.template.settings, asked_now
    )


def _set_schedules(
    session: Session, scope: WorkspaceScope, whole: Parts, rules: list[Scheduling]
) -> None:
    choices.check_schedule_count(len(rules), whole.template.schedules_limit)
    runs.set_schedules(
        session, scope, KIND, whole.extract.id, rules, is_paused=whole.extract.is_paused
    )


def _set_history(session: Session, scope: WorkspaceScope, whole: Parts, asked: date | None) -> None:
    """Move the first day of history; an earlier one starts a run that reads what is missing."""
    extract = whole.extract
    before = extract.sync_historical_data
    extract.sync_historical_data = choices.chosen_history(
        whole.report, whole.date_field is not None, asked, whole.today
    )
    after = extract.sync_historical_data
    if before and after and after < before and not extract.is_paused:
        _start(session, scope, extract, "backfill")


def run(
    session: Session, scope: WorkspaceScope, extract_id: int, asked: DateRangeIn
) -> dict[str, Any]:
    """Start a run now, for the usual days or for those asked for.

    Raises:
        NotFound, ExtractPaused, ConnectionNotActive, AlreadyRunning, DatesWithoutDays,
        DatesTooEarly: as their names say.
    """
    whole = parts(session, scope, extract_id)
    if whole.extract.is_paused:
        raise ExtractPaused(extract_id)
    if whole.connection.status != ConnectionStatus.ACTIVE:
        raise ConnectionNotActive(whole.connection.id)
    if asked.date_from is not None and asked.date_to is not None:
        _check_dates(whole, DayRange(asked.date_from, asked.date_to))
    if runs.is_busy(session, KIND, extract_id):
        raise AlreadyRunning("Extract", extract_id)
    _start(session, scope, whole.extract, "manual", **asked.model_dump(mode="json"))
    session.flush()
    return detail(session, scope, extract_id)


def _check_dates(whole: Parts, asked: DayRange) -> None:
    if whole.date_field is None:
        raise DatesWithoutDays
    seen_from = horizon(whole.report, whole.today)
    if seen_from.first > seen_from.last or not asked.overlaps(
        DayRange(seen_from.first, seen_from.last)
    ):
        raise DatesTooEarly(seen_from.first, seen_from.last)


def _start(
    session: Session, scope: WorkspaceScope, extract: Extract, trigger: str, **params: Any
) -> None:
    runs.start(
        session,
        scope,
        NewRun(
            kind=KIND,
            subject_id=str(extract.id),
            limit_key=connections.limit_key(extract.connection_id),
            trigger=trigger,
            params={name: value for name, value in params.items() if value is not None},
        ),
    )


def start_due(
    session: Session, scope: WorkspaceScope, subject_id: str, rule: dict[str, Any]
) -> None:
    """Start a run because a schedule is due, unless the connection has to be reconnected first."""
    whole = parts(session, scope, int(subject_id))
    if whole.connection.status == ConnectionStatus.ACTIVE:
        lookback = rule.get("lookback_window")
        _start(session, scope, whole.extract, "schedule", lookback_window=lookback)


def pause(
    session: Session, scope: WorkspaceScope, extract_id: int, *, is_paused: bool
) -> dict[str, Any]:
    """Stop or resume scheduled runs; a run under way finishes. Doing it twice changes nothing.

    Raises:
        NotFound: if the workspace has no such extract.
    """
    whole = parts(session, scope, extract_id)
    if whole.extract.is_paused != is_paused:
        runs.pause_schedules(session, scope, KIND, extract_id, is_paused=is_paused)
        whole.extract.is_paused = is_paused
    session.flush()
    return detail(session, scope, extract_id)


def delete(session: Session, scope: WorkspaceScope, extract_id: int) -> None:
    """Delete an extract and stop its runs; its data table and rows stay.

    Raises:
        NotFound: if the workspace has no such extract.
    """
    whole = parts(session, scope, extract_id)
    # In the order in which schedulers and workers take them: schedules, runs, then the extract.
    runs.set_schedules(session, scope, KIND, extract_id, [])
    runs.cancel(session, scope, KIND, extract_id)
    session.delete(whole.extract)
    session.flush()


def delete_connection(
    session: Session, scope: WorkspaceScope, connection_id: int, datasource_name: str | None
) -> None:
    """Delete a connection and pause its extracts; what they read stays.

    Raises:
        NotFound: if the workspace has no such connection, or it is of another data source.
        DataSourceUnknown: if the data source named does not exist.
    """
    if datasource_name is not None:
        connections.connector_named(datasource_name)
    connection = connections.get(session, scope, connection_id)
    if datasource_name is not None and connection.datasource_name != datasource_name:
        raise NotFound("Connection")
    extracts = queries.of_connection(session, scope, connection_id)
    # In the order in which schedulers and workers take them: schedules, runs, then the rest.
    for extract in extracts:
        runs.pause_schedules(session, scope, KIND, extract.id, is_paused=True)
        runs.cancel(session, scope, KIND, extract.id)
    for extract in extracts:
        extract.is_paused = True
        extract.error_text = "The connection was deleted."
    session.flush()
    connections.delete(session, scope, connection_id)
