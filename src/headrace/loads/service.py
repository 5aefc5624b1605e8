"""The rules of loads: creating, changing, starting, deleting."""

from datetime import date
from typing import Any

import structlog
from sqlalchemy.orm import Session

from headrace.data_tables import service as data_tables
from headrace.data_tables.models import DataTable
from headrace.destinations import queries as destination_queries
from headrace.destinations import service as destinations
from headrace.destinations.models import DestinationConnection, DestinationStatus
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.kit.names import unique_sql_name
from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import Loader, WriteMode
from headrace.loads import announcing, presentation, queries
from headrace.loads.errors import (
    DestinationNotActive,
    DestinationTableTaken,
    LoadModeUnfit,
    LoadPaused,
    ScheduleMissing,
    ScheduleUnused,
    TableNameTooLong,
    TableNameUnfit,
)
from headrace.loads.models import Load, RunPolicy
from headrace.loads.planning import made_stale
from headrace.loads.queries import KIND
from headrace.loads.schemas import LoadIn, LoadPut, LoadRunIn
from headrace.rest.errors import NotFound
from headrace.runs import queries as run_queries
from headrace.runs import service as runs
from headrace.runs.errors import AlreadyRunning
from headrace.runs.schemas import Scheduling
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope

log = structlog.get_logger(__name__)

AFTER_EXTRACTION = "after_extraction"
# Room for the number that keeps two names apart.
_NUMBER_LENGTH = 4


def create(session: Session, scope: WorkspaceScope, body: LoadIn) -> dict[str, Any]:
    """Create a load; it first runs when its policy says so, or when asked to.

    Raises:
        NotFound: if the workspace has no such data table or destination connection.
        DestinationNotActive, LoadModeUnfit, TableNameUnfit, TableNameTooLong,
        DestinationTableTaken, ScheduleMissing, ScheduleUnused: as their names say.
    """
    table = data_tables.get(session, scope, body.data_table_id)
    connection = destinations.get(session, scope, body.destination_connection_id)
    _require_active(connection)
    loader = destinations.loader_named(connection.destination_name)
    name = body.destination_table or table.sql_name
    _check_name(loader, name)
    _check_mode(loader, body.load_mode)
    policy = body.run_policy or RunPolicy.AFTER_EXTRACTION.value
    load_id = _insert(
        session,
        connection,
        {
            "data_table_id": table.id,
            "destination_table": name,
            "run_policy": policy,
            "load_mode": body.load_mode,
            "load_from": _first_day(body.load_historical_data),
        },
    )
    load = get(session, scope, load_id)
    _set_policy(session, scope, load, policy, body.scheduling)
    return row(session, scope, load.id)


def create_for_new_table(session: Session, scope: WorkspaceScope, data_table_id: int) -> None:
    """Create a load of a table into every destination that takes new tables by itself.

    Destinations that have a load of the table already are left alone; a name that is taken there
    gets a number.

    Raises:
        NotFound: if the workspace has no such data table.
    """
    table = data_tables.get(session, scope, data_table_id)
    served = queries.connections_loaded(session, scope, data_table_id)
    for connection in destination_queries.connections_for_new_tables(session, scope):
        if connection.id not in served:
            _create_automatically(session, table, connection)


def _create_automatically(
    session: Session, table: DataTable, connection: DestinationConnection
) -> None:
    loader = destinations.loader_named(connection.destination_name)
    room = loader.spec.max_name_length
    wanted = table.sql_name if len(table.sql_name) <= room else table.sql_name[:room]
    taken = queries.names_taken(session, connection)
    if wanted in taken:
        wanted = unique_sql_name(wanted[: room - _NUMBER_LENGTH], taken)
    try:
        _check_name(loader, wanted)
        values = {"data_table_id": table.id, "destination_table": wanted}
        _insert(session, connection, values)
    except (TableNameUnfit, TableNameTooLong, DestinationTableTaken) as error:
        # The extraction that made the table must not fail for want of a load.
        log.warning("no load was made", destination=connection.title, details=str(error))


