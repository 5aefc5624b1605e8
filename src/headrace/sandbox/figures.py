"""Invented figures: the same for the same account, day and ad, at any volume, with exact sums.

Every ad shows on every day the figures of one of `PATTERN` patterns of its account, multiplied by
the day's weight. Which pattern moves with the day. So a row costs a look-up, and the sum of a
million rows the difference of two prefix sums.
"""

from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from headrace.sandbox.network import FIRST_DAY, Misbehaviour, NetworkAccount

PATTERN = 1024
FINAL_AGE_DAYS = 3
"""A day's figures change until this many days after it, then are final."""

_WEIGHTS = (6, 7, 7, 6, 8, 5, 4)
_CONVERSION_PERCENT = (20, 40, 70, 100)
_MASK = 2**64 - 1


class Figures(NamedTuple):
    """The measures of an ad, or of many added up; money in cents. `rows` is how many were added."""

    rows: int
    impressions: int
    reach: int
    clicks: int
    link_clicks: int
    spend_cents: int
    conversions: int
    revenue_cents: int
    video_views: int
    video_completions: int
    likes: int
    comments: int
    shares: int

    def plus(self, other: "Figures") -> "Figures":
        """Add two sets of figures."""
        return Figures._make(map(int.__add__, self, other))

    def minus(self, other: "Figures") -> "Figures":
        """Subtract, for differences of prefix sums."""
        return Figures._make(map(int.__sub__, self, other))

    def share(self, percent: int) -> "Figures":
        """Return a part of the measures, rounded down; the number of rows stays."""
        return Figures(self.rows, *(value * percent // 100 for value in self[1:]))

    def times(self, factor: int) -> "Figures":
        """Multiply the measures; the number of rows stays."""
        return Figures(self.rows, *(value * factor for value in self[1:]))


NOTHING = Figures(*[0] * len(Figures._fields))


ATTRIBUTIONS = {"7d_click": 100, "1d_click": 60}
"""How many percent of the conversions count, by attribution."""


def mixed(*parts: int) -> int:
    """Return 64 bits that look random and depend on all parts (the finaliser of splitmix64)."""
    state = 0
    for part in parts:
        state = (state + part + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def age_of(day: date, as_of: date) -> int:
    """How settled a day's figures are: 0 on the day itself, `FINAL_AGE_DAYS` when final."""
    return min((as_of - day).days, FINAL_AGE_DAYS)


def has_figures(account: NetworkAccount, day: date, as_of: date) -> bool:
    """Whether a day can have any rows at all."""
    return account.misbehaviour is not Misbehaviour.EMPTY and FIRST_DAY <= day <= as_of


def weight_of(day: date) -> int:
    """The factor of a day: weekends are quieter."""
    return _WEIGHTS[day.weekday()]


def offset_of(account: NetworkAccount, day: date) -> int:
    """The pattern of the account's first ad on a day; the ads after it have those that follow."""
    return mixed(account.seed, day.toordinal()) % PATTERN


@lru_cache(maxsize=32)
def patterns(account: NetworkAccount, age: int, percent: int = 100) -> tuple[Figures, ...]:
    """Return the account's patterns as seen at an age; `NOTHING` stands for an ad without a row.

    percent: how many of the conversions count.
    """
    return tuple(_pattern(account, index, age, percent) for index in range(PATTERN))


@lru_cache(maxsize=32)
def _prefix_sums(account: NetworkAccount, age: int, percent: int) -> tuple[Figures, ...]:
    return tuple(accumulate(patterns(account, age, percent), Figures.plus, initial=NOTHING))


def _pattern(account: NetworkAccount, index: int, age: int, percent: int) -> Figures:
    bits = mixed(account.seed, index, 1)
    restates = account.misbehaviour is Misbehaviour.RESTATING
    if account.has_gaps and bits % 29 == 0:
        return NOTHING
    if restates and age >= FINAL_AGE_DAYS and bits % 4 == 0:
        return NOTHING
    more = 125 if restates and age < FINAL_AGE_DAYS else 100
    impressions = (200 + bits % 1800) * more // 100
    clicks = impressions * (5 + (bits >> 12) % 60) // 1000
    link_clicks = clicks * (60 + (bits >> 20) % 40) // 100
    settled = clicks * ((bits >> 28) % 20) // 100
    conversions = settled * _CONVERSION_PERCENT[age] * percent // 10_000
    views = impressions * ((bits >> 36) % 50) // 100
    return Figures(
        rows=1,
        impressions=impressions,
        reach=impressions * (50 + (bits >> 40) % 50) // 100,
        clicks=clicks,
        link_clicks=link_clicks,
        spend_cents=clicks * (7 + (bits >> 44) % 90) + (bits >> 52) % 13,
        conversions=conversions,
        revenue_cents=conversions * (990 + (bits >> 33) % 9000),
        video_views=views,
        video_completions=views * ((bits >> 23) % 60) // 100,
        likes=clicks * ((bits >> 15) % 30) // 100,
        comments=clicks * ((bits >> 17) % 7) // 100,
        shares=clicks * ((bits >> 19) % 11) // 100,
    )


def figures_of_ads(
    account: NetworkAccount,
    day: date,
    first_ad: int,
    ads: int,
    as_of: date,
    percent: int = 100,
) -> Figures:
    """Add up the figures of consecutive ads on one day, whatever their number."""
    if not has_figures(account, day, as_of):
        return NOTHING
    sums = _prefix_sums(account, age_of(day, as_of), percent)
    start = (offset_of(account, day) + first_ad) % PATTERN
    cycles, end = divmod(start + ads, PATTERN)
    whole = Figures._make(value * cycles for value in sums[PATTERN])
    return whole.plus(sums[end]).minus(sums[start]).times(weight_of(day))
