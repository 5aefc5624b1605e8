"""How a source's columns differ from a data table's, and what the table's policy makes of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from headrace.kit.columns import ColumnType, wider

Columns = Mapping[str, ColumnType]


class SchemaPolicy(StrEnum):
    """What becomes of columns that a source changes by itself (docs/how-to/data-tables.md).

    EVOLVE: new columns are taken in, types widened. FREEZE: the table stays as it is, what does not
    fit is left out, counted and reported. FAIL: the run is refused before anything is stored.
    """

    EVOLVE = "evolve"
    FREEZE = "freeze"
    FAIL = "fail"


class Change(StrEnum):
    """What became of a column at its source. A renamed one was dropped, and another was added."""

    ADDED = "added"
    DROPPED = "dropped"
    WIDENED = "widened"
    NARROWED = "narrowed"


@dataclass(frozen=True)
class Drift:
    """A column that is not what it was: `before` at the table or the last read, `after` now."""

    column: str
    change: Change
    before: ColumnType | None
    after: ColumnType | None


@dataclass(frozen=True)
class Verdict:
    """What a policy makes of the columns of a read.

    drifts: what differs. left_out: columns that are not stored. forced: columns whose values are to
    become of the table's type. grows: whether the table takes new columns or wider types.
    refused: the drift that ends the run, if one does.
    """

    drifts: tuple[Drift, ...] = ()
    left_out: frozenset[str] = frozenset()
    forced: Mapping[str, ColumnType] | None = None
    grows: bool = False
    refused: Drift | None = None


def judged(
    policy: SchemaPolicy,
    table: Columns,
    last: Columns | None,
    now: Columns,
    *,
    may_drop: bool,
) -> Verdict:
    """Compare the columns of a read with those of the table and of the account's last read.

    table: empty before the first read of a table without declared fields, which takes all. last: None
    before the account's first read. may_drop: whether the source decides which columns there are;
    where a person chooses them, fewer are no drift.
    """
    if not table:
        return Verdict(grows=True)
    added, widened = _against_table(table, now)
    quiet = _against_last(table, last or {}, now, may_drop=may_drop)
    drifts = (*added, *widened, *quiet)
    if policy is SchemaPolicy.EVOLVE:
        return Verdict(drifts, grows=bool(added or widened))
    if policy is SchemaPolicy.FREEZE:
        return Verdict(
            drifts,
            left_out=frozenset(each.column for each in added),
            forced={each.column: table[each.column] for each in widened},
        )
    fatal = [each for each in drifts if each.change is not Change.NARROWED]
    return Verdict(drifts, refused=fatal[0] if fatal else None)


def _against_table(table: Columns, now: Columns) -> tuple[list[Drift], list[Drift]]:
    added = [
        Drift(name, Change.ADDED, None, column_type)
        for name, column_type in now.items()
        if name not in table
    ]
    widened = [
        Drift(name, Change.WIDENED, table[name], column_type)
        for name, column_type in now.items()
        if name in table and wider(table[name], column_type) != table[name]
    ]
    return added, widened


def _against_last(table: Columns, last: Columns, now: Columns, *, may_drop: bool) -> list[Drift]:
    dropped = [
        Drift(name, Change.DROPPED, before, None)
        for name, before in last.items()
        if may_drop and name in table and name not in now
    ]
    narrowed = [
        Drift(name, Change.NARROWED, before, now[name])
        for name, before in last.items()
        if name in now and now[name] != before and wider(before, now[name]) == before
    ]
    return dropped + narrowed
