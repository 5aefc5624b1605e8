"""Building a data table of a workspace from steps over its other data tables.

The inner interface, for recipes and for what else builds tables by steps:

1. `prepare`, in a transaction: resolves inputs, compiles, makes the table or checks that it fits.
2. `build`, outside of one: calculates in a confined process, and stages one file for each account.
3. what `build` was given to call, in the transaction that makes the rows live.

All rows are replaced at once. A table has rows by account where the last step has a text column
`account_id`; otherwise, and where that is null, they belong to the account `all`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow.compute as pc
from sqlalchemy.orm import Session

from headrace.connectors.contract import DataClass, Field
from headrace.data_tables import service as data_tables
from headrace.data_tables.models import DataTable
from headrace.data_tables.service import NewTable
from headrace.kit import clock
from headrace.kit.closed_sql import quoted
from headrace.kit.columns import Column, ColumnType, api_type
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.recipes import engine, queries
from headrace.recipes.engine import Plan
from headrace.recipes.errors import Incompatible, StepRefused
from headrace.recipes.steps import Step
from headrace.runs.context import RunContext
from headrace.settings import Settings
from headrace.table_store import (
    SegmentState,
    StagedFile,
    TableRows,
    drop_segments,
    live_segments,
    replace_window,
)
from headrace.table_store.confined import Bounds, confined_query
from headrace.tenancy.scope import WorkspaceScope

ALL_ACCOUNTS = "all"
ALL_ACCOUNTS_NAME = "All accounts"
"""The account of rows that are of no single account (contract 1.6 wants one in every table)."""

_ACCOUNT_ID = "account_id"
_ACCOUNT_NAME = "account_name"
_SYSTEM = frozenset({_ACCOUNT_ID, _ACCOUNT_NAME, "__insert_date"})


@dataclass(frozen=True)
class Result:
    """The data table that steps give.

    report: tells one maker's tables from another's among those of `datasource_name`.
    date_column: the column of days, none of which may be null; None for a table without days.
    table_id: the table built before, None the first time; its title and names then stay.
    """

    title: str
    sql_name: str
    datasource_name: str
    report: str
    date_column: str | None = None
    table_id: int | None = None


@dataclass(frozen=True)
class Blueprint:
    """What to build.

    tables: ids of the data tables that steps read, by the name they have there.
    accounts: remote ids of the accounts whose rows are read of some of them; of others, all.
    """

    steps: Sequence[Step]
    tables: Mapping[str, int]
    result: Result
    accounts: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A build that can begin: its plan, and the rows of its inputs as they were at one moment."""

    plan: Plan
    sources: Mapping[str, TableRows]
    table_id: int
    date_column: str | None
    is_new: bool


@dataclass(frozen=True)
class Built:
    """What a build made live. rows_removed: how many rows were live before."""

    rows: int
    rows_removed: int
    bytes: int


def compile_for(session: Session, scope: WorkspaceScope, blueprint: Blueprint) -> Plan:
    """Compile steps over the data tables of a workspace.

    Raises:
        StepRefused: as `engine.plan`, and if the date column is none.
        NotFound: if a data table is not the workspace's.
    """
    shapes = {
        name: [Column(column.name, column.type) for column in view.columns]
        for name, view in _views(session, scope, blueprint).items()
    }
    plan = engine.plan(blueprint.steps, shapes)
    _check_columns(blueprint, plan)
    return plan


def prepare(session: Session, scope: WorkspaceScope, blueprint: Blueprint) -> Prepared:
    """Make a build ready: compile it, and make its table, or grow it by what columns are new.

    Raises:
        Incompatible: if the table was built before with columns that are gone or of other types.
        StepRefused, NotFound: as `compile_for`.
    """
    plan = compile_for(session, scope, blueprint)
    # Segments before columns: a column is widened before a file that needs it is live.
    live = {
        name: live_segments(session, blueprint.tables[name], blueprint.accounts.get(name))
        for name in sorted(plan.reads)
    }
    views = _views(session, scope, blueprint)
    sources = {
        name: TableRows(
            segments=segments,
            columns=[one for one in views[name].columns if plan.needs(one.name)]
            or views[name].columns[:1],
            date_field=views[name].date_field,
        )
        for name, segments in live.items()
    }
    table, is_new = _table(session, scope, blueprint.result, plan)
    return Prepared(plan, sources, table.id, blueprint.result.date_column, is_new)