def _insert(session: Session, connection: DestinationConnection, values: dict[str, Any]) -> int:
    name = values["destination_table"]
    if name.lower() in queries.names_taken(session, connection):
        raise DestinationTableTaken(name)
    owner = {
        "workspace_id": connection.workspace_id,
        "destination_connection_id": connection.id,
    }
    load_id = queries.insert_load(session, owner | values)
    if load_id is None:  # another request took the name since
        raise DestinationTableTaken(name)
    announcing.created(session, load_id)
    return load_id


def get(session: Session, scope: WorkspaceScope, load_id: int) -> Load:
    """Return a load of the workspace.

    Raises:
        NotFound: if there is none.
    """
    load = queries.load(session, scope, load_id)
    if load is None:
        raise NotFound("Load")
    return load


def held(session: Session, scope: WorkspaceScope, load_id: int) -> Load:
    """Return a load and hold it until the transaction ends; raises as `get` does."""
    load = queries.locked_load(session, scope, load_id)
    if load is None:
        raise NotFound("Load")
    return load


def row(session: Session, scope: WorkspaceScope, load_id: int) -> dict[str, Any]:
    """Return a load as `LoadOut`, its error also as a message; raises as `get` does."""
    session.flush()
    rows = queries.load_rows(scope).add_columns(Load.error_told)
    found = session.execute(rows.where(Load.id == load_id)).one_or_none()
    if found is None:
        raise NotFound("Load")
    return presentation.load(found) | {"error_told": found.error_told}


def update(session: Session, scope: WorkspaceScope, load_id: int, body: LoadPut) -> dict[str, Any]:
    """Change a load's run policy, schedules or mode; what is left out stays.

    Raises:
        NotFound, LoadModeUnfit, ScheduleMissing, ScheduleUnused: as their names say.
    """
    load = get(session, scope, load_id)
    if body.load_mode is not None:
        connection = destinations.get(session, scope, str(load.destination_connection_id))
        _check_mode(destinations.loader_named(connection.destination_name), body.load_mode)
    _set_policy(session, scope, load, body.run_policy or load.run_policy, body.scheduling)
    load.load_mode = body.load_mode or load.load_mode
    return row(session, scope, load_id)


def delete(session: Session, scope: WorkspaceScope, load_id: int) -> None:
    """Delete a load and its schedules and stop its runs; delivered rows stay where they are.

    Raises:
        NotFound: if the workspace has no such load.
    """
    get(session, scope, load_id)
    # In the order in which schedulers and workers take them: schedules, runs, then the load.
    runs.set_schedules(session, scope, KIND, load_id, [])
    runs.cancel(session, scope, KIND, load_id)
    session.delete(held(session, scope, load_id))


def set_paused(
    session: Session, scope: WorkspaceScope, load_id: int, *, is_paused: bool
) -> dict[str, Any]:
    """Pause or unpause a load; doing so twice changes nothing.

    A run under way stops when the unit it writes is recorded, and goes on with the next one.

    Raises:
        NotFound: if the workspace has no such load.
    """
    if get(session, scope, load_id).is_paused != is_paused:
        runs.pause(session, scope, KIND, load_id, is_paused=is_paused)
        held(session, scope, load_id).is_paused = is_paused
    return row(session, scope, load_id)


def check_startable(session: Session, scope: WorkspaceScope, load_id: str) -> None:
    """Make sure that a load can run now.

    Raises:
        NotFound, LoadPaused, DestinationNotActive: as their names say.
    """
    load = held(session, scope, int(load_id))
    if load.is_paused:
        raise LoadPaused(load.id)
    _require_active(destinations.get(session, scope, str(load.destination_connection_id)))


