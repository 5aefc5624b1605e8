"""Demo Ads as a connector: check, accounts, read."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec
import pyarrow as pa

from headrace.connectors.abilities import OptionsRequest, Renewal
from headrace.connectors.contract import (
    Access,
    Account,
    AuthForm,
    AuthKind,
    Choice,
    ConnectorSpec,
    Field,
    ReadRequest,
    Setting,
    SettingType,
)
from headrace.connectors.sources.demo_ads.async_reports import finished_report
from headrace.connectors.sources.demo_ads.calls import NetworkCalls, ReportGone, ReportTooLarge
from headrace.connectors.sources.demo_ads.pages import (
    PAGE_ROWS,
    BatchMaker,
    follow_pages,
    row_type,
)
from headrace.connectors.sources.demo_ads.paid_media import PAID_MEDIA
from headrace.connectors.sources.demo_ads.renewal import CLIENT_ID, CLIENT_SECRET, renewed, revoke
from headrace.connectors.sources.demo_ads.reports import (
    ATTRIBUTION,
    CONVERSION_ACTIONS,
    LEVELS,
    REPORTS,
    SNAPSHOT,
    TEMPLATES,
)
from headrace.kit.columns import Column
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told

_MOST_ROWS_AT_ONCE = 5_000
_ACCOUNT_FIELDS = ("id", "name", "currency", "timezone", "status", "campaigns", "ads")

_AUTH = AuthForm(
    AuthKind.OAUTH2,
    fields=(
        Setting(
            "access_token",
            "Access token",
            secret=True,
            description="Left empty, the network hands out a token for its demo.",
        ),
        Setting(
            "refresh_token",
            "Refresh token",
            secret=True,
            description="Where given, the access token is renewed with it before it ends.",
        ),
    ),
    authorize_url="/oauth/authorize",
    token_url="/oauth/token",  # noqa: S106 - an address
    scopes=("ads.read",),
    shared_client=(CLIENT_ID, CLIENT_SECRET),
)
_SETTINGS = (
    Setting(
        "include_misbehaving",
        "Include accounts that misbehave",
        SettingType.BOOLEAN,
        description="Also list accounts that are slow, limited, revoked, or send broken answers.",
        initial_value=False,
    ),
    Setting(
        "rows_per_day",
        "Rows a day of a huge account",
        SettingType.INTEGER,
        description="Adds an account with exactly this many ads; each has a row every day.",
    ),
)


class Compatibility(msgspec.Struct):
    """Whether the network reports some fields together, and why not."""

    compatible: bool
    reason: str | None = None


_COMPATIBILITY = msgspec.json.Decoder(Compatibility)


class DemoAdsConnector:
    """Reads Demo Ads."""

    spec: ClassVar[ConnectorSpec] = ConnectorSpec(
        name="demo_ads",
        title="Demo Ads",
        categories=("Advertising",),
        auth=_AUTH,
        reports=REPORTS,
        templates=TEMPLATES,
        settings=_SETTINGS,
        base_url="http://127.0.0.1:8080/sandbox/demo_ads",
        paid_media=PAID_MEDIA,
    )

    def check(self, access: Access) -> None:
        """Prove that the network lets us in.

        Raises:
            Reauthorize, SlowDown, TryLater, Refused: as the connector contract says.
        """
        first_page = follow_pages(NetworkCalls(access), "/v1/accounts", {}, ("id",))
        next(first_page)

    def accounts(self, access: Access) -> Iterator[Account]:
        """Yield every account once."""
        query = (
            {"include_misbehaving": "true"} if access.settings.get("include_misbehaving") else {}
        )
        if access.settings.get("rows_per_day"):
            query["rows_per_day"] = str(access.settings["rows_per_day"])
        met: set[str] = set()
        for rows in follow_pages(NetworkCalls(access), "/v1/accounts", query, _ACCOUNT_FIELDS):
            for row in rows:
                if row.id not in met:
                    met.add(row.id)
                    counts = {"campaigns": row.campaigns, "ads": row.ads, "status": row.status}
                    yield Account(str(row.id), row.name, row.currency, row.timezone, counts)

    def dynamic_field(self, report: str, name: str) -> Field | None:  # noqa: ARG002
        """Return None: every account has the same fields."""
        return None

    def check_fields(
        self,
        access: Access,
        account: Account | None,  # noqa: ARG002 - the same for every account
        report: str,
        fields: Sequence[str],
        settings: Mapping[str, Any],  # noqa: ARG002 - and whatever the settings
    ) -> None:
        """Ask the network whether it reports these fields together; see `abilities`."""
        if report not in LEVELS:
            return
        query = {"level": LEVELS[report].name, "fields": ",".join(fields)}
        answer = NetworkCalls(access).get("/v1/compatibility", query, _COMPATIBILITY)
        if not answer.compatible:
            raise Refused(told("Demo Ads refuses these fields: {reason}", reason=answer.reason))

    def options(self, access: Access, request: OptionsRequest) -> Iterator[Choice]:
        """Yield the account's conversion actions; see `abilities`."""
        path = f"/v1/accounts/{quote(request.account.remote_id, safe='')}/conversion_actions"
        pages = follow_pages(NetworkCalls(access), path, {}, ("id", "name", "category"))
        for rows in pages:
            for row in rows:
                yield Choice(str(row.id), str(row.name), str(row.category or ""))

    def renew(self, access: Access) -> Renewal | None:
        """Exchange the refresh token; see `renewal`."""
        return renewed(access)

    def revoke(self, access: Access) -> None:
        """Give the tokens back to the network; see `abilities`."""
        revoke(access)

    def read(self, access: Access, request: ReadRequest) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one window; see the connector contract."""
        calls = NetworkCalls(access, request.journal.pause, request.journal.count_retry)
        if request.report == SNAPSHOT:
            pages = _snapshot_pages(calls, request)
        elif request.window is None:
            raise Refused(
                told("The report {report!r} is read by days; name a window.", report=request.report)
            )
        else:
            pages = _report_pages(calls, request, request.window)
        yield from BatchMaker(request, _columns(request)).batches(pages)


def _columns(request: ReadRequest) -> list[Column]:
    declared = {item.name: item for item in DemoAdsConnector.spec.report(request.report).fields}
    return [Column(name, declared[name].type) for name in request.fields]


def _account_path(request: ReadRequest) -> str:
    return f"/v1/accounts/{quote(request.account.remote_id, safe='')}"


def _snapshot_pages(calls: NetworkCalls, request: ReadRequest) -> Iterator[list[Any]]:
    decoder = msgspec.json.Decoder(row_type(tuple(request.fields)), float_hook=Decimal)
    yield [calls.get(_account_path(request), {}, decoder)]


def _report_pages(
    calls: NetworkCalls, request: ReadRequest, window: DayRange
) -> Iterator[list[Any]]:
    """Yield the report's pages: at once where it is small, else when the network has made it."""
    fields = tuple(request.fields)
    question = {
        "level": LEVELS[request.report].name,
        "date_from": window.first.isoformat(),
        "date_to": window.last.isoformat(),
        "fields": ",".join(fields),
        "attribution": str(request.settings.get(ATTRIBUTION.name) or ATTRIBUTION.initial_value),
    }
    actions = request.settings.get(CONVERSION_ACTIONS.name)
    if actions:
        question["conversion_actions"] = ",".join(map(str, actions))
    limit = {"limit": str(PAGE_ROWS)}
    if _is_small(request, window):
        try:
            yield from follow_pages(
                calls, f"{_account_path(request)}/report", {**question, **limit}, fields
            )
        except ReportTooLarge:
            calls.count_retry("report too large to be made at once")
        else:
            return
    report_id = finished_report(calls, request.journal, _account_path(request), question)
    try:
        yield from follow_pages(
            calls, f"/v1/reports/{quote(report_id, safe='')}/rows", limit, fields
        )
    except ReportGone:
        request.journal.save_bookmark({})
        raise TryLater(
            told("A report of Demo Ads expired while it was read; order another.")
        ) from None


def _is_small(request: ReadRequest, window: DayRange) -> bool:
    listed = request.account.item.get(LEVELS[request.report].counted_as)
    return isinstance(listed, int) and listed * window.day_count <= _MOST_ROWS_AT_ONCE
