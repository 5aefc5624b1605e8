"""The columns of one file: their names, their types, and the rows a read delivers of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.sources.file_import.text_values import (
    Converted,
    DayOrder,
    convert_declared,
    convert_inferred,
    days_read,
)
from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told

MAX_BATCH_BYTES = 12_000_000
DAY_TYPES = frozenset({ColumnType.DATE, ColumnType.DATETIME})


@dataclass(frozen=True)
class FileColumn:
    """A column as it is delivered. `day_order` matters to declared days only."""

    name: str
    type: ColumnType
    is_declared: bool = False
    day_order: DayOrder = DayOrder.UNKNOWN


@dataclass(frozen=True)
class Block:
    """Some rows of a file. `row_number(i)` tells which row of the file the block's i-th is."""

    rows: pa.RecordBatch
    row_number: Callable[[int], int]


BadValue = Callable[[str, int, str], None]
"""Called with column, row number and text of a bad value; raises if the read must fail."""


def unique_names(names: Sequence[str]) -> list[str]:
    """Trim header names, fill blank ones by position (`column_3`) and number repeated ones.

    Names that differ in case only count as repeated: most databases take them for one.
    """
    given = [
        raw.replace("\0", "").strip() or f"column_{position}"
        for position, raw in enumerate(names, start=1)
    ]
    taken, used = {name.casefold() for name in given}, set[str]()
    result = []
    for name in given:
        unique, number = name, 2
        while unique.casefold() in used or (unique != name and unique.casefold() in taken):
            unique, number = f"{name}_{number}", number + 1
        used.add(unique.casefold())
        result.append(unique)
    return result


def check_names(
    types: Mapping[str, ColumnType], date_column: str | None, names: Sequence[str], file: str
) -> None:
    """Make sure that the columns the settings name are there and that the date can be one.

    Raises:
        Refused: if one is missing, or the date column is given a type without days.
    """
    if date_column is not None and types.get(date_column, ColumnType.DATE) not in DAY_TYPES:
        raise Refused(
            told(
                "The date column {date_column!r} must have the type date or datetime.",
                date_column=date_column,
            )
        )
    wanted = [*types, *([date_column] if date_column is not None else [])]
    missing = [name for name in wanted if name not in names]
    if missing:
        shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
        raise Refused(
            told(
                "{file} has no column {missing!r}, which the settings name. It has: {shown}.",
                file=file,
                missing=missing[0],
                shown=shown,
            )
        )


@dataclass
class ColumnSurvey:
    """Gathers what the type of one text column depends on, block by block.

    `holds_days` marks the date column. The type is asked of a guess, made from all values.
    """

    name: str
    declared: ColumnType | None = None
    holds_days: bool = False
    _days: dict[DayOrder, int] = field(default_factory=lambda: dict.fromkeys(DayOrder, 0))

    def observe(self, texts: pa.StringArray, guessed: ColumnType) -> None:
        """Take a block into account, and what was guessed from all values up to its end."""
        if self.declared is ColumnType.DATE or self._may_be_days(guessed):
            for order in DayOrder:
                self._days[order] += days_read(texts, order)

    def column(self, guessed: ColumnType) -> FileColumn:
        """Return the column after the whole file was seen.

        The date column is taken for days in another notation if its values are not inferred to be
        days or moments.

        Raises:
            Refused: if days in it could be read day first and month first alike.
        """
        if self.declared is not None:
            return FileColumn(self.name, self.declared, True, self._order())
        if self._may_be_days(guessed):
            return FileColumn(self.name, ColumnType.DATE, True, self._order())
        return FileColumn(self.name, guessed)

    def _may_be_days(self, guessed: ColumnType) -> bool:
        return self.declared is None and self.holds_days and guessed not in DAY_TYPES

    def _order(self) -> DayOrder:
        plain, month_first, day_first = (self._days[order] for order in DayOrder)
        if max(month_first, day_first) == plain:
            return DayOrder.UNKNOWN
        if month_first == day_first:
            raise Refused(
                told(
                    "The days in column {name!r} can be read day first and month first. Write them "
                    "as YYYY-MM-DD.",
                    name=self.name,
                )
            )
        return DayOrder.MONTH_FIRST if month_first > day_first else DayOrder.DAY_FIRST


def typed(
    block: Block, columns: Sequence[FileColumn], on_bad: BadValue, required: str | None = None
) -> pa.RecordBatch:
    """Convert a block of texts to the columns' types.

    `required` names a column whose empty values are bad too.

    Raises:
        TryLater: if the file no longer holds what its types were inferred from.
    """
    arrays = [
        _typed_column(texts, column, block, on_bad, column.name == required)
        for texts, column in zip(block.rows.columns, columns, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema_of(columns))


def schema_of(columns: Sequence[FileColumn]) -> pa.Schema:
    """Return the Arrow schema of the batches."""
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])


def _typed_column(
    texts: pa.StringArray, column: FileColumn, block: Block, on_bad: BadValue, is_required: bool
) -> pa.Array:
    if column.is_declared:
        converted = convert_declared(texts, column.type, column.day_order)
    else:
        converted = _inferred(texts, column)
    if is_required:
        converted = mark_missing(converted)
    for position in converted.bad:
        on_bad(column.name, block.row_number(position), texts[position].as_py() or "")
    return converted.values


def mark_missing(converted: Converted) -> Converted:
    """Count missing values as bad ones too: a row without its day belongs to no window."""
    missing = pc.indices_nonzero(pc.is_null(converted.values)).to_pylist()
    return Converted(converted.values, missing)


def _inferred(texts: pa.StringArray, column: FileColumn) -> Converted:
    try:
        return Converted(convert_inferred(texts, column.type))
    except pa.ArrowInvalid:
        raise TryLater(
            told(
                "The file changed while it was read: column {name!r} holds other values than "
                "at first.",
                name=column.name,
            )
        ) from None


def of_days(batch: pa.RecordBatch, date_column: str, window: DayRange) -> pa.RecordBatch:
    """Keep the rows whose day (in UTC) lies in a window; rows without a day are left out."""
    days = pc.cast(batch[date_column], pa.date32(), safe=False)
    inside = pc.and_(
        pc.greater_equal(days, pa.scalar(window.first, pa.date32())),
        pc.less_equal(days, pa.scalar(window.last, pa.date32())),
    )
    return batch.filter(inside)


def in_pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch into pieces of at most `MAX_BATCH_BYTES`, or of one row."""
    if batch.nbytes <= MAX_BATCH_BYTES or batch.num_rows <= 1:
        yield batch
        return
    middle = batch.num_rows // 2
    yield from in_pieces(batch[:middle])
    yield from in_pieces(batch[middle:])