def run(session: Session, scope: WorkspaceScope, load_id: int, asked: LoadRunIn) -> dict[str, Any]:
    """Start a run: of what changed, of some days, or of the whole table.

    What is to be written again is marked as such among what was delivered, here and not by the run:
    however often the run is interrupted, each marked day is written until it was recorded once.

    Raises:
        NotFound, LoadPaused, DestinationNotActive, AlreadyRunning: as their names say.
    """
    check_startable(session, scope, str(load_id))
    load = get(session, scope, load_id)
    if runs.is_busy(session, KIND, load_id):
        raise AlreadyRunning("Load", load_id)
    days = DayRange(asked.date_from, asked.date_to) if asked.date_from and asked.date_to else None
    if days or asked.full:
        change = made_stale(queries.delivered(session, load_id, days=days), days)
        queries.change_delivered(session, load_id, change.gone, change.come)
    if asked.full:
        load.delivered_shape = None
    dates = {"date_from": str(days.first), "date_to": str(days.last)} if days else {}
    start_run(session, scope, load, "manual", dates)
    return row(session, scope, load_id)


def start_runs_for(session: Session, scope: WorkspaceScope, data_table_id: int) -> None:
    """Start the loads of a table that run after each extraction into it."""
    for load in queries.loads_after_extraction(session, scope, data_table_id):
        start_run(session, scope, load, AFTER_EXTRACTION)


def start_due(session: Session, scope: WorkspaceScope, load_id: int) -> None:
    """Start a load whose schedule is due, unless it was deleted, paused or changed meanwhile."""
    load = queries.load(session, scope, load_id)
    if load is not None and not load.is_paused and load.run_policy == RunPolicy.SCHEDULE:
        start_run(session, scope, load, "schedule")


def start_run(
    session: Session,
    scope: WorkspaceScope,
    load: Load,
    trigger: str,
    params: dict[str, Any] | None = None,
) -> None:
    """Queue a run of a load: of the days in `params`, or of all that changed.

    If one waits already, that one is it. Where it is for some days only and all was asked for,
    another is started when it ends.
    """
    session.flush()
    connection = session.get_one(DestinationConnection, load.destination_connection_id)
    run_id = runs.start(
        session,
        scope,
        NewRun(
            kind=KIND,
            subject_id=str(load.id),
            **destinations.limit_keys(connection),
            trigger=trigger,
            params=params or {},
        ),
    )
    waiting = run_queries.run(session, scope, run_id)
    if waiting is not None and waiting.params and not params:
        load.runs_again = True


def _set_policy(
    session: Session,
    scope: WorkspaceScope,
    load: Load,
    policy: str,
    scheduling: list[Scheduling] | None,
) -> None:
    """Give a load its policy and schedules; None keeps the schedules it has."""
    if policy != RunPolicy.SCHEDULE:
        if scheduling:
            raise ScheduleUnused(policy)
        scheduling = []
    elif scheduling is None:
        if not runs.schedules_of(session, scope, KIND, load.id):
            raise ScheduleMissing
    elif not scheduling:
        raise ScheduleMissing
    if scheduling is not None:
        runs.set_schedules(session, scope, KIND, load.id, scheduling, is_paused=load.is_paused)
    load.run_policy = policy


def _require_active(connection: DestinationConnection) -> None:
    if connection.status != DestinationStatus.ACTIVE:
        raise DestinationNotActive(connection.status)


def _check_name(loader: Loader, name: str) -> None:
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise TableNameUnfit(Refused(told("must be valid Unicode."))) from error
    if length > loader.spec.max_name_length:
        raise TableNameTooLong(loader.spec.max_name_length)
    try:
        loader.validate_name(name)
    except Refused as error:
        raise TableNameUnfit(error) from error


def _check_mode(loader: Loader, mode: WriteMode | None) -> None:
    if mode is not None and mode not in loader.spec.write_modes:
        raise LoadModeUnfit(tuple(item.value for item in loader.spec.write_modes))


def _first_day(given: date | bool | None) -> date | None:
    """The first day a load delivers; None delivers all (contract A26)."""
    if isinstance(given, date):
        return given
    return clock.today("UTC") if given is False else None
