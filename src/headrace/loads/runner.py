"""Carrying out a load: plan once, write unit by unit, record each after the destination committed.

The delivered slices are the checkpoint: they say, for each account and day, which file the
destination holds. A run that is repeated plans from them and so neither skips nor counts a unit
twice; windows of the run beside them would say the same thing again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from headrace.data_tables import service as data_tables
from headrace.data_tables.service import TableView
from headrace.destinations import service as destinations
from headrace.destinations.models import DestinationConnection, DestinationStatus
from headrace.destinations.renewal import while_current
from headrace.kit import tracing
from headrace.kit.columns import Column
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told, told_by
from headrace.loaders.contract import (
    Access,
    Append,
    Batches,
    Delivered,
    Full,
    Loader,
    TargetTable,
    Unit,
    Upsert,
    Window,
    WriteMode,
)
from headrace.loads import announcing, queries, service
from headrace.loads.models import Load
from headrace.loads.planning import PlannedUnit, Situation, UnitKind, plan, recorded, since
from headrace.runs import service as runs
from headrace.runs.context import RunContext
from headrace.table_store import FileLost, live_segments, scan


@dataclass(frozen=True)
class Work:
    """What one attempt of a run is to do.

    connection: as it was when its access was opened.
    shape: mode and columns that the delivered table has once a full unit is written.
    """

    connection: DestinationConnection
    loader: Loader
    access: Access
    target: TargetTable
    view: TableView
    planned: list[PlannedUnit]
    shape: dict[str, Any]


def deliver(context: RunContext) -> None:
    """Bring the destination up to date.

    Raises:
        OutsideError: as the loader and the lake do; what was recorded stays recorded.
    """
    with context.step() as session:
        work = prepare(context, session)
        if context.fence == 1:  # the first attempt; what is tried again began then
            load = service.get(session, context.scope, int(context.subject_id))
            announcing.started(session, load, context.run_id)
    if work.planned:
        units = [_unit(context, work.view, each) for each in work.planned]
        with while_current(context.look, work.connection):
            written = tracing.each("unit", work.loader.write(work.access, work.target, units))
            for planned, delivered in zip(work.planned, written, strict=True):
                _record(context, work, planned, delivered)
                context.stop_if_asked()
    _finish(context)


def prepare(context: RunContext, session: Session) -> Work:
    """Take what is live and what was delivered at one moment, and plan.

    Raises:
        Refused: if the destination is not usable, or its table is another load's.
        TryLater: if the destination is being checked.
    """
    load = service.held(session, context.scope, int(context.subject_id))
    connection = destinations.get(session, context.scope, str(load.destination_connection_id))
    _require_usable(connection)
    if queries.has_elder(session, load, connection):
        raise Refused(
            told(
                "Another load delivers into {destination_table!r} of the same destination; "
                "delete one of the two, so that their rows do not mix.",
                destination_table=load.destination_table,
            )
        )
    if load.delivered_place != connection.place:
        queries.forget_delivered(session, load.id)
        load.delivered_place = connection.place
        load.delivered_shape = None
    # Segments before columns: a column is widened before a file that needs it is live.
    live = since(live_segments(session, load.data_table_id), load.load_from)
    view = data_tables.view(session, context.scope, load.data_table_id)
    mode = WriteMode(load.load_mode or connection.load_mode)
    shape = _shape(mode, view)
    delivered = [one for _, one in queries.delivered(session, load.id)]
    must_rebuild = _must_rebuild(load.delivered_shape, shape)
    planned = plan(
        Situation(mode, bool(view.key), delivered, live, must_rebuild, _asked(context.params))
    )
    if planned and mode is WriteMode.APPEND:
        # From the first append on, the table may hold what another mode has to clear away.
        load.delivered_shape = shape
    return Work(
        connection=connection,
        loader=destinations.loader_named(connection.destination_name),
        access=destinations.open_access(context.resources, connection),
        target=_target(session, context, load, view),
        view=view,
        planned=planned,
        shape=shape,
    )


def _require_usable(connection: DestinationConnection) -> None:
    if connection.status == DestinationStatus.INITIALIZING:
        raise TryLater(told("The destination connection is being checked."))
    if connection.status != DestinationStatus.ACTIVE:
        raise Refused(
            told(
                "The destination connection does not work ({error}); recheck it, or give "
                "it new parameters.",
                error=connection.error,
            )
        )


def _shape(mode: WriteMode, view: TableView) -> dict[str, Any]:
    return {
        "mode": mode.value,
        "columns": [[column.name, column.type.value] for column in view.columns],
    }


def _must_rebuild(delivered: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether windows are not enough: other columns, or appended rows beside the live ones."""
    if delivered is None or delivered["columns"] != wanted["columns"]:
        return True
    return bool(delivered["mode"] == WriteMode.APPEND != wanted["mode"])


