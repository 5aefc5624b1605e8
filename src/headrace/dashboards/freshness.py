"""The figures of the freshness dashboard: what is known of each data table's days; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from headrace.data_tables.accounts import AccountFreshness
from headrace.kit.days import DayRange
from headrace.table_store import Known, SegmentState

_DAY = timedelta(days=1)


class CellState(StrEnum):
    """What is known of a table's day, over its accounts: the worst there is.

    FAILED: a run that was to read it failed for good. MISSING: wanted and never read. PROVISIONAL:
    the platform may still change it. FINAL: read for good. NONE: no account wants it.
    """

    FAILED = "failed"
    MISSING = "missing"
    PROVISIONAL = "provisional"
    FINAL = "final"
    NONE = "none"


_WORST_FIRST = (CellState.FAILED, CellState.MISSING, CellState.PROVISIONAL, CellState.FINAL)


@dataclass(frozen=True)
class Cell:
    """A table's day. accounts: how many are in that state, of how many that want the day."""

    date: date
    state: CellState
    accounts: int
    of: int


@dataclass(frozen=True)
class TableFreshness:
    """How fresh a data table is, over the accounts that are read into it; no cells without days.

    newest_day: the newest day that all of them were read of; age_days: from it to their yesterday.
    next_run: of any of them. oldest_unsynced_day: the first day wanted and never read, of any.
    """

    table_id: int
    title: str
    channel: str
    cells: Sequence[Cell]
    accounts: int
    newest_day: date | None
    age_days: int | None
    last_sync: datetime | None
    next_run: datetime | None
    oldest_unsynced_day: date | None


@dataclass(frozen=True)
class Wanted:
    """What is wanted and known of an account: from a first day up to its last whole day."""

    days: DayRange | None
    known: Sequence[Known]


def wanted_days(one: AccountFreshness, today: date) -> DayRange | None:
    """Return the days that are to be read of an account up to yesterday, or None."""
    first, last = one.wanted_from, today - _DAY
    return DayRange(first, last) if first is not None and first <= last else None


def cells(accounts: Sequence[Wanted], days: DayRange) -> list[Cell]:
    """Return a table's days, oldest first."""
    states = [_states(one, days) for one in accounts]
    result = []
    for day in days.days():
        found = [state for each in states if (state := each.get(day)) is not None]
        worst = next((one for one in _WORST_FIRST if one in found), CellState.NONE)
        result.append(Cell(day, worst, found.count(worst), len(found)))
    return result


def newest_common_day(accounts: Sequence[AccountFreshness]) -> date | None:
    """Return the newest day that every account was read of; None while one was never read."""
    newest = [one.newest_read_day for one in accounts]
    known = [day for day in newest if day is not None]
    return min(known) if known and len(known) == len(newest) else None


def oldest_unsynced(accounts: Sequence[AccountFreshness]) -> date | None:
    """Return the first day that is wanted and was never read, of any account."""
    found = [one.oldest_unsynced_day for one in accounts if one.oldest_unsynced_day is not None]
    return min(found, default=None)


def _states(one: Wanted, days: DayRange) -> Mapping[date, CellState]:
    """Tell an account's days: those that are wanted, and those that are known of though they are not."""
    found: dict[date, CellState] = {}
    asked = one.days.intersection(days) if one.days else None
    if asked is not None:
        found = dict.fromkeys(asked.days(), CellState.MISSING)
    for known in one.known:
        part = known.days.intersection(days) if known.days else None
        if part is not None:
            found |= dict.fromkeys(part.days(), _state(known))
    return found


def _state(known: Known) -> CellState:
    if known.state == SegmentState.EMPTY:
        return CellState.FINAL
    return CellState(known.state)
