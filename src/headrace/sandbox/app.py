"""The network as a web application: accounts, reports, totals, and the pages of OAuth.

    POST /oauth/token                      see `oauth_pages`
    GET  /v1/accounts?cursor=&limit=&include_misbehaving=&rows_per_day=
         -> {"data": [{"id", "name", "currency", "timezone", "status", "ads"}], "next_cursor"}
    GET  /v1/accounts/{id}                 one account, with its state of today
    GET  /v1/accounts/{id}/conversion_actions?cursor=&limit=
         -> {"data": [{"id", "name", "category"}], "next_cursor"}
    GET  /v1/compatibility?level=&fields=  -> {"compatible", "reason"}: whether they go together
    GET  /v1/accounts/{id}/report?level=&date_from=&date_to=&fields=&attribution=
                                 &conversion_actions=&cursor=&limit=
         -> {"data": [...], "next_cursor"}, at once; 400 report_too_large beyond 20,000 rows,
         400 incompatible_fields. level: campaign, ad, or custom, whose rows are grouped by the
         dimensions among the fields
    POST /v1/accounts/{id}/reports         the same parameters as a form -> {"id", "status"}
    GET  /v1/reports/{id}                  -> {"id", "status", "progress", "error"}
    GET  /v1/reports/{id}/rows?cursor=&limit=
    GET  /v1/accounts/{id}/totals?date_from=&date_to=&level=&attribution=
         -> the sums of every measure, and the number of rows, to compare with

All but the first take `Authorization: Bearer`. Errors are `{"error": {"code", "message"}}`. Numbers
come as text. `X-As-Of: YYYY-MM-DD` asks as if on that day: figures change for three days after
their day. Accounts that misbehave are listed in `network.Misbehaviour`.
"""

import base64
import binascii
from datetime import timedelta
from decimal import Decimal

import anyio
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from headrace.kit.days import DayRange
from headrace.sandbox.answers import Problem, json_answer, problem_answer, raw_json
from headrace.sandbox.compatibility import why_incompatible
from headrace.sandbox.conversions import conversion_actions
from headrace.sandbox.figures import figures_of_ads, mixed
from headrace.sandbox.forms import form_of
from headrace.sandbox.jobs import ReportDesk, query_of, status_of, ticket_of
from headrace.sandbox.moods import page_body, refuse_if_in_the_mood
from headrace.sandbox.network import (
    ASYNC_ONLY,
    FIRST_DAY,
    Misbehaviour,
    NetworkAccount,
    listed_accounts,
)
from headrace.sandbox.oauth_pages import oauth_routes
from headrace.sandbox.questions import (
    account_asked,
    as_of,
    fields_asked,
    level_asked,
    limit_asked,
    report_asked,
)
from headrace.sandbox.reports import ReportQuery, page, row_count, totals
from headrace.sandbox.tokens import TokenOffice

MOST_ROWS_AT_ONCE = 20_000
_ACCOUNTS_A_PAGE = 10


def create_app(slow_seconds: float = 2.0) -> Starlette:
    """Build the network; it can be mounted anywhere.

    slow_seconds: how long the slow account takes for a page.
    """
    network = _Network(TokenOffice(), ReportDesk(), slow_seconds)
    routes = [
        *oauth_routes(network.office),
        Route("/v1/accounts", network.accounts),
        Route("/v1/accounts/{account_id}", network.account),
        Route("/v1/accounts/{account_id}/conversion_actions", network.conversion_actions),
        Route("/v1/compatibility", network.compatibility),
        Route("/v1/accounts/{account_id}/report", network.report),
        Route("/v1/accounts/{account_id}/reports", network.order, methods=["POST"]),
        Route("/v1/accounts/{account_id}/totals", network.totals),
        Route("/v1/reports/{report_id}", network.status),
        Route("/v1/reports/{report_id}/rows", network.rows),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: problem_answer})