def _asked(params: dict[str, Any]) -> DayRange | None:
    if "date_from" not in params:
        return None
    return DayRange(date.fromisoformat(params["date_from"]), date.fromisoformat(params["date_to"]))


def _target(session: Session, context: RunContext, load: Load, view: TableView) -> TargetTable:
    return TargetTable(
        name=load.destination_table,
        columns=tuple(Column(column.name, column.type) for column in view.columns),
        key=view.key,
        date_column=view.date_column,
        labels={
            "workspace_id": str(context.scope.workspace_id),
            "workspace_title": queries.workspace_title(session, context.scope),
            "data_source": view.datasource_name,
            "data_table_title": view.title,
            "report_type": view.report,
        },
    )


def _unit(context: RunContext, view: TableView, planned: PlannedUnit) -> Unit:
    batches = _batches(context, view, planned)
    if planned.kind is UnitKind.FULL or planned.account_id is None:
        return Full(batches)
    if planned.kind is UnitKind.WINDOW:
        return Window(planned.account_id, planned.days, batches)
    if planned.kind is UnitKind.UPSERT:
        return Upsert(planned.account_id, planned.days, batches)
    inserted_at: datetime | None = planned.inserted_at
    assert inserted_at is not None
    return Append(planned.account_id, inserted_at, planned.days, batches)


def _batches(context: RunContext, view: TableView, planned: PlannedUnit) -> Batches:
    lake = context.resources.lake

    def opened() -> Iterator[Any]:
        try:
            for batch in scan(lake, planned.segments, view.columns, date_field=view.date_field):
                context.watch.progressed(batch.num_rows)
                yield batch
        except FileLost as error:
            # It was replaced and swept since the plan was made, unless the lake lost it.
            raise TryLater(told_by(error)) from error
        with context.step():
            # The loader commits next. A worker that was taken for dead and comes back must not:
            # its rows could be older than those its successor has delivered and recorded.
            pass

    return opened


def _record(context: RunContext, work: Work, planned: PlannedUnit, delivered: Delivered) -> None:
    """Record a unit that the destination has committed, if the run is still ours."""
    with context.step() as session:
        run = context.hold(session)
        load = service.held(session, context.scope, int(context.subject_id))
        slices = queries.delivered(session, load.id, planned.account_id, planned.days)
        change = recorded(slices, planned)
        queries.change_delivered(session, load.id, change.gone, change.come)
        if planned.kind is UnitKind.FULL:
            load.delivered_shape = work.shape
        runs.note_progress(run)
        run.seconds_storing += context.watch.lap()
        run.rows_written += delivered.rows_written
        run.rows_deleted += delivered.rows_deleted


def _finish(context: RunContext) -> None:
    with context.step() as session:
        run, now = context.hold(session), context.now(session)
        load = service.held(session, context.scope, int(context.subject_id))
        load.last_update = now
        load.uploaded_rows_count = run.rows_written
        load.error = None
        runs.succeed(run, now)
        announcing.completed(session, load, run)
        session.flush()
        if load.runs_again:
            load.runs_again = False
            service.start_run(session, context.scope, load, service.AFTER_EXTRACTION)
