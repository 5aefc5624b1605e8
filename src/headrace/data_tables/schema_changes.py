"""What became of data tables' columns: written down, and told to webhooks."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from headrace.data_tables import announcing, queries
from headrace.data_tables.drift import Change, Drift
from headrace.data_tables.models import SchemaChange
from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class Found:
    """The run and the account whose read found a change."""

    run_id: int
    account_id: str


def report(
    session: Session,
    scope: WorkspaceScope,
    data_table_id: int,
    found: Found | None,
    drifts: Iterable[tuple[Drift, bool]],
) -> None:
    """Write down changes, each with whether the table took it, and tell of them.

    found: None where a person made them. One that was not taken is told once, not with every run.
    """
    news = [
        (drift, is_taken)
        for drift, is_taken in drifts
        if is_taken or not _is_known(session, scope, data_table_id, found, drift)
    ]
    if not news:
        return
    session.add_all(
        SchemaChange(
            workspace_id=scope.workspace_id,
            data_table_id=data_table_id,
            run_id=found.run_id if found else None,
            account_id=found.account_id if found else None,
            column=drift.column,
            change=drift.change,
            type_before=drift.before,
            type_after=drift.after,
            is_taken=is_taken,
        )
        for drift, is_taken in news
    )
    table = queries.table(session, scope, data_table_id)
    if table is not None:
        announcing.schema_changed(session, table, news)


def _is_known(
    session: Session,
    scope: WorkspaceScope,
    data_table_id: int,
    found: Found | None,
    drift: Drift,
) -> bool:
    account_id = found.account_id if found else None
    last = queries.last_change(session, scope, data_table_id, account_id, drift.column)
    return (
        last is not None
        and not last.is_taken
        and (Change(last.change), last.type_before, last.type_after)
        == (drift.change, drift.before, drift.after)
    )
