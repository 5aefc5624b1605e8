"""Which days a run of an extract reads: pure calculation, from the ledger of what was read.

Days are those of the account's time zone. The ledger knows each day as never read, provisional
(read while the source could still change it) or final. Every run reads the trailing days that may
still change, and whatever of the wanted history is not final yet, newest first: so a run after an
outage, a failed window or a deeper history needs no memory but the ledger.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from headrace.connectors.contract import Report
from headrace.kit.days import DayRange, merged
from headrace.runs.schemas import LookbackWindow

DEFAULT_HISTORY_DAYS = 365
EARLIEST_DAY = date(1970, 1, 1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Horizon:
    """The days a report can be read for, seen from one day.

    first: the oldest day the source answers. last: the newest that may be asked for.
    changing: the days that may still change, None where none do.
    """

    first: date
    last: date
    changing: DayRange | None

    def is_changing(self, days: DayRange) -> bool:
        """Whether any of some days may still change."""
        return self.changing is not None and days.last >= self.changing.first


def horizon(report: Report, today: date) -> Horizon:
    """Return what can be read of a report on a day of the account's time zone."""
    last = today if report.includes_today else today - _DAY
    first = EARLIEST_DAY
    if report.history_days is not None:
        first = max(first, today - report.history_days * _DAY)
    changing_days = max(report.lookback_days, 1 if report.includes_today else 0)
    changing = (
        DayRange(max(first, last - (changing_days - 1) * _DAY), last) if changing_days else None
    )
    return Horizon(first, last, changing)


def default_history(report: Report, today: date) -> date:
    """Return the first day of history where nobody names one.

    A year, or what the source keeps if that is less; all of it where the source is a file or a
    table that lies there anyway (no limit declared).
    """
    if report.history_days is None:
        return EARLIEST_DAY
    return today - min(DEFAULT_HISTORY_DAYS, report.history_days) * _DAY


@dataclass(frozen=True)
class Asked:
    """What a run is to read: the days a person named, or else those of a lookback window."""

    lookback: LookbackWindow
    days: DayRange | None = None


_ALSO = "also"
_LOOKBACK = "lookback_window"