def _views(
    session: Session, scope: WorkspaceScope, blueprint: Blueprint
) -> dict[str, data_tables.TableView]:
    return {
        name: data_tables.view(session, scope, table_id)
        for name, table_id in blueprint.tables.items()
    }


def _check_columns(blueprint: Blueprint, plan: Plan) -> None:
    last = blueprint.steps[-1].name
    kinds = {column.name: column.type for column in plan.columns}
    wanted = blueprint.result.date_column
    if wanted is not None and kinds.get(wanted) is not ColumnType.DATE:
        found = kinds.get(wanted)
        raise StepRefused(
            last,
            told(
                "the date column {wanted!r} is {kind}; it must be a date.",
                wanted=wanted,
                kind=found,
            )
            if found
            else told("the date column {wanted!r} is not there; it must be a date.", wanted=wanted),
        )
    for name in (_ACCOUNT_ID, _ACCOUNT_NAME):
        if kinds.get(name, ColumnType.STRING) is not ColumnType.STRING:
            raise StepRefused(
                last,
                told("column {name!r} is {kind}; it must be text.", name=name, kind=kinds[name]),
            )
    if not _own_columns(plan):
        raise StepRefused(last, told("it gives no columns but those that every table has."))


def _own_columns(plan: Plan) -> list[Column]:
    return [column for column in plan.columns if column.name not in _SYSTEM]


def fields_of(plan: Plan, date_column: str | None) -> list[Field]:
    """Describe the columns of a built table, without those that every table has."""
    return data_tables.discovered_fields(_own_columns(plan), date_column)


def _table(
    session: Session, scope: WorkspaceScope, result: Result, plan: Plan
) -> tuple[DataTable, bool]:
    declared = fields_of(plan, result.date_column)
    if result.table_id is not None:
        table = data_tables.get(session, scope, result.table_id)
        _check_compatible(session, table, declared, result)
        data_tables.grow(session, scope, table.id, declared)
        return table, False
    new = NewTable(
        title=result.title,
        sql_name=result.sql_name,
        datasource_name=result.datasource_name,
        report=result.report,
        data_class=DataClass.DAILY if result.date_column else DataClass.DEFAULT,
        date_field=result.date_column,
    )
    if queries.has_table(session, scope, result.title):
        new = replace(new, title=data_tables.free_title(session, scope, result.title))
    return data_tables.find_or_create(session, scope, new, declared)


def _check_compatible(
    session: Session, table: DataTable, declared: Sequence[Field], result: Result
) -> None:
    """Refuse to take columns from a table, or to change what the API says of their types."""
    now = {field.name: api_type(field.type) for field in declared}
    before = {
        item.name: api_type(ColumnType(item.type))
        for item in queries.table_fields(session, table.id)
        if not item.is_system
    }
    removed = [name for name in before if name not in now]
    changed = [
        f"{name} ({kind} to {now[name]})"
        for name, kind in before.items()
        if now.get(name, kind) != kind
    ]
    if table.date_field != result.date_column:
        changed.append(f"the date column ({table.date_field} to {result.date_column})")
    if removed or changed:
        raise Incompatible(table.title, removed, changed)


# Carrying it out.


def bounds_of(settings: Settings) -> Bounds:
    """Return what a build may take on this server."""
    return Bounds(
        memory_mb=settings.recipe_memory_mb,
        temp_mb=settings.recipe_temp_mb,
        seconds=settings.recipe_timeout_seconds,
        rows=settings.recipe_rows,
    )


def build(
    context: RunContext, prepared: Prepared, finish: Callable[[Session, Built], None]
) -> None:
    """Calculate a table's rows and make them its only ones.

    finish: called in the transaction that makes them live, which holds the run; it ends the run.

    Raises:
        Refused: if the calculation fails, or takes more than it may.
        TryLater: if the lake cannot be used now.
        RunLost: if the run is no longer ours; nothing shows then.
    """
    staged: list[StagedFile] = []
    try:
        for file in _staged(context, prepared):
            staged.append(file)  # noqa: PERF402 - what was staged before a fault is needed
    except BaseException:
        # Only before the commit is tried: after it they may be live, whatever we hear of it.
        for file in staged:
            context.resources.lake.delete(file.path)
        raise
    with context.step() as session:
        built = _publish(session, context, prepared, staged)
        finish(session, built)


