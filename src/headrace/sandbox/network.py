"""The accounts of the network: who they are, how large, and in which way some of them misbehave."""

import re
import zlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FIRST_DAY = date(2020, 1, 1)
"""Every account was opened on this day; there are no figures before it."""

MOST_ROWS_PER_DAY = 5_000_000
_HUGE = re.compile(r"huge-([1-9][0-9]{0,6})")
_ADS_PER_HUGE_CAMPAIGN = 500


class Misbehaviour(StrEnum):
    """What is wrong with an account. Its id is `demo-` and this word.

    LIMITED: half of the time 429 with `Retry-After` in seconds (up to 3).
    LIMITED_LONG: half of the time 429 with `Retry-After` as a date (up to 30 seconds away).
    REVOKED: 401, whatever the token.
    SLOW: every page takes its time.
    EMPTY: success without rows.
    RESTATING: figures younger than three days are a quarter too high, then a quarter of the rows
        vanishes.
    DRIFTING: from the 15th of each month a field appears (`quality_score`), one vanishes
        (`shares`), and an integer comes as a decimal (`link_clicks`).
    FAILING: the first two asynchronous reports for a window fail at 99 %.
    STUCK: asynchronous reports stay at 0 %.
    CUT_OFF: the last page of rows ends in the middle.
    REPEATING: the second page's cursor leads to the second page.
    BAD_NUMBER: one row a day holds a spend of `12,3x`.

    FAILING and STUCK serve asynchronous reports only.
    """

    LIMITED = "limited"
    LIMITED_LONG = "limited-long"
    REVOKED = "revoked"
    SLOW = "slow"
    EMPTY = "empty"
    RESTATING = "restating"
    DRIFTING = "drifting"
    FAILING = "failing"
    STUCK = "stuck"
    CUT_OFF = "cut-off"
    REPEATING = "repeating"
    BAD_NUMBER = "bad-number"


ASYNC_ONLY = frozenset({Misbehaviour.FAILING, Misbehaviour.STUCK})


@dataclass(frozen=True)
class NetworkAccount:
    """An advertiser's account; `has_gaps` is false where every ad delivers every day."""

    id: str
    title: str
    currency: str
    timezone: str
    campaigns: int
    ads_per_campaign: int
    misbehaviour: Misbehaviour | None = None
    has_gaps: bool = True

    @property
    def ads(self) -> int:
        """How many ads the account runs, each at most one row a day."""
        return self.campaigns * self.ads_per_campaign

    @property
    def seed(self) -> int:
        """What its invented figures are derived from."""
        return zlib.crc32(self.id.encode())


WELL_BEHAVED = (
    NetworkAccount("demo-1001", "Alpenglow Outfitters", "EUR", "Europe/Vienna", 4, 3),
    NetworkAccount("demo-1002", "Blue Harbor Coffee", "USD", "America/New_York", 8, 5),
    NetworkAccount("demo-1003", "桜 Sakura Tea House", "USD", "Asia/Tokyo", 6, 4),
    NetworkAccount("demo-1004", "Żółw & Synowie", "PLN", "Europe/Warsaw", 5, 6),
    NetworkAccount("demo-1005", "Southern Cross Surf", "AUD", "Australia/Sydney", 12, 10),
)
_MISBEHAVING = tuple(
    NetworkAccount(f"demo-{kind}", f"Misbehaving: {kind}", "USD", "UTC", 8, 5, kind)
    for kind in Misbehaviour
)
_HUGE_LISTED = 100_000
_BY_ID = {account.id: account for account in (*WELL_BEHAVED, *_MISBEHAVING)}


def huge_account(rows_per_day: int) -> NetworkAccount:
    """Return the account with exactly this many ads, each with a row every day.

    Raises:
        ValueError: if the number is not between 1 and `MOST_ROWS_PER_DAY`.
    """
    if not 1 <= rows_per_day <= MOST_ROWS_PER_DAY:
        raise ValueError(f"rows a day must be from 1 to {MOST_ROWS_PER_DAY:,}")
    group = min(_ADS_PER_HUGE_CAMPAIGN, rows_per_day)
    while rows_per_day % group:
        group -= 1
    title = f"Huge: {rows_per_day:,} rows a day"
    return NetworkAccount(
        f"huge-{rows_per_day}",
        title,
        "USD",
        "UTC",
        rows_per_day // group,
        group,
        has_gaps=False,
    )


def find_account(account_id: str) -> NetworkAccount | None:
    """Return an account by its id, listed or not; any `huge-N` within bounds exists."""
    if known := _BY_ID.get(account_id):
        return known
    huge = _HUGE.fullmatch(account_id)
    if huge and int(huge[1]) <= MOST_ROWS_PER_DAY:
        return huge_account(int(huge[1]))
    return None


def listed_accounts(*, with_misbehaving: bool, rows_per_day: int | None) -> list[NetworkAccount]:
    """Return the accounts a person sees, in a constant order.

    rows_per_day: adds the account with that many rows a day.
    """
    accounts = list(WELL_BEHAVED)
    if with_misbehaving:
        accounts += [*_MISBEHAVING, huge_account(_HUGE_LISTED)]
    if rows_per_day is not None and (huge := huge_account(rows_per_day)) not in accounts:
        accounts.append(huge)
    return accounts
