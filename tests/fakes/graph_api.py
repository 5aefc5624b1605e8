"""A Graph API on 127.0.0.1 that serves ad accounts and their Insights, and misbehaves when told to.

Rows are added as Meta would send them, for one level and one set of breakdowns; the server picks the
asked days, fields and attribution windows out of them, pages them and runs reports. Every answer can
be spoilt: `fail_next`, `truncate_next`, `break_off_next`, `throttle`, `revoke`,
`too_much_data_above`, `script_runs`, `overlap_pages`, `repeat_cursor`, `send_empty_page_next`, `grant`.
"""

import base64
import gzip
import hashlib
import hmac
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

TOKEN = "EAAfaketoken0123456789"
VERSION = "v26.0"
ACTION_WINDOWS = {"1d_click", "7d_click", "28d_click", "1d_view", "1d_ev", "incrementality"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request as it arrived, its path without the version."""

    method: str
    path: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """One answer; `cut_at` ends the connection after so many bytes of the body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None


@dataclass
class Run:
    """A report run; each look at it takes the next status, the last one stays."""

    account: str
    parameters: Mapping[str, str]
    statuses: list[Mapping[str, Any]]


@dataclass
class _Spoiler:
    reply: Reply
    on: str
    times: int
    after: int = 0


def error_body(code: int | None, message: str = "", subcode: int | None = None, **more: Any) -> Any:
    """An error as Meta words it."""
    numbers = {"code": code, "error_subcode": subcode}
    given = {key: value for key, value in numbers.items() if value is not None}
    return {"error": {"message": message, "type": "OAuthException", **given, **more}}


def json_reply(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(content).encode(), headers or {})


class GraphApi:
    """The server; use it as a context manager."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.runs: dict[str, Run] = {}
        self._accounts: list[Row] = []
        self._edges: dict[str, list[Row]] = {}
        self._rows: dict[tuple[str, str, frozenset[str]], list[Row]] = {}
        self._spoilers: list[_Spoiler] = []
        self._scripts: list[list[Mapping[str, Any]]] = []
        self._headers: dict[str, str] = {}
        self._revoked = False
        self._granted = {"ads_read": "granted", "business_management": "granted"}
        self._app_secret: str | None = None
        self._most_rows: int | None = None
        self._most_days: int | None = None
        self._overlap = 0
        self._repeats_cursor = False
        self._compresses = False
        self._empty_pages = 0
        self._numeric_run_ids = True
        self._next_run = 6_000_000_000_000_001
        self._lock = threading.Lock()

    def __enter__(self) -> "GraphApi":
        api = self

        class Handler(_Handler):
            graph = api

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    # What there is

    def add_account(self, account_id: str, name: str | None = "Shop", **more: Any) -> None:
        account = {
            "id": f"act_{account_id}",
            "account_id": account_id,
            "name": name,
            "currency": "EUR",
            "timezone_name": "Europe/Berlin",
            "account_status": 1,
            **more,
        }
        self._accounts.append(account)
        self._edges["me/adaccounts"] = self._accounts

    def add_business(
        self, business_id: str, owned: Sequence[Row] = (), clients: Sequence[Row] = ()
    ) -> None:
        self._edges.setdefault("me/businesses", []).append({"id": business_id, "name": "Agency"})
        self._edges[f"{business_id}/owned_ad_accounts"] = list(owned)
        self._edges[f"{business_id}/client_ad_accounts"] = list(clients)

    def add_custom_conversion(self, account_id: str, conversion_id: str, name: str) -> None:
        edge = self._edges.setdefault(f"act_{account_id}/customconversions", [])
        edge.append({"id": conversion_id, "name": name})

    def add_rows(
        self, account_id: str, level: str, rows: Iterable[Row], breakdowns: Iterable[str] = ()
    ) -> None:
        self._rows.setdefault((account_id, level, frozenset(breakdowns)), []).extend(rows)

    # How it misbehaves

    def fail_next(
        self,
        status: int,
        content: Any,
        *,
        on: str = "",
        times: int = 1,
        after: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next calls whose path holds `on` with this, the first `after` of them well.

        Bytes are sent as they are, anything else as JSON.
        """
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._spoilers.append(_Spoiler(Reply(status, body, headers or {}), on, times, after))

    def truncate_next(self, times: int = 1, on: str = "insights") -> None:
        """Answer with status 200 and JSON that ends in the middle."""
        self.fail_next(200, b'{"data": [{"id": "1"', on=on, times=times)

    def break_off_next(self, times: int = 1, on: str = "insights") -> None:
        """Close the connection in the middle of the body."""
        reply = Reply(200, b'{"data": [' + b" " * 5000 + b"]}", cut_at=100)
        self._spoilers.append(_Spoiler(reply, on, times))

    def throttle(self, **headers: Any) -> None:
        """Send usage headers with every answer; `x_app_usage={...}` becomes `x-app-usage`."""
        self._headers = {
            name.replace("_", "-"): json.dumps(value) for name, value in headers.items()
        }

    def revoke(self) -> None:
        """Answer everything as if the person had removed the app."""
        self._revoked = True

    def grant(self, **statuses: str) -> None:
        """Let the person have answered the dialog so: each permission granted or declined."""
        self._granted = dict(statuses)

    def require_proof(self, app_secret: str) -> None:
        """Refuse calls that are not signed with the app's secret."""
        self._app_secret = app_secret

    def too_much_data_above(self, rows: int | None = None, days: int | None = None) -> None:
        """Refuse pages of more rows than this, or questions over more days."""
        self._most_rows, self._most_days = rows, days

    def script_runs(self, *scripts: Sequence[str | Mapping[str, Any]]) -> None:
        """Say which statuses the next runs go through, one script a run."""
        for script in scripts:
            self._scripts.append(
                [{"async_status": step} if isinstance(step, str) else step for step in script]
            )

    def name_runs_in_text(self) -> None:
        """Send `report_run_id` as text instead of as a number."""
        self._numeric_run_ids = False

    def expire_runs(self) -> None:
        """Forget all report runs."""
        self.runs.clear()

    def overlap_pages(self, rows: int) -> None:
        """Begin each further page with the last rows of the one before."""
        self._overlap = rows

    def repeat_cursor(self) -> None:
        """Let every page lead back to the first one's successor."""
        self._repeats_cursor = True

    def send_empty_page_next(self, times: int = 1) -> None:
        """Send pages without rows that nevertheless lead on."""
        self._empty_pages = times

    def compress_answers(self) -> None:
        """Send every body gzipped."""
        self._compresses = True

    def calls_to(self, ending: str, method: str | None = None) -> list[Call]:
        """The calls whose path ends so."""
        return [
            call
            for call in self.calls
            if call.path.endswith(ending) and method in (None, call.method)
        ]

    # How it answers

    def answer(self, method: str, path: str, parameters: Mapping[str, str]) -> Reply:
        with self._lock:
            self.calls.append(Call(method, path, parameters))
            reply = self._spoilt(path) or self._refusal(path, parameters)
            reply = reply or self._served(method, path, parameters)
            headers = {**self._headers, **reply.headers}
            body = reply.body
            if self._compresses:
                body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
            return Reply(reply.status, body, headers, reply.cut_at)

    def _spoilt(self, path: str) -> Reply | None:
        for spoiler in self._spoilers:
            if spoiler.times == 0 or spoiler.on not in path:
                continue
            if spoiler.after > 0:
                spoiler.after -= 1
                continue
            spoiler.times -= 1
            return spoiler.reply
        return None

    def _refusal(self, path: str, parameters: Mapping[str, str]) -> Reply | None:
        if path == "oauth/access_token":
            return None
        token = parameters.get("access_token", "")
        if self._revoked or token != TOKEN:
            message = f"Error validating access token {token}: the user removed the app."
            return json_reply(400, error_body(190, message, 458))
        if self._app_secret is not None:
            key = self._app_secret.encode()
            if (
                parameters.get("appsecret_proof")
                != hmac.digest(key, token.encode(), hashlib.sha256).hex()
            ):
                return json_reply(
                    400, error_body(100, "Invalid appsecret_proof provided in the API argument")
                )
        return None

    def _served(self, method: str, path: str, parameters: Mapping[str, str]) -> Reply:
        owner, _, edge = path.partition("/")
        if path == "oauth/access_token":
            long = parameters.get("grant_type") == "fb_exchange_token"
            token = TOKEN if long else "EAAshorttoken"
            return json_reply(200, {"access_token": token, "expires_in": 5184000 if long else 3600})
        if path == "me":
            return json_reply(200, {"id": "10220001"})
        if path == "me/permissions":
            return self._permissions(method)
        if path in self._edges:
            return self._page(path, self._edges[path], parameters)
        if edge == "insights" and method == "POST":
            return self._start_run(owner, parameters)
        if edge == "insights" and owner.startswith("act_"):
            return self._insights(path, owner, parameters, parameters)
        run = self.runs.get(owner)
        if run is None:
            message = f"Unsupported get request. Object with ID '{owner}' does not exist"
            return json_reply(400, error_body(100, message, 33))
        if edge == "insights":
            return self._insights(path, run.account, run.parameters, parameters)
        step = run.statuses.pop(0) if len(run.statuses) > 1 else run.statuses[0]
        return json_reply(200, {"id": owner, "async_percent_completion": 100, **step})

    def _permissions(self, method: str) -> Reply:
        if method == "DELETE":
            self._revoked = True
            return json_reply(200, {"success": True})
        rows = [{"permission": name, "status": status} for name, status in self._granted.items()]
        return json_reply(200, {"data": rows})

    def _start_run(self, owner: str, parameters: Mapping[str, str]) -> Reply:
        run_id = str(self._next_run)
        self._next_run += 1
        script: list[Mapping[str, Any]] = [{"async_status": "Job Completed"}]
        if self._scripts:
            script = self._scripts.pop(0)
        if self._is_too_long(parameters):
            script = [{"async_status": "Job Failed", "error_code": 2, "error_subcode": 1504018}]
        self.runs[run_id] = Run(owner, dict(parameters), script)
        told: Any = int(run_id) if self._numeric_run_ids else run_id
        return json_reply(200, {"report_run_id": told})

    def _is_too_long(self, parameters: Mapping[str, str]) -> bool:
        days = json.loads(parameters["time_range"])
        span = date.fromisoformat(days["until"]) - date.fromisoformat(days["since"])
        return self._most_days is not None and span.days + 1 > self._most_days

    def _insights(
        self, path: str, owner: str, asked: Mapping[str, str], paging: Mapping[str, str]
    ) -> Reply:
        if self._is_too_long(asked):
            return json_reply(500, error_body(1, "Please reduce the amount of data you're asking"))
        breakdowns = [name for name in asked.get("breakdowns", "").split(",") if name]
        key = (owner.removeprefix("act_"), asked["level"], frozenset(breakdowns))
        days = json.loads(asked["time_range"])
        windows = set(json.loads(asked.get("action_attribution_windows", "[]")))
        names = {*asked["fields"].split(","), *breakdowns, "date_start", "date_stop"}
        rows = [
            {name: _windowed(row[name], windows) for name in row if name in names}
            for row in self._rows.get(key, [])
            if days["since"] <= row["date_start"] <= days["until"]
        ]
        return self._page(path, rows, paging)

    def _page(self, path: str, rows: Sequence[Row], parameters: Mapping[str, str]) -> Reply:
        limit = int(parameters.get("limit", 25))
        start = int(base64.b64decode(parameters.get("after", "")) or 0)
        if self._empty_pages and start:
            self._empty_pages -= 1
            shown, stop = [], start
            # Another cursor for the same place, as a real one would have.
            after = base64.b64encode(f"{start:>{20 + self._empty_pages}}".encode()).decode()
        else:
            stop = start + limit
            shown = list(rows[max(0, start - self._overlap) : stop])
            after = base64.b64encode(str(stop).encode()).decode()
        if self._most_rows is not None and min(limit, len(rows) - start) > self._most_rows:
            return json_reply(500, error_body(1, "Please reduce the amount of data you're asking"))
        if self._repeats_cursor:
            after = base64.b64encode(str(limit).encode()).decode()
        paging: Row = {"cursors": {"before": "MA", "after": after}}
        if stop < len(rows):
            query = {**parameters, "after": after}
            paging["next"] = f"https://graph.facebook.com/{VERSION}/{path}?{urlencode(query)}"
        return json_reply(200, {"data": shown, "paging": paging})


def _windowed(value: Any, windows: set[str]) -> Any:
    """Leave out the attribution windows that were not asked for."""
    if not isinstance(value, list):
        return value
    hidden = ACTION_WINDOWS - windows
    return [{key: stat[key] for key in stat if key not in hidden} for stat in value]


class _Handler(BaseHTTPRequestHandler):
    graph: GraphApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._answer("GET", parts.path, dict(parse_qsl(parts.query)))

    def do_DELETE(self) -> None:
        parts = urlsplit(self.path)
        self._answer("DELETE", parts.path, dict(parse_qsl(parts.query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self._answer("POST", urlsplit(self.path).path, dict(parse_qsl(body)))

    def _answer(self, method: str, path: str, parameters: dict[str, str]) -> None:
        reply = self.graph.answer(method, path.removeprefix(f"/{VERSION}/"), parameters)
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: reply.cut_at])
        self.close_connection = self.close_connection or reply.cut_at is not None

    def log_message(self, *_: Any) -> None:
        """Keep the test output quiet."""
