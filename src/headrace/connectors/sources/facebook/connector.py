"""Meta Ads Insights as a connector: check, accounts, dynamic fields, read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import pyarrow as pa

from headrace.connectors.abilities import Grant, OptionsRequest, Renewal
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
from headrace.connectors.sources.facebook.actions import describe, parse_action_field
from headrace.connectors.sources.facebook.calls import Graph, NotAllowed, plain_outcomes
from headrace.connectors.sources.facebook.oauth import finish_grant, renewed, revoke
from headrace.connectors.sources.facebook.options import action_types
from headrace.connectors.sources.facebook.pages import page_decoder, read_pages
from headrace.connectors.sources.facebook.paid_media import PAID_MEDIA
from headrace.connectors.sources.facebook.plan import plan_insights, refuse_forgotten
from headrace.connectors.sources.facebook.reading import WindowReader
from headrace.connectors.sources.facebook.reports import REPORTS, SHAPES, TEMPLATES
from headrace.connectors.sources.facebook.version import API_VERSION, SUNSET
from headrace.kit import clock
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

SCOPES = ("ads_read", "business_management")

AUTH = AuthForm(
    AuthKind.OAUTH2,
    fields=(
        Setting(
            "access_token",
            "Access token",
            required=True,
            secret=True,
            description="A long-lived user token, or a system user's, with the permission ads_read.",
        ),
        Setting("app_id", "App ID", description="Of the app the token was made for."),
        Setting(
            "app_secret",
            "App secret",
            secret=True,
            description="Where given, every call is signed with it (appsecret_proof).",
        ),
    ),
    authorize_url=f"https://www.facebook.com/{API_VERSION}/dialog/oauth",
    token_url=f"/{API_VERSION}/oauth/access_token",
    scopes=SCOPES,
    needed_scopes=("ads_read",),
    token_by_get=True,
    client_fields=("app_id", "app_secret"),
)

BUSINESS_ACCOUNTS = Setting(
    "include_business_accounts",
    "Include accounts of businesses",
    SettingType.BOOLEAN,
    description=(
        "Also list ad accounts that the person reaches only through a business: those it owns and "
        "those its clients share with it."
    ),
    initial_value=False,
)

_ACCOUNT_PAGE = 100
_ACCOUNT_STATUSES = {
    1: "active",
    2: "disabled",
    3: "unsettled",
    7: "pending risk review",
    8: "pending settlement",
    9: "in grace period",
    100: "pending closure",
    101: "closed",
    201: "any active",
    202: "any closed",
}
_ACCOUNT_FIELDS = "id,account_id,name,currency,timezone_name,account_status"


class BusinessRow(msgspec.Struct):
    """A business as Meta lists it."""

    id: int | str
    name: str | None = None


class AdAccountRow(msgspec.Struct):
    """An ad account as Meta lists it."""

    id: int | str | None = None
    account_id: int | str | None = None
    name: str | None = None
    currency: str | None = None
    timezone_name: str | None = None
    account_status: Any = None
    business: BusinessRow | None = None


_ACCOUNTS = page_decoder(AdAccountRow)
_BUSINESSES = page_decoder(BusinessRow)


class FacebookConnector:
    """Reads Meta Ads Insights."""

    spec: ClassVar[ConnectorSpec] = ConnectorSpec(
        name="facebook",
        title="Meta Ads",
        categories=("Advertising",),
        auth=AUTH,
        reports=REPORTS,
        templates=TEMPLATES,
        settings=(BUSINESS_ACCOUNTS,),
        base_url="https://graph.facebook.com",
        sunset=SUNSET,
        docs_url="https://developers.facebook.com/docs/marketing-api/insights",
        paid_media=PAID_MEDIA,
    )

    def check(self, access: Access) -> None:
        """Prove that the token reaches ad accounts.

        Raises:
            Reauthorize, SlowDown, TryLater, Refused: as the connector contract says.
        """
        with plain_outcomes():
            Graph(access).get("me/adaccounts", {"fields": "id", "limit": "1"}, _ACCOUNTS)

    def accounts(self, access: Access) -> Iterator[Account]:
        """Yield every ad account once, closed ones too: their figures can still be read."""
        met: set[str] = set()
        with_businesses = bool(access.settings.get(BUSINESS_ACCOUNTS.name))
        with plain_outcomes():
            for row in self._account_rows(Graph(access), with_businesses):
                account = as_account(row)
                if account.remote_id not in met:
                    met.add(account.remote_id)
                    yield account

    def dynamic_field(self, report: str, name: str) -> Field | None:
        """Describe `list:action_type[:window]`; action types differ from account to account."""
        action = parse_action_field(name)
        return describe(action) if action and report in SHAPES else None

    def check_fields(
        self,
        access: Access,  # noqa: ARG002 - Meta publishes its rules instead of answering
        account: Account | None,  # noqa: ARG002 - the same for every account
        report: str,
        fields: Sequence[str],
        settings: Mapping[str, Any],
    ) -> None:
        """Check fields by Meta's published rules of what goes together; see `abilities`."""
        plan_insights(SHAPES[report], fields, settings)

    def options(self, access: Access, request: OptionsRequest) -> Iterator[Choice]:
        """Yield the account's action types, the one thing only it knows; see `abilities`."""
        with plain_outcomes():
            yield from action_types(Graph(access), request.account)

    def renew(self, access: Access) -> Renewal | None:
        """Exchange the token for a fresh one while it lives; see `abilities`."""
        return renewed(access)

    def finish_grant(self, access: Access) -> Grant:
        """Make the dialog's token last, and ask what was granted; see `abilities`."""
        return finish_grant(access)

    def revoke(self, access: Access) -> None:
        """Take back what the person granted; see `abilities`."""
        revoke(access)

    def read(self, access: Access, request: ReadRequest) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one window; see the connector contract."""
        if request.window is None:
            raise Refused(
                told(
                    "The report {report!r} of Meta is read by days; name a window.",
                    report=request.report,
                )
            )
        plan = plan_insights(SHAPES[request.report], request.fields, request.settings)
        refuse_forgotten(plan, request.window, clock.today(request.account.timezone))
        journal = request.journal
        graph = Graph(access, journal.pause, journal.count_retry)
        with plain_outcomes():
            yield from WindowReader(graph, request, plan).read(request.window)

    def _account_rows(self, graph: Graph, with_businesses: bool) -> Iterator[AdAccountRow]:
        try:
            yield from _edge(graph, "me/adaccounts", f"{_ACCOUNT_FIELDS},business{{id,name}}")
        except NotAllowed:
            # The business of an account takes a permission of its own; the account itself does not.
            yield from _edge(graph, "me/adaccounts", _ACCOUNT_FIELDS)
        if not with_businesses:
            return
        for business in _rows(graph, "me/businesses", "id,name", _BUSINESSES):
            for edge in ("owned_ad_accounts", "client_ad_accounts"):
                try:
                    yield from _edge(graph, f"{business.id}/{edge}", _ACCOUNT_FIELDS)
                except NotAllowed:
                    # A business that is closed to this person must not hide those of the others.
                    continue


def as_account(row: AdAccountRow) -> Account:
    """Turn Meta's ad account into ours: shown without the prefix that calls need."""
    remote_id = str(row.account_id or row.id or "").removeprefix("act_")
    status = _ACCOUNT_STATUSES.get(row.account_status, row.account_status)
    item = {"account_status": status, "timezone_name": row.timezone_name}
    if row.business:
        item |= {"business_id": str(row.business.id), "business_name": row.business.name}
    return Account(
        remote_id=remote_id,
        title=row.name or remote_id,
        currency=row.currency,
        timezone=_known_zone(row.timezone_name),
        item={key: value for key, value in item.items() if value is not None},
    )


def _known_zone(name: str | None) -> str:
    try:
        return ZoneInfo(name or "UTC").key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def _edge(graph: Graph, path: str, fields: str) -> Iterator[AdAccountRow]:
    yield from _rows(graph, path, fields, _ACCOUNTS)


def _rows(graph: Graph, path: str, fields: str, decoder: Any) -> Iterator[Any]:
    for rows in read_pages(graph, path, {"fields": fields}, decoder, _ACCOUNT_PAGE):
        yield from rows
