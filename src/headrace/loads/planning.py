"""Which units a load must write, and what it has delivered once one of them is committed.

Pure: the runner gathers what is live and what was delivered, carries out the plan, and records
each unit with `recorded` in the transaction that follows its commit. A load that is killed plans
again from what is recorded and so goes on after its last recorded unit.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from headrace.kit.days import DayRange
from headrace.loaders.contract import WriteMode
from headrace.table_store import Segment, Slice, changed_windows, clip

STALE = "stale"
"""File key of days that are at the destination and must be written again; no file is named so."""


class UnitKind(StrEnum):
    """The units of `loaders.contract`."""

    FULL = "full"
    WINDOW = "window"
    UPSERT = "upsert"
    APPEND = "append"


@dataclass(frozen=True)
class PlannedUnit:
    """One unit: its rows are those that `segments` show.

    account_id: None for FULL. days: None where the whole account is meant. inserted_at: of APPEND.
    """

    kind: UnitKind
    segments: tuple[Segment, ...]
    account_id: str | None = None
    days: DayRange | None = None
    inserted_at: datetime | None = None


@dataclass(frozen=True)
class Situation:
    """What a plan is made from.

    delivered: what the load has delivered, `STALE` where it is to be delivered again.
    live: what the data table shows, within the days that the load may deliver.
    must_rebuild: the delivered table is missing, of other columns, or to be written wholly anew.
    asked: the days the run is for; None for all that changed.
    """

    mode: WriteMode
    has_key: bool
    delivered: Sequence[Slice]
    live: Sequence[Segment]
    must_rebuild: bool = False
    asked: DayRange | None = None


def plan(situation: Situation) -> list[PlannedUnit]:
    """List the units that bring the destination up to date, by account and day.

    Replace and upsert begin with one full unit, which shows readers nothing unfinished and also
    removes what an earlier load left in the table; after that they write only changed days. Append
    writes each file once, whatever was there before: rows that vanished or were restated stay, and
    restated days come again with their newer insert date.
    """
    is_append = situation.mode is WriteMode.APPEND
    if situation.must_rebuild and situation.asked is None and not is_append:
        rows = _with_rows(situation.live)
        # A table that was never filled must not empty one that someone has at the destination.
        return [PlannedUnit(UnitKind.FULL, rows)] if rows or situation.delivered else []
    changed = changed_windows(situation.delivered, (each.as_slice for each in situation.live))
    live: defaultdict[str, list[Segment]] = defaultdict(list)
    for segment in situation.live:
        live[segment.account_id].append(segment)
    units: list[PlannedUnit] = []
    for account_id, windows in changed.items():
        for window in windows:
            days = _within(window, situation.asked)
            if window is not None and days is None:
                continue
            if is_append:
                units.extend(_appends(live[account_id], days))
            else:
                units.append(_rewrite(situation, account_id, live[account_id], days))
    return units


def _within(window: DayRange | None, asked: DayRange | None) -> DayRange | None:
    if window is None or asked is None:
        return window
    return window.intersection(asked)


def _rewrite(
    situation: Situation, account_id: str, live: Iterable[Segment], days: DayRange | None
) -> PlannedUnit:
    upsert = situation.mode is WriteMode.UPSERT and situation.has_key
    return PlannedUnit(
        kind=UnitKind.UPSERT if upsert else UnitKind.WINDOW,
        segments=_with_rows(shown_in(live, days)),
        account_id=account_id,
        days=days,
    )


def _appends(live: Iterable[Segment], days: DayRange | None) -> list[PlannedUnit]:
    return [
        PlannedUnit(
            kind=UnitKind.APPEND,
            segments=(each,),
            account_id=each.account_id,
            days=each.days,
            inserted_at=each.inserted_at,
        )
        for each in _with_rows(shown_in(live, days))
    ]


def shown_in(segments: Iterable[Segment], days: DayRange | None) -> list[Segment]:
    """Clip segments to some days (None: all); those without days show their whole account."""
    if days is None:
        return list(segments)
    result = []
    for each in segments:
        kept = each.days.intersection(days) if each.days else None
        if each.days is None or kept is not None:
            result.append(replace(each, days=kept))
    return result


def since(segments: Iterable[Segment], first_day: date | None) -> list[Segment]:
    """Leave out the days before a limit (None: no limit); accounts without days know no limit."""
    days = None if first_day is None else DayRange(first_day, date.max)
    return shown_in(segments, days)


def _with_rows(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    return tuple(each for each in segments if each.path is not None)


@dataclass(frozen=True)
class Change:
    """A change of recorded slices: ids that go, and slices that come."""

    gone: tuple[int, ...]
    come: tuple[Slice, ...]


def recorded(slices: Sequence[tuple[int, Slice]], unit: PlannedUnit) -> Change:
    """Tell how the slices of a load change when a unit is committed.

    slices: with their ids; those of the unit's account, or all of the load for a full unit.
    """
    written = tuple(each.as_slice for each in unit.segments)
    if unit.kind is UnitKind.FULL:
        return Change(tuple(each for each, _ in slices), written)
    own = [(each, one) for each, one in slices if one.account_id == unit.account_id]
    change = _cut(own, unit.days)
    return Change(change.gone, (*change.come, *written))


def made_stale(slices: Sequence[tuple[int, Slice]], days: DayRange | None) -> Change:
    """Tell how the slices of a load change when some days (None: all) are to be written again."""
    change = _cut(slices, days)
    gone = set(change.gone)
    stale = tuple(
        replace(one, days=one.days.intersection(days) if days and one.days else one.days)
        for each, one in slices
        if each in gone
    )
    return Change(change.gone, (*change.come, *(replace(one, file_key=STALE) for one in stale)))


def _cut(slices: Sequence[tuple[int, Slice]], days: DayRange | None) -> Change:
    """Take some days (None: all) out of slices; those without days go wholly."""
    if days is None:
        return Change(tuple(each for each, _ in slices), ())
    undated = tuple(each for each, one in slices if one.days is None)
    found = clip(((each, one.days) for each, one in slices if one.days), days)
    by_id = dict(slices)
    ends = tuple(replace(by_id[each], days=end) for each, end in found.ends)
    return Change((*undated, *found.dead), ends)
