"""Asynchronous reports: an id that holds the question, and a progress that follows from the clock."""

import threading
from collections import OrderedDict
from datetime import date

import msgspec

from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.sandbox.answers import Problem
from headrace.sandbox.fields import FIELDS
from headrace.sandbox.network import Misbehaviour, NetworkAccount, find_account
from headrace.sandbox.reports import ReportQuery
from headrace.sandbox.sealed import BadSeal, opened, sealed

LIFE_SECONDS = 24 * 3600
_ROWS_A_SECOND = 250_000
_LEAST_SECONDS = 0.4
_MOST_SECONDS = 20.0
_FAILING_ATTEMPTS = 2
_MOST_REMEMBERED = 1_000
_FAILS_AT = 99


class Ticket(msgspec.Struct):
    """What a report's id holds. `attempt` counts reports asked for the same window."""

    account_id: str
    level: str
    first: date
    last: date
    fields: list[str]
    conversion_percent: int
    as_of: date
    made_at: float
    attempt: int


class ReportStatus(msgspec.Struct):
    """How far a report is: `queued`, `running`, `done` or `failed`; progress in percent."""

    id: str
    status: str
    progress: int
    error: str | None = None


class ReportDesk:
    """Takes orders for reports; remembers, in this process, how often each was asked for."""

    def __init__(self) -> None:
        self._attempts: OrderedDict[tuple[object, ...], int] = OrderedDict()
        self._lock = threading.Lock()

    def order(self, query: ReportQuery) -> ReportStatus:
        """Take an order."""
        key = (query.account.id, query.level, query.window, query.conversion_percent)
        with self._lock:
            attempt = self._attempts.pop(key, 0) + 1
            self._attempts[key] = attempt
            while len(self._attempts) > _MOST_REMEMBERED:
                self._attempts.popitem(last=False)
        ticket = Ticket(
            account_id=query.account.id,
            level=query.level,
            first=query.window.first,
            last=query.window.last,
            # The id grows with what it holds, so a full choice of fields is left out of it.
            fields=[] if query.fields == FIELDS[query.level] else list(query.fields),
            conversion_percent=query.conversion_percent,
            as_of=query.as_of,
            made_at=clock.now().timestamp(),
            attempt=attempt,
        )
        return ReportStatus(sealed("report", ticket), "queued", 0)


def ticket_of(report_id: str) -> Ticket:
    """Return what an id holds.

    Raises:
        Problem: 404 if it is none of ours, 410 if it is older than a day.
    """
    try:
        ticket = opened("report", report_id, Ticket)
    except BadSeal as error:
        raise Problem(404, "report_not_found", "There is no such report.") from error
    if clock.now().timestamp() - ticket.made_at > LIFE_SECONDS:
        raise Problem(410, "report_expired", "Reports are kept for a day; order this one again.")
    return ticket


def query_of(ticket: Ticket) -> ReportQuery:
    """Return the question a ticket holds."""
    return ReportQuery(
        account=_account(ticket),
        level=ticket.level,
        window=DayRange(ticket.first, ticket.last),
        fields=tuple(ticket.fields) or FIELDS[ticket.level],
        as_of=ticket.as_of,
        conversion_percent=ticket.conversion_percent,
    )


def status_of(report_id: str, ticket: Ticket) -> ReportStatus:
    """Tell how far a report is; larger ones take longer."""
    account = _account(ticket)
    seconds = query_of(ticket).most_rows / _ROWS_A_SECOND
    seconds = min(max(seconds, _LEAST_SECONDS), _MOST_SECONDS)
    done = min(100, int(100 * (clock.now().timestamp() - ticket.made_at) / seconds))
    if account.misbehaviour is Misbehaviour.STUCK:
        return ReportStatus(report_id, "queued", 0)
    fails = account.misbehaviour is Misbehaviour.FAILING and ticket.attempt <= _FAILING_ATTEMPTS
    if fails and done >= _FAILS_AT:
        return ReportStatus(report_id, "failed", _FAILS_AT, "internal error while writing rows")
    if done >= 100:
        return ReportStatus(report_id, "done", 100)
    return ReportStatus(report_id, "running" if done else "queued", max(done, 0))


def _account(ticket: Ticket) -> NetworkAccount:
    account = find_account(ticket.account_id)
    if account is None:
        raise Problem(404, "report_not_found", "There is no such report.")
    return account
