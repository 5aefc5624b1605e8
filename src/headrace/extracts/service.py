"""The rules of extracts that are there: showing, changing, running, pausing, ending."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections import revoking
from headrace.connections import service as connections
from headrace.connections.models import ConnectionStatus
from headrace.data_tables import accounts as table_accounts
from headrace.data_tables import service as data_tables
from headrace.extracts import announcing, choices, queries, starting
from headrace.extracts.creation import require_active
from headrace.extracts.errors import DatesTooEarly, DatesWithoutDays, ExtractPaused
from headrace.extracts.models import Extract
from headrace.extracts.parts import Parts, expected, parts
from headrace.extracts.queries import KIND
from headrace.extracts.schemas import ExtractPatch, ExtractPut
from headrace.extracts.windows import horizon
from headrace.kit.days import DayRange
from headrace.kit.told import told
from headrace.rest.errors import NotFound
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.runs import service as runs
from headrace.runs.errors import AlreadyRunning
from headrace.runs.schemas import DateRangeIn, Scheduling
from headrace.templates import presentation
from headrace.templates.choices import (
    check_schedule_count,
    chosen_fields,
    chosen_filters,
    chosen_settings,
    described,
    schedules_of,
    with_usual_days_first,
)
from headrace.tenancy.scope import WorkspaceScope

_DELETED = told("The connection was deleted.")


def row(session: Session, scope: WorkspaceScope, extract_id: int) -> dict[str, Any]:
    """Return an extract, as `ExtractOut`, its error also as a message.

    Raises:
        NotFound: if the workspace has no such extract.
    """
    rows = queries.extract_rows(scope).add_columns(Extract.error_told)
    found = session.execute(rows.where(Extract.id == extract_id)).one_or_none()
    if found is None:
        raise NotFound("Extract")
    return found._asdict()


def detail(session: Session, scope: WorkspaceScope, extract_id: int) -> dict[str, Any]:
    """Return an extract with its fields, as `ExtractDetail`; raises `NotFound` as `row` does."""
    found = row(session, scope, extract_id)
    whole = parts(session, scope, extract_id)
    chosen = described(whole.connector, whole.report, whole.extract.fields)
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
    _set_schedules(session, scope, whole, body.scheduling or schedules_of(whole.template))
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
    names = chosen_fields(whole.connector, whole.report, asked)
    choices.keeps_dimensions(whole.connector, whole.report, whole.extract.fields, names)
    declared = choices.as_stored(
        described(whole.connector, whole.report, names),
        choices.hashed_with(whole.template, whole.extract.hashed_fields),
    )
    _keep_filters(whole, names)
    # The table before the extract, as the end of a run takes them.
    data_tables.grow(session, scope, whole.extract.data_table_id, declared)
    if names != whole.extract.fields:
        announcing.fields_changed(session, whole.extract)
    whole.extract.fields = names


def _keep_filters(whole: Parts, names: list[str]) -> None:
    """Refuse to drop a field that a custom filter looks at: rows could not be told apart by it."""
    declared = described(whole.connector, whole.report, names)
    chosen_filters(whole.report, declared, whole.extract.custom_filters)


def _set_settings(whole: Parts, asked: dict[str, Any]) -> None:
    known = {item.name for item in whole.report.settings}
    asked_now = {name: value for name, value in asked.items() if name in known or value is not None}
    whole.extract.settings = chosen_settings(whole.report, whole.template.settings, asked_now)


def _set_schedules(
    session: Session, scope: WorkspaceScope, whole: Parts, rules: list[Scheduling]
) -> None:
    check_schedule_count(len(rules), whole.template.schedules_limit)
    rules = with_usual_days_first(rules)
    runs.set_schedules(
        session, scope, KIND, whole.extract.id, rules, is_paused=whole.extract.is_paused
    )


def _set_history(session: Session, scope: WorkspaceScope, whole: Parts, asked: date | None) -> None:
    """Move the first day of history; a run then reads what is missing of it (contract 4.10).

    A later day starts one too where it was asked for: with the usual history nothing is new, and that
    day moves on with every day.
    """
    extract = whole.extract
    before = extract.sync_historical_data
    extract.sync_historical_data = choices.chosen_history(
        whole.report, whole.date_field is not None, asked, whole.today
    )
    after = extract.sync_historical_data
    if before is None or after is None or after == before:
        return
    session.flush()  # the extract before its account in the table, as the end of a run takes them
    known = expected(whole.account, extract, whole.report)
    table_accounts.expect(session, scope, extract.data_table_id, [known])
    if not extract.is_paused and (after < before or asked is not None):
        starting.start(session, scope, extract, "backfill")
        announcing.history_started(session, extract, after)


def check_startable(session: Session, scope: WorkspaceScope, extract_id: str) -> None:
    """Make sure that an extract can run now.

    Raises:
        NotFound, ExtractPaused, ConnectionNotActive: as their names say.
    """
    whole = parts(session, scope, int(extract_id))
    if whole.extract.is_paused:
        raise ExtractPaused(whole.extract.id)
    require_active(whole.connection)


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
    require_active(whole.connection)
    if asked.date_from is not None and asked.date_to is not None:
        _check_dates(whole, DayRange(asked.date_from, asked.date_to))
    if runs.is_busy(session, KIND, extract_id):
        raise AlreadyRunning("Extract", extract_id)
    starting.start(session, scope, whole.extract, "manual", **asked.model_dump(mode="json"))
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


def start_due(
    session: Session, scope: WorkspaceScope, subject_id: str, rule: dict[str, Any]
) -> None:
    """Start a run because a schedule is due, unless the connection has to be reconnected first."""
    whole = parts(session, scope, int(subject_id))
    if whole.connection.status == ConnectionStatus.ACTIVE:
        lookback = rule.get("lookback_window")
        starting.start(session, scope, whole.extract, "schedule", lookback_window=lookback)


def pause(
    session: Session, scope: WorkspaceScope, extract_id: int, *, is_paused: bool
) -> dict[str, Any]:
    """Stop or resume an extract's runs; doing it twice changes nothing.

    A run under way stops when its window is stored, and goes on at the next one.

    Raises:
        NotFound: if the workspace has no such extract.
    """
    whole = parts(session, scope, extract_id)
    if whole.extract.is_paused != is_paused:
        runs.pause(session, scope, KIND, extract_id, is_paused=is_paused)
        whole.extract.is_paused = is_paused
        announcing.paused(session, [whole.extract], is_paused=is_paused)
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
    table_accounts.leave(session, scope, whole.extract.data_table_id, whole.account.remote_id)
    queries.count_change(session, scope, -1)


def delete_connection(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    connection_id: int,
    datasource_name: str | None,
) -> None:
    """Delete a connection and pause its extracts; what they read stays.

    Its platform is asked to take the credentials back first, for ten seconds at most; whatever comes
    of that is recorded, and the connection is deleted (S64).

    Raises:
        NotFound: if the workspace has no such connection, or it is of another data source.
        DataSourceUnknown: if the data source named does not exist.
    """
    if datasource_name is not None:
        connections.connector_named(datasource_name)
    connection = connections.get(session, scope, connection_id)
    if datasource_name is not None and connection.datasource_name != datasource_name:
        raise NotFound("Connection")
    revocation = revoking.revoke(session, scope, resources, calls, connection_id)
    _end_extracts(session, scope, connection_id)
    connections.delete(session, scope, connection_id, revocation)
    _end_extracts(session, scope, connection_id)  # those made while we waited for the connection


def _end_extracts(session: Session, scope: WorkspaceScope, connection_id: int) -> None:
    found = queries.of_connection(session, scope, connection_id)
    extracts = [extract for extract in found if extract.error_text != str(_DELETED)]
    # In the order in which schedulers and workers take them: schedules, runs, then the rest.
    for extract in extracts:
        runs.pause_schedules(session, scope, KIND, extract.id, is_paused=True)
        runs.cancel(session, scope, KIND, extract.id)
    announcing.paused(session, [each for each in extracts if not each.is_paused], is_paused=True)
    for extract in extracts:
        extract.is_paused = True
        extract.error = _DELETED
    session.flush()