def joined_params(waiting: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params of a waiting run that another request joins: they ask for both."""
    asked: list[dict[str, Any]] = [_spelled(waiting), *waiting.get(_ALSO, [])]
    further = [each for each in (_spelled(new), *new.get(_ALSO, [])) if each not in asked]
    also = [*asked[1:], *further]
    return asked[0] | ({_ALSO: also} if also else {})


def _spelled(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params of one request, so that equal requests are spelled alike."""
    own: dict[str, Any] = {name: value for name, value in params.items() if name != _ALSO}
    is_usual = own == {_LOOKBACK: {"name": "default"}}
    return {} if is_usual else own


def asked_of(params: Mapping[str, Any]) -> list[Asked]:
    """Read what a run's params ask for, its own request first."""
    return [_asked(each) for each in (params, *params.get(_ALSO, []))]


def _asked(params: Mapping[str, Any]) -> Asked:
    lookback = LookbackWindow.model_validate(params.get(_LOOKBACK, {}))
    if "date_from" not in params:
        return Asked(lookback)
    first, last = (date.fromisoformat(params[name]) for name in ("date_from", "date_to"))
    return Asked(lookback, DayRange(first, last))


_ENGINE_NAMES = {
    "default": "auto", "live": "live", "max": "max", "custom": "custom_refresh_window",
}  # fmt: skip


def date_range_of(params: Mapping[str, Any], trigger: str, *, has_days: bool) -> dict[str, Any]:
    """Name what a run covers as the engine of the published product does (contract 5.2).

    Of a run that others joined, what it was asked for first.
    """
    if not has_days:
        return {"type": "lifetime", "params": {}}
    if "date_from" in params:
        dates = {name: params[name] for name in ("date_from", "date_to")}
        return {"type": "manual", "params": dates}
    if trigger == "backfill":
        return {"type": "sync_historical", "params": {}}
    lookback = LookbackWindow.model_validate(params.get(_LOOKBACK, {}))
    days = {} if lookback.days is None else {"days": lookback.days}
    return {"type": _ENGINE_NAMES[lookback.name], "params": days}


def together(plans: Iterable[Sequence[DayRange]]) -> list[DayRange]:
    """Return the windows of several plans, newest first, without those that others cover."""
    kept: list[DayRange] = []
    for windows in plans:
        covered = merged(kept)
        kept += [
            days
            for days in windows
            if not any(one.first <= days.first and days.last <= one.last for one in covered)
        ]
    return sorted(kept, key=lambda days: days.last, reverse=True)


def plan_windows(
    report: Report,
    seen_from: Horizon,
    *,
    wanted_from: date,
    final: Iterable[DayRange],
    taken: Iterable[DayRange] = (),
    lookback: LookbackWindow,
    asked: DayRange | None,
) -> list[DayRange]:
    """Return the windows to read, newest first, none longer than the report's chunk.

    wanted_from: the first day of history. final: days that need not be read again. taken: days that
    another run is at, which are left to it unless they are to be refreshed. asked: the days a person
    asked for, which are then the only ones.
    """
    if asked is not None:
        days = _within(asked, seen_from)
        return _chunks([days] if days else [], report, seen_from)
    first = max(wanted_from, seen_from.first)
    if first > seen_from.last:
        return []
    refreshed = _refreshed(lookback, seen_from)
    refreshed = refreshed.intersection(DayRange(first, seen_from.last)) if refreshed else None
    if report.holds_some_days:
        return [DayRange(first, seen_from.last)]
    if lookback.name == "live":
        return _chunks([refreshed] if refreshed else [], report, seen_from)
    missing = _without(DayRange(first, seen_from.last), [*final, *taken])
    return _chunks([*missing, *([refreshed] if refreshed else [])], report, seen_from)


def is_history(days: DayRange | None, seen_from: Horizon) -> bool:
    """Whether days are older than all that may still change: nobody waits for them every day."""
    if days is None:
        return False
    newest = seen_from.changing.first if seen_from.changing else seen_from.last
    return days.last < newest


def still_to_read(
    window: DayRange, *, read_since: Iterable[DayRange], wanted_from: date | None
) -> list[DayRange]:
    """Return what is left of a planned window when its run goes on later, newest first.

    read_since: days that runs which were asked for later have read. wanted_from: the first day of
    history as it is now; None where the days were asked for by name.
    """
    left = _without(window, read_since)
    if wanted_from is not None:
        wanted = DayRange(wanted_from, max(wanted_from, window.last))
        left = [each for days in left if (each := days.intersection(wanted))]
    return sorted(left, reverse=True)


def replaced_days(
    report: Report, window: DayRange | None, first: date | None, last: date | None
) -> DayRange | None:
    """Return the days that a window's rows replace; `first` and `last` are those the rows hold.

    That is the window, but for a source that holds some days only: what it lacks it does not deny.
    """
    if window is None or not report.holds_some_days or first is None or last is None:
        return window
    return DayRange(first, last)


def _within(days: DayRange, seen_from: Horizon) -> DayRange | None:
    if seen_from.first > seen_from.last:
        return None
    return days.intersection(DayRange(seen_from.first, seen_from.last))


def _refreshed(lookback: LookbackWindow, seen_from: Horizon) -> DayRange | None:
    """The trailing days a schedule asks to read again."""
    last = seen_from.last
    if lookback.name == "live":
        return DayRange(last - _DAY, last)
    if lookback.name == "max":
        return DayRange(seen_from.first, last)
    if lookback.name == "custom":
        assert lookback.days is not None
        return DayRange(last - (lookback.days - 1) * _DAY, last)
    return seen_from.changing


def _without(days: DayRange, taken: Iterable[DayRange]) -> list[DayRange]:
    left = [days]
    for item in taken:
        left = [piece for part in left for piece in part.minus(item)]
    return left


def _chunks(ranges: Sequence[DayRange], report: Report, seen_from: Horizon) -> list[DayRange]:
    """Cut at the border between final and changing days, then into chunks, newest first."""
    windows: list[DayRange] = []
    for days in reversed(merged(ranges)):
        parts = [days]
        if seen_from.changing is not None:
            old = days.minus(DayRange(seen_from.changing.first, date.max))
            recent = days.intersection(DayRange(seen_from.changing.first, date.max))
            parts = [part for part in (recent, *old) if part]
        for part in parts:
            windows.extend(part.chunks_newest_first(report.chunk_days))
    return windows
