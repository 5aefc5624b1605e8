"""Reads what a request asks for: the account, the days, the fields, and the day it is asked on."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request

from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.sandbox.answers import Problem
from headrace.sandbox.fields import FIELDS
from headrace.sandbox.figures import ATTRIBUTIONS
from headrace.sandbox.network import NetworkAccount, find_account
from headrace.sandbox.reports import ReportQuery

HISTORY_DAYS = 400
MOST_ROWS_A_PAGE = 1_000
_ROWS_A_PAGE = 500


def account_asked(request: Request) -> NetworkAccount:
    """Return the account of the path.

    Raises:
        Problem: 404 if there is none.
    """
    account = find_account(request.path_params["account_id"])
    if account is None:
        raise Problem(404, "account_not_found", "There is no such account.")
    return account


def as_of(request: Request, account: NetworkAccount) -> date:
    """Return the account's present day, or the one of the header `X-As-Of` (YYYY-MM-DD).

    Raises:
        Problem: 400 if the header holds no day.
    """
    header = request.headers.get("x-as-of")
    if header:
        return _day(header, "X-As-Of")
    return clock.now().astimezone(ZoneInfo(account.timezone)).date()


def report_asked(
    account: NetworkAccount, parameters: QueryParams | dict[str, str], today: date
) -> ReportQuery:
    """Return the report that `level`, `date_from`, `date_to`, `fields`, `attribution` ask for.

    Raises:
        Problem: 400, naming the parameter.
    """
    level = parameters.get("level", "campaign")
    if level not in FIELDS:
        raise Problem(400, "invalid_level", "level must be campaign or ad.")
    attribution = parameters.get("attribution", "7d_click")
    if attribution not in ATTRIBUTIONS:
        raise Problem(
            400, "invalid_attribution", f"attribution must be {' or '.join(ATTRIBUTIONS)}."
        )
    return ReportQuery(
        account=account,
        level=level,
        window=window_asked(parameters, today),
        fields=_fields(parameters.get("fields", ""), level),
        as_of=today,
        attribution=attribution,
    )


def window_asked(parameters: QueryParams | dict[str, str], today: date) -> DayRange:
    """Return the days from `date_from` to `date_to`.

    Raises:
        Problem: 400 if they are missing, turned round, or longer ago than the network remembers.
    """
    first = _day(parameters.get("date_from", ""), "date_from")
    last = _day(parameters.get("date_to", ""), "date_to")
    if last < first:
        raise Problem(400, "invalid_dates", "date_to is before date_from.")
    if first < today - timedelta(days=HISTORY_DAYS):
        raise Problem(
            400,
            "date_out_of_range",
            f"Figures are kept for {HISTORY_DAYS} days; ask for later ones.",
        )
    return DayRange(first, last)


def limit_asked(request: Request) -> int:
    """Return how many rows a page may hold.

    Raises:
        Problem: 400 if it is not a number from 1 to `MOST_ROWS_A_PAGE`.
    """
    text = request.query_params.get("limit", str(_ROWS_A_PAGE))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_ROWS_A_PAGE:
        raise Problem(400, "invalid_limit", f"limit must be from 1 to {MOST_ROWS_A_PAGE}.")
    return int(text)


def _fields(text: str, level: str) -> tuple[str, ...]:
    asked = tuple(text.split(",")) if text else FIELDS[level]
    unknown = [name for name in asked if name not in FIELDS[level]]
    if unknown:
        raise Problem(400, "unknown_field", f"There is no field {unknown[0][:60]!r} at this level.")
    return tuple(dict.fromkeys(asked))


def _day(text: str, parameter: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise Problem(400, "invalid_dates", f"{parameter} must be a day, YYYY-MM-DD.") from error
