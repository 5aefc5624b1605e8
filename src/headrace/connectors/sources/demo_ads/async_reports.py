"""Large reports: ordered once, waited for, found again after a crash by the bookmark."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from headrace.connectors.contract import Journal
from headrace.connectors.sources.demo_ads.calls import NetworkCalls, ReportGone
from headrace.kit import clock
from headrace.kit.outcomes import SlowDown, TryLater
from headrace.kit.told import told

_MOST_ORDERS = 4
_POLL_SECONDS = (0.5, 0.5, 1.0, 2.0, 3.0, 3.0)
_COME_BACK_SECONDS = 15.0
_PATIENCE_SECONDS = 1800.0


class ReportStatus(msgspec.Struct):
    """How far a report is, as the network tells it."""

    id: str
    status: str
    progress: float = 0
    error: str | None = None


_STATUS = msgspec.json.Decoder(ReportStatus)


def finished_report(
    calls: NetworkCalls, journal: Journal, account_path: str, question: Mapping[str, str]
) -> str:
    """Return the id of a finished report that answers the question.

    A report ordered by an earlier attempt is taken up again; a new one is ordered only where that
    one failed or is gone.

    Raises:
        SlowDown: if it is not finished within some seconds; the bookmark leads back to it.
        TryLater: if reports keep failing, or one does not finish within half an hour.
    """
    order = _remembered(journal, question)
    for _ in range(_MOST_ORDERS):
        if order is None:
            order = _ordered(calls, journal, account_path, question)
        try:
            if _finishes(calls, order, journal, question):
                return str(order["report_id"])
            calls.count_retry("report failed")
        except ReportGone:
            calls.count_retry("report expired")
        order = None
    journal.save_bookmark({})
    raise TryLater(
        told("Demo Ads failed to make the report {most_orders} times.", most_orders=_MOST_ORDERS)
    )


def _remembered(journal: Journal, question: Mapping[str, str]) -> Mapping[str, Any] | None:
    bookmark = journal.bookmark() or {}
    is_ours = bookmark.get("question") == dict(question)
    return bookmark if is_ours and bookmark.get("report_id") else None


def _ordered(
    calls: NetworkCalls, journal: Journal, account_path: str, question: Mapping[str, str]
) -> Mapping[str, Any]:
    made = calls.post(f"{account_path}/reports", question, _STATUS)
    order = {
        "report_id": made.id,
        "question": dict(question),
        "ordered_at": clock.now().timestamp(),
    }
    journal.save_bookmark(order)
    return order


def _finishes(
    calls: NetworkCalls,
    order: Mapping[str, Any],
    journal: Journal,
    question: Mapping[str, str],
) -> bool:
    """Wait for a report; False if it failed."""
    progress = 0.0
    for seconds in (*_POLL_SECONDS, None):
        found = calls.get(f"/v1/reports/{quote(order['report_id'], safe='')}", {}, _STATUS)
        if found.status in {"done", "failed"}:
            return found.status == "done"
        progress = found.progress
        if seconds is not None:
            calls.pause(seconds)
    waited = clock.now().timestamp() - float(order["ordered_at"])
    if waited > _PATIENCE_SECONDS:
        journal.save_bookmark({})
        raise TryLater(
            told(
                "A report of Demo Ads stands at {progress} % after {waited} minutes; another "
                "will be ordered.",
                progress=f"{progress:.0f}",
                waited=f"{waited / 60:.0f}",
            )
        )
    raise SlowDown(
        told(
            "Demo Ads is making the report of {date_from} to {date_to} ({progress} %).",
            date_from=question["date_from"],
            date_to=question["date_to"],
            progress=f"{progress:.0f}",
        ),
        _COME_BACK_SECONDS,
    )
