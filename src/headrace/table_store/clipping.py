"""Which segments a new window kills or clips, and which days a load must write again."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from headrace.kit.days import DayRange, merged

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Clip:
    """What replacing some days does to segments: `dead` ids, and the days that stay of them."""

    dead: tuple[int, ...]
    ends: tuple[tuple[int, DayRange], ...]


def clip(existing: Iterable[tuple[int, DayRange]], new: DayRange) -> Clip:
    """Plan the replacement of the days `new` among segments given as (id, days)."""
    dead: list[int] = []
    ends: list[tuple[int, DayRange]] = []
    for segment_id, days in existing:
        if days.overlaps(new):
            dead.append(segment_id)
            ends.extend((segment_id, end) for end in days.minus(new))
    return Clip(tuple(dead), tuple(ends))


@dataclass(frozen=True)
class Slice:
    """Some days of an account (None: all of it) and the file they come from (None: no rows)."""

    account_id: str
    days: DayRange | None
    file_key: str | None


def changed_windows(
    delivered: Iterable[Slice], live: Iterable[Slice]
) -> dict[str, list[DayRange | None]]:
    """Tell, by account, the days whose rows differ between a delivery and what is live now.

    Days differ when another file provides them. What is left of a file that was clipped is no
    change, and neither is a day that had no rows and has none. Touching days are joined; None
    stands for the whole account, where either side has no days. Slices of one side must not
    overlap within an account. Accounts without a change are left out.
    """
    before, after = _by_account(delivered), _by_account(live)
    changed = {
        account: _changed_days(before.get(account, []), after.get(account, []))
        for account in sorted(before.keys() | after.keys())
    }
    return {account: days for account, days in changed.items() if days}


def _by_account(slices: Iterable[Slice]) -> dict[str, list[Slice]]:
    result: defaultdict[str, list[Slice]] = defaultdict(list)
    for item in slices:
        if item.file_key is not None:
            result[item.account_id].append(item)
    return result


def _changed_days(before: list[Slice], after: list[Slice]) -> list[DayRange | None]:
    if any(item.days is None for item in (*before, *after)):
        same = {(item.days, item.file_key) for item in before} == {
            (item.days, item.file_key) for item in after
        }
        return [] if same else [None]
    old, new = _dated(before), _dated(after)
    starts = sorted(
        {days.first for days, _ in (*old, *new)} | {days.last + _DAY for days, _ in (*old, *new)}
    )
    spans = [DayRange(start, following - _DAY) for start, following in itertools.pairwise(starts)]
    providers = zip(spans, _providers(old, spans), _providers(new, spans), strict=True)
    return list(merged(span for span, one, other in providers if one != other))


def _dated(slices: list[Slice]) -> list[tuple[DayRange, str]]:
    return sorted((item.days, item.file_key) for item in slices if item.days and item.file_key)


def _providers(
    files: Sequence[tuple[DayRange, str]], spans: Sequence[DayRange]
) -> list[str | None]:
    """Name the file of each span; both are sorted, and no span crosses the edge of a file."""
    result: list[str | None] = []
    position = 0
    for span in spans:
        while position < len(files) and files[position][0].last < span.first:
            position += 1
        inside = position < len(files) and files[position][0].first <= span.first
        result.append(files[position][1] if inside else None)
    return result
