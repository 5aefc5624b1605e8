"""What the columns of a read are held to: those of its data table, by the table's policy."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from sqlalchemy.orm import Session

from headrace.connectors.contract import BadValues, Journal
from headrace.data_tables import accounts, schema_changes
from headrace.data_tables import service as data_tables
from headrace.data_tables.drift import Change, Columns, Drift, SchemaPolicy, Verdict, judged
from headrace.extracts.parts import Parts
from headrace.kit.columns import ARROW_TYPES, ColumnType, columns_of
from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.table_store import StagedFile
from headrace.tenancy.scope import WorkspaceScope


@dataclass
class Shape:
    """The columns that a run meets, and what becomes of them.

    table: the table's own columns when the attempt began. last: those of the account's last read.
    """

    title: str
    policy: SchemaPolicy
    table: Columns
    last: Columns | None
    may_drop: bool
    bad_values: BadValues
    now: Columns = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    _schema: Any = None

    def look_at(self, batch: pa.RecordBatch) -> Drift | None:
        """Judge the columns of a batch; returns the drift that ends the run, if one does."""
        if self._schema is None or not batch.schema.equals(self._schema):
            self._schema = batch.schema
            self.now = {column.name: column.type for column in columns_of(batch.schema)}
            self.verdict = judged(
                self.policy, self.table, self.last, self.now, may_drop=self.may_drop
            )
        return self.verdict.refused

    def fitted(self, batch: pa.RecordBatch, journal: Journal) -> pa.RecordBatch:
        """Return what the table takes of a batch that was looked at.

        Raises:
            Refused: if a value does not fit a frozen column, and the extract's `bad_values` says so.
        """
        if not self.verdict.left_out and not self.verdict.forced:
            return batch
        forced = self.verdict.forced or {}
        kept = [name for name in batch.schema.names if name not in self.verdict.left_out]
        arrays = [
            self._forced(batch.column(name), forced[name], name, journal)
            if name in forced
            else batch.column(name)
            for name in kept
        ]
        return pa.RecordBatch.from_arrays(arrays, names=kept)

    def settle(self) -> None:
        """Take what was found as known from here on."""
        self.last = self.now
        self._schema = None

    def _forced(self, values: pa.Array, target: ColumnType, name: str, journal: Journal) -> Any:
        wanted = ARROW_TYPES[target]
        try:
            return values.cast(wanted)
        except pa.ArrowInvalid:
            if self.bad_values is BadValues.FAIL:
                raise Refused(
                    told(
                        "Column {name!r} holds values that are no {target}, and the columns of the "
                        "data table {title!r} are frozen. Set the extract's bad_values to "
                        "null_and_count, or the table's schema_policy to evolve.",
                        name=name,
                        target=target,
                        title=self.title,
                    )
                ) from None
        coded = values.dictionary_encode()
        words = [_cast(word, wanted) for word in coded.dictionary]
        found = pa.array([word.as_py() for word in words], wanted).take(coded.indices)
        for row in _became_null(values, found):
            journal.count_bad_value(name, row + 1, str(values[row]))
        return found


def _cast(word: pa.Scalar, wanted: pa.DataType) -> pa.Scalar:
    try:
        return word.cast(wanted)
    except pa.ArrowInvalid:
        return pa.scalar(None, wanted)


def _became_null(before: pa.Array, after: pa.Array) -> Iterator[int]:
    for row, (one, other) in enumerate(
        zip(before.is_valid().to_pylist(), after.is_valid().to_pylist(), strict=True)
    ):
        if one and not other:
            yield row


def shape_of(session: Session, scope: WorkspaceScope, parts: Parts) -> Shape:
    """Return what the columns of an extract's reads are held to, for one attempt at a run."""
    table = parts.table
    last = accounts.last_columns(session, scope, table.id, parts.account.remote_id)
    return Shape(
        title=table.title,
        policy=SchemaPolicy(table.schema_policy),
        table=data_tables.own_columns(session, table.id),
        last=None if last is None else {name: ColumnType(kind) for name, kind in last.items()},
        may_drop=not parts.report.fields,
        bad_values=BadValues(parts.extract.bad_values),
    )


def keep(
    session: Session,
    scope: WorkspaceScope,
    parts: Parts,
    shape: Shape,
    staged: StagedFile | None,
    run_id: int,
) -> None:
    """Grow the table by what a stored window brought, and report what else its columns became."""
    if staged is None or (shape.now == shape.last and not shape.verdict.grows):
        return
    table_id, account_id = parts.extract.data_table_id, parts.account.remote_id
    found = schema_changes.Found(run_id, account_id)
    if shape.verdict.grows:
        declared = data_tables.discovered_fields(staged.columns, parts.date_field)
        data_tables.grow(session, scope, table_id, declared, found)
        shape.table = data_tables.own_columns(session, table_id)
    is_frozen = shape.policy is not SchemaPolicy.EVOLVE
    schema_changes.report(
        session,
        scope,
        table_id,
        found,
        [
            (drift, not (is_frozen and drift.change in (Change.ADDED, Change.WIDENED)))
            for drift in shape.verdict.drifts
            if is_frozen or drift.change in (Change.DROPPED, Change.NARROWED)
        ],
    )
    accounts.note_columns(session, scope, table_id, account_id, shape.now)
    shape.settle()


def refuse(
    session: Session, scope: WorkspaceScope, parts: Parts, shape: Shape, drift: Drift, run_id: int
) -> Refused:
    """Report a change of columns that ends a run, and return the error that says so."""
    table_id, account_id = parts.extract.data_table_id, parts.account.remote_id
    found = schema_changes.Found(run_id, account_id)
    schema_changes.report(session, scope, table_id, found, [(drift, False)])
    changed = told(
        "was {before} and is now {after} at the source", before=drift.before, after=drift.after
    )
    words = {
        Change.ADDED: told("is new at the source"),
        Change.DROPPED: told("is gone from the source"),
        Change.WIDENED: changed,
        Change.NARROWED: changed,
    }
    return Refused(
        told(
            "Column {column!r} {words}, and the data table {title!r} takes no such changes "
            "(schema_policy is fail). Nothing of it was stored. Put the source right, or "
            "choose another policy with PUT /api/v3/data-tables/{table_id}.",
            column=drift.column,
            words=words[drift.change],
            title=shape.title,
            table_id=table_id,
        )
    )
