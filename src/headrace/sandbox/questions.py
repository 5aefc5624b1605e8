"""Reads what a request asks for: the account, the days, the fields, and the day it is asked on."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request

from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.sandbox.answers import Problem
from headrace.sandbox.compatibility import why_incompatible
from headrace.sandbox.conversions import conversion_actions
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
    """Return the report that the parameters ask for; see `app`.

    Raises:
        Problem: 400, naming the parameter.
    """
    level = level_asked(parameters)
    fields = fields_asked(parameters.get("fields", ""), level)
    reason = why_incompatible(level, fields)
    if reason:
        raise Problem(400, "incompatible_fields", reason)
    return ReportQuery(
        account=account,
        level=level,
        window=window_asked(parameters, today),
        fields=fields,
        as_of=today,
        conversion_percent=_conversion_percent(account, parameters),
    )


def level_asked(parameters: QueryParams | dict[str, str]) -> str:
    """Return the level asked for.

    Raises:
        Problem: 400 if there is no such level.
    """
    level = parameters.get("level", "campaign")
    if level not in FIELDS:
        raise Problem(400, "invalid_level", f"level must be one of {', '.join(FIELDS)}.")
    return level


def _conversion_percent(account: NetworkAccount, parameters: QueryParams | dict[str, str]) -> int:
    attribution = parameters.get("attribution", "7d_click")
    if attribution not in ATTRIBUTIONS:
        raise Problem(
            400, "invalid_attribution", f"attribution must be {' or '.join(ATTRIBUTIONS)}."
        )
    percent = ATTRIBUTIONS[attribution]
    chosen = [part for part in parameters.get("conversion_actions", "").split(",") if part]
    if not chosen:
        return percent
    known = {action.id: action.percent for action in conversion_actions(account)}
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise Problem(
            400,
            "unknown_conversion_action",
            f"This account has no conversion action {unknown[0][:60]!r}.",
        )
    return percent * sum(known[name] for name in set(chosen)) // 100


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


def fields_asked(text: str, level: str) -> tuple[str, ...]:
    """Return the fields of a comma list; all of the level for an empty one.

    Raises:
        Problem: 400 for a field that the level does not have.
    """
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
