"""Carrying out units over files: each file is replaced whole, and a unit can always be repeated.

Names are made from the unit alone, so an attempt that is repeated overwrites what the one before it
left. Where a file holds rows of several accounts or days, it is read, filtered, and written anew
together with the unit's rows, as a stream.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from headrace.kit.columns import Column
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told
from headrace.loaders.contract import Append, Delivered, Full, TargetTable, Unit, Upsert, Window
from headrace.loaders.files.formats import Format
from headrace.loaders.files.newest import last_of_each_key
from headrace.loaders.files.options import FileOptions
from headrace.loaders.files.partitions import account_values, split
from headrace.loaders.files.patterns import Mark, Place, TablePlaces, digest
from headrace.loaders.files.reading import fitted
from headrace.loaders.files.store import Store, uploading


def deliver(
    store: Store, options: FileOptions, table: TargetTable, units: Iterable[Unit]
) -> Iterator[Delivered]:
    """Carry out units in order, yielding after each.

    One writer a table at a time is assumed; a file that changes while it is being rebuilt is
    noticed and left alone.

    Raises:
        Refused, Reauthorize, TryLater: as the store or the rows demand.
    """
    delivery = _Delivery(store, options, table)
    for unit in units:
        match unit:
            case Full():
                yield delivery.full(unit)
            case Window() | Upsert():
                yield delivery.window(unit)
            case Append():
                yield delivery.append(unit)


class _Misfit(Exception):
    """A stored value does not fit the columns a file was to be read in."""


@dataclass
class _Change:
    """Rows written to and dropped from files."""

    written: int = 0
    dropped: int = 0

    def add(self, other: "_Change") -> None:
        self.written += other.written
        self.dropped += other.dropped

    def delivered(self) -> Delivered:
        return Delivered(self.written, self.dropped)


@dataclass(frozen=True)
class _Drop:
    """Which rows of a file go: those of an account, in some days or all."""

    account_id: str
    days: DayRange | None


class _Delivery:
    def __init__(self, store: Store, options: FileOptions, table: TargetTable) -> None:
        self._store = store
        self._format: Format = options.format
        self._placement = options.placement
        self._table = table
        self._places = TablePlaces.of(options.placement, table)
        _check_columns(table)
        store.sweep(self._places.prefix, lambda key: self._places.place(key) is not None)
        found = (self._places.place(key) for key in store.keys(self._places.prefix))
        self._present = {place.key: place for place in found if place}

    def full(self, unit: Full) -> Delivered:
        """Write all files anew, then remove those of the table that are not among them."""
        change, keys = _Change(), set()
        with split(unit.batches(), self._table, self._placement) as parts:
            for part, batches in parts:
                key = self._places.key(part.period, part.account)
                change.add(self._write(key, batches))
                keys.add(key)
        for key in sorted(set(self._present) - keys):
            self._remove(key)
        return change.delivered()

    def window(self, unit: Window | Upsert) -> Delivered:
        """Replace an account's rows of some days in every file that holds or shall hold them."""
        self._check_days(unit.days)
        drop = _Drop(unit.account_id, unit.days)
        change, keys = _Change(), set()
        rows = unit.batches()
        if isinstance(unit, Upsert):
            rows = last_of_each_key(rows, self._table)
        with split(rows, self._table, self._placement) as parts:
            for part, batches in parts:
                key = self._places.key(part.period, part.account)
                change.add(self._rebuild(key, drop, batches))
                keys.add(key)
        change.add(self._drop_elsewhere(drop, keys))
        return change.delivered()

    def append(self, unit: Append) -> Delivered:
        """Write files of the unit's own, then remove what an earlier attempt left beside them."""
        self._check_days(unit.days)
        mark = Mark(unit.insert_date, digest(unit.account_id), unit.days)
        change, keys = _Change(), set()
        with split(unit.batches(), self._table, self._placement) as parts:
            for part, batches in parts:
                key = self._places.key(part.period, part.account, mark)
                change.add(self._write(key, batches, keep_empty=False))
                keys.add(key)
        drop = _Drop(unit.account_id, unit.days)
        change.add(self._drop_elsewhere(drop, keys, of_attempt=mark))
        return change.delivered()

    def _drop_elsewhere(
        self, drop: _Drop, done: set[str], of_attempt: Mark | None = None
    ) -> _Change:
        change = _Change()
        for place in list(self._present.values()):
            if place.key in done or not self._may_hold(place, drop):
                continue
            if of_attempt and (place.mark is None or place.mark.moment != of_attempt.moment):
                continue
            change.add(self._rebuild(place.key, drop, iter(())))
        return change

    def _may_hold(self, place: Place, drop: _Drop) -> bool:
        if place.mark and place.mark.account != digest(drop.account_id):
            return False
        if place.account and place.account != self._places.account_text(drop.account_id):
            return False
        return self._places.may_hold(place, drop.days)

    def _write(
        self, key: str, batches: Iterator[pa.RecordBatch], *, keep_empty: bool = True
    ) -> _Change:
        with uploading(self._store, key) as upload:
            writer = self._format.writer(upload, self._table.columns)
            change = _Change()
            for batch in batches:
                writer.write(batch)
                change.written += batch.num_rows
            if change.written or keep_empty:
                writer.finish()
                upload.publish()
                self._note(key)
        return change

    def _rebuild(self, key: str, drop: _Drop, batches: Iterator[pa.RecordBatch]) -> _Change:
        """Write a file anew: what it holds without the dropped rows, and the new rows."""
        if key not in self._present:
            return self._write(key, batches, keep_empty=self._places.is_one_file)
        try:
            return self._rebuild_as(self._columns_for(key), key, drop, batches)
        except _Misfit:
            # Nothing of `batches` was taken yet: what is kept is read first.
            columns = self._columns_for(key, thorough=True)
        try:
            return self._rebuild_as(columns, key, drop, batches, patiently=True)
        except _Misfit as misfit:
            raise self._unreadable(key) from misfit

    def _rebuild_as(
        self,
        columns: tuple[Column, ...],
        key: str,
        drop: _Drop,
        batches: Iterator[pa.RecordBatch],
        *,
        patiently: bool = False,
    ) -> _Change:
        before = self._store.version(key)
        change = _Change()
        kept_rows = 0
        with uploading(self._store, key) as upload:
            writer = self._format.writer(upload, columns)
            for batch in self._kept(columns, key, drop, change, patiently):
                writer.write(batch)
                kept_rows += batch.num_rows
            for batch in batches:
                writer.write(fitted(batch, columns))
                change.written += batch.num_rows
            if not change.written and not change.dropped:
                return change
            if self._store.version(key) != before:
                raise TryLater(
                    told("{key} was changed by someone else while it was being rebuilt.", key=key)
                )
            if kept_rows or change.written or self._places.is_one_file:
                writer.finish()
                upload.publish()
            else:
                self._remove(key)
        return change

    def _kept(
        self,
        columns: tuple[Column, ...],
        key: str,
        drop: _Drop,
        change: _Change,
        patiently: bool,
    ) -> Iterator[pa.RecordBatch]:
        batches = self._format.read(lambda: self._store.open(key), columns, long_rows=patiently)
        while True:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                kept = batch.filter(pc.invert(self._dropped(batch, drop)))
            except (pa.ArrowException, ValueError) as error:
                raise _Misfit from error
            change.dropped += batch.num_rows - kept.num_rows
            yield kept

    def _columns_for(self, key: str, *, thorough: bool = False) -> tuple[Column, ...]:
        try:
            return self._format.columns_for(
                lambda: self._store.open(key), self._table.columns, thorough=thorough
            )
        except (pa.ArrowException, ValueError) as error:
            raise self._unreadable(key) from error

    def _unreadable(self, key: str) -> Refused:
        return Refused(
            told(
                "{key} cannot be read as a file of {name}, so its rows cannot be kept: move it "
                "away, or run a full load, which replaces it.",
                key=key,
                name=self._table.name,
            )
        )

    def _dropped(self, batch: pa.RecordBatch, drop: _Drop) -> pa.Array:
        mask = pc.equal(account_values(batch, self._table), drop.account_id)
        if drop.days is not None:
            days = pc.cast(batch.column(self._table.date_column), pa.date32())
            within = pc.and_(
                pc.greater_equal(days, drop.days.first), pc.less_equal(days, drop.days.last)
            )
            mask = pc.and_(mask, within)
        return pc.fill_null(mask, fill_value=False)

    def _check_days(self, days: DayRange | None) -> None:
        if days is not None and self._table.date_column is None:
            raise Refused(
                told(
                    "{name} has no date column, so days of it cannot be replaced: select its date "
                    "column, or load it whole.",
                    name=self._table.name,
                )
            )

    def _note(self, key: str) -> None:
        if place := self._places.place(key):
            self._present[key] = place

    def _remove(self, key: str) -> None:
        self._store.remove(key)
        self._present.pop(key, None)


def _check_columns(table: TargetTable) -> None:
    names = [column.name for column in table.columns]
    for name in names:
        if names.count(name) > 1:
            raise Refused(
                told(
                    "{table} has two columns named {name!r}: rename one of them.",
                    table=table.name,
                    name=name,
                )
            )