class _Network:
    """The endpoints of version 1."""

    def __init__(self, office: TokenOffice, desk: ReportDesk, slow_seconds: float) -> None:
        self.office = office
        self._desk = desk
        self._slow_seconds = slow_seconds

    def accounts(self, request: Request) -> Response:
        """List the accounts, a page at a time."""
        self._authorize(request)
        asked = request.query_params
        try:
            rows_per_day = int(asked["rows_per_day"]) if "rows_per_day" in asked else None
            listed = listed_accounts(
                with_misbehaving=asked.get("include_misbehaving") == "true",
                rows_per_day=rows_per_day,
            )
        except ValueError as error:
            raise Problem(400, "invalid_rows_per_day", str(error)) from error
        start = position_of(asked.get("cursor", ""))
        stop = start + _ACCOUNTS_A_PAGE
        rows = [_described(account) for account in listed[start:stop]]
        return json_answer(
            {"data": rows, "next_cursor": cursor_at(stop) if stop < len(listed) else None}
        )

    def account(self, request: Request) -> Response:
        """Describe one account as it is today."""
        self._authorize(request)
        account = account_asked(request)
        refuse_if_in_the_mood(account)
        today = as_of(request, account)
        month = DayRange(today - timedelta(days=30), today - timedelta(days=1))
        spent = sum(
            figures_of_ads(account, day, 0, account.ads, today).spend_cents for day in month.days()
        )
        return json_answer(
            {
                **_described(account),
                "opened_at": f"{FIRST_DAY}T00:00:00Z",
                "balance": f"{Decimal(mixed(account.seed, 9) % 10**7) / 100:.2f}",
                "spend_30_days": f"{Decimal(spent) / 100:.2f}",
                "campaigns": str(account.campaigns),
                "ads": str(account.ads),
            }
        )

    def conversion_actions(self, request: Request) -> Response:
        """List what an account counts as a conversion, a page at a time."""
        self._authorize(request)
        account = account_asked(request)
        refuse_if_in_the_mood(account)
        actions = conversion_actions(account)
        start = position_of(request.query_params.get("cursor", ""))
        stop = start + limit_asked(request)
        rows = [
            {"id": action.id, "name": action.name, "category": action.category}
            for action in actions[start:stop]
        ]
        return json_answer(
            {"data": rows, "next_cursor": cursor_at(stop) if stop < len(actions) else None}
        )

    def compatibility(self, request: Request) -> Response:
        """Say whether fields go together in one report, and why not."""
        self._authorize(request)
        level = level_asked(request.query_params)
        fields = fields_asked(request.query_params.get("fields", ""), level)
        reason = why_incompatible(level, fields)
        return json_answer({"compatible": reason is None, "reason": reason})

    async def report(self, request: Request) -> Response:
        """Serve a page of a small report."""
        query = self._report_query(request, dict(request.query_params))
        only_async = query.account.misbehaviour in ASYNC_ONLY
        if only_async or query.most_rows > MOST_ROWS_AT_ONCE:
            raise Problem(
                400, "report_too_large", "Order this report at /reports and fetch it when done."
            )
        return await self._page(request, query)

    async def order(self, request: Request) -> Response:
        """Take the order for a report of any size."""
        form = await form_of(request)
        return json_answer(self._desk.order(self._report_query(request, form)), 201)

    def status(self, request: Request) -> Response:
        """Tell how far a report is."""
        self._authorize(request)
        report_id = request.path_params["report_id"]
        ticket = ticket_of(report_id)
        refuse_if_in_the_mood(query_of(ticket).account)
        return json_answer(status_of(report_id, ticket))

    async def rows(self, request: Request) -> Response:
        """Serve a page of a report that is done."""
        self._authorize(request)
        report_id = request.path_params["report_id"]
        ticket = ticket_of(report_id)
        refuse_if_in_the_mood(query_of(ticket).account)
        if status_of(report_id, ticket).status != "done":
            raise Problem(409, "report_not_done", "This report is not done yet.")
        return await self._page(request, query_of(ticket))

    def totals(self, request: Request) -> Response:
        """Add up what a report holds."""
        query = self._report_query(request, dict(request.query_params))
        sums = totals(query)._asdict()
        del sums["rows"]
        spend, revenue = sums.pop("spend_cents"), sums.pop("revenue_cents")
        return json_answer(
            {
                "rows": row_count(query),
                **{name: str(value) for name, value in sums.items()},
                "spend": f"{Decimal(spend) / 100:.2f}",
                "revenue": f"{Decimal(revenue) / 100:.2f}",
            }
        )

    def _authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.office.is_good(token):
            raise Problem(401, "invalid_token", "The access token is missing, unknown or expired.")

    def _report_query(self, request: Request, parameters: dict[str, str]) -> ReportQuery:
        self._authorize(request)
        account = account_asked(request)
        refuse_if_in_the_mood(account)
        return report_asked(account, parameters, as_of(request, account))

    async def _page(self, request: Request, query: ReportQuery) -> Response:
        cursor = request.query_params.get("cursor", "")
        position = position_of(cursor)
        limit = limit_asked(request)
        if query.account.misbehaviour is Misbehaviour.SLOW:
            await anyio.sleep(self._slow_seconds)
        found = await run_in_threadpool(page, query, position, limit)
        following = None if found.next_position is None else cursor_at(found.next_position)
        return raw_json(page_body(query.account, found.rows_json, position, following, cursor))


def _described(account: NetworkAccount) -> dict[str, object]:
    return {
        "id": account.id,
        "name": account.title,
        "currency": account.currency,
        "timezone": account.timezone,
        "status": "ACTIVE",
        "campaigns": account.campaigns,
        "ads": account.ads,
    }


def cursor_at(position: int) -> str:
    """Return an opaque text for a position."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def position_of(cursor: str) -> int:
    """Return the position a cursor stands for; the empty one is the start.

    Raises:
        Problem: 400 if the cursor is none of ours.
    """
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor).decode("ascii")
        if not text.startswith("at:") or not text[3:].isdigit():
            raise Problem(400, "invalid_cursor", "This cursor is not one of ours.")
        return int(text[3:])
    except (binascii.Error, ValueError) as error:
        raise Problem(400, "invalid_cursor", "This cursor is not one of ours.") from error