def _staged(context: RunContext, prepared: Prepared) -> Iterator[StagedFile]:
    """Write the rows of each account into a file, one account at a time."""
    resources = context.resources
    query = _by_account(prepared.plan)
    bounds = bounds_of(resources.settings)
    inserted_at = clock.now()
    with confined_query(resources.settings.lake, query, prepared.sources, bounds) as batches:
        runs = _account_runs(batches)
        ahead = next(runs, None)
        while ahead is not None:
            account_id, batch = ahead
            names = batch.column(_ACCOUNT_NAME)
            writer = resources.lake.new_file(
                workspace_id=context.scope.workspace_id,
                table_id=prepared.table_id,
                account_id=account_id,
                account_name=names[0].as_py(),
                inserted_at=inserted_at,
                date_field=prepared.date_column,
            )
            with writer:
                while ahead is not None and ahead[0] == account_id:
                    context.watch.progressed(ahead[1].num_rows)
                    writer.write(_own(ahead[1], prepared))
                    ahead = next(runs, None)
                file = writer.finish()
            if file is not None:
                yield file


def _by_account(plan: Plan) -> str:
    """Put the rows of an account together, and give each an account and a name."""
    names = {column.name for column in plan.columns}
    own = [quoted(column.name) for column in _own_columns(plan)]
    account = f"coalesce({quoted(_ACCOUNT_ID)}, '{ALL_ACCOUNTS}')"
    if _ACCOUNT_ID not in names:
        account = f"'{ALL_ACCOUNTS}'"
    shown = f"CASE {account} WHEN '{ALL_ACCOUNTS}' THEN '{ALL_ACCOUNTS_NAME}' ELSE {account} END"
    name = f"coalesce({quoted(_ACCOUNT_NAME)}, {shown})" if _ACCOUNT_NAME in names else shown
    chosen = ", ".join([f"{account} AS account_id", f"{name} AS account_name", *own])
    query = f"SELECT {chosen} FROM ({plan.sql}) AS built"  # noqa: S608 - names are quoted
    return f"{query} ORDER BY 1" if _ACCOUNT_ID in names else query


def _account_runs(batches: Iterator[Any]) -> Iterator[tuple[str, Any]]:
    """Cut batches where the account changes; yields the account and its rows."""
    for batch in batches:
        start = 0
        for length, account_id in _run_lengths(batch.column(_ACCOUNT_ID)):
            yield account_id, batch.slice(start, length)
            start += length


def _run_lengths(values: Any) -> Iterator[tuple[int, str]]:
    encoded = pc.run_end_encode(values)
    start = 0
    for end, value in zip(encoded.run_ends.to_pylist(), encoded.values.to_pylist(), strict=True):
        yield end - start, value
        start = end


def _own(batch: Any, prepared: Prepared) -> Any:
    """Leave out the account, which a file holds once; see that every row has its day."""
    day = prepared.date_column
    if day is not None and batch.column(day).null_count:
        raise Refused(
            told(
                "Some rows have no {day!r}, the date column; filter them out, or choose no "
                "date column.",
                day=day,
            )
        )
    return batch.drop_columns([_ACCOUNT_ID, _ACCOUNT_NAME])


def _publish(
    session: Session, context: RunContext, prepared: Prepared, staged: Sequence[StagedFile]
) -> Built:
    """Make the staged files the only live ones of the table, in the caller's transaction."""
    before = live_segments(session, prepared.table_id)
    files = {file.account_id: file for file in staged}
    # In one order for all, as others take the locks of accounts.
    for account_id in sorted({segment.account_id for segment in before} | files.keys()):
        # All of the account first: the days of the new rows may be fewer than the old ones had.
        drop_segments(session, prepared.table_id, account_id)
        file = files.get(account_id)
        if file is not None:
            replace_window(
                session,
                table_id=prepared.table_id,
                workspace_id=context.scope.workspace_id,
                account_id=account_id,
                days=_days(file),
                staged=file,
                run_id=context.run_id,
                state=SegmentState.FINAL,
            )
    table = data_tables.get(session, context.scope, prepared.table_id)
    data_tables.touch(session, table, clock.now())
    return Built(
        rows=sum(file.rows for file in staged),
        rows_removed=sum(segment.rows for segment in before),
        bytes=sum(file.bytes for file in staged),
    )


def _days(file: StagedFile) -> DayRange | None:
    if file.first_date is None or file.last_date is None:
        return None
    return DayRange(file.first_date, file.last_date)
