"""What the contract suite reads from a fake Graph API, and the ways in which that goes wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.facebook.asking import access_to, campaign_row, days
from contract.connector_cases import BadNumber, ConnectorCase, Failing, Reading
from fakes.graph_api import TOKEN, GraphApi, error_body
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater

SECRET = "s3cret-of-the-app"
ALWAYS = 1_000_000
ONE_DAY, TWO_DAYS = days(1), days(2)
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
FIELDS = ("date_start", "campaign_id", "campaign_name", "impressions", "spend", "cpc")

AT_ONCE = Reading(
    "111",
    "campaign_performance",
    FIELDS,
    ONE_DAY,
    rows=[
        {
            "date_start": FIRST,
            "campaign_id": "120000000000000001",
            "campaign_name": "Früh­ling 春 ☀",
            "impressions": 1001,
            "spend": Decimal("1.100000000"),
            "cpc": Decimal("0.123456789"),
        },
        {
            "date_start": FIRST,
            "campaign_id": "120000000000000002",
            "campaign_name": "Campaign 2",
            "impressions": 0,
            "spend": Decimal("2.100000000"),
            "cpc": None,
        },
    ],
)
AS_A_REPORT = Reading(
    "111",
    "wide",
    (
        "date_start",
        "campaign_id",
        "country",
        "spend",
        "actions:purchase:7d_click",
        "actions:offsite_conversion.custom.9",
        "purchase_roas:omni_purchase",
    ),
    TWO_DAYS,
    settings={"attribution_windows": ["account_default"]},
    rows=[
        {
            "date_start": FIRST,
            "campaign_id": "120000000000000001",
            "country": "DE",
            "spend": Decimal("1.100000000"),
            "actions:purchase:7d_click": Decimal("4.000000000"),
            "actions:offsite_conversion.custom.9": Decimal("0E-9"),
            "purchase_roas:omni_purchase": Decimal("2.500000000"),
        },
        {
            "date_start": SECOND,
            "campaign_id": "120000000000000001",
            "country": "AT",
            "spend": Decimal("0E-9"),
            "actions:purchase:7d_click": Decimal("0E-9"),
            "actions:offsite_conversion.custom.9": Decimal("3.500000000"),
            "purchase_roas:omni_purchase": None,
        },
    ],
)
PAID_MEDIA_DAY = days(1, date(2026, 10, 9))
PAID_MEDIA = Reading(
    "111",
    "campaign_performance",
    (
        "date_start",
        "campaign_id",
        "campaign_name",
        "spend",
        "impressions",
        "clicks",
        "actions:omni_purchase",
        "action_values:omni_purchase",
        "account_currency",
    ),
    PAID_MEDIA_DAY,
    settings={"attribution_windows": ["account_default"]},
    rows=[
        {
            "date_start": PAID_MEDIA_DAY.first,
            "campaign_id": "120000000000000007",
            "campaign_name": "Campaign 7",
            "spend": Decimal("7.100000000"),
            "impressions": 1007,
            "clicks": 0,
            "actions:omni_purchase": Decimal("2.500000000"),
            "action_values:omni_purchase": Decimal("99.900000000"),
            "account_currency": "EUR",
        }
    ],
)
BAD = Reading(
    "111",
    "account_performance",
    ("date_start", "impressions", "spend"),
    ONE_DAY,
    rows=[{"date_start": FIRST, "impressions": None, "spend": Decimal("1.500000000")}],
)


def _fill(api: GraphApi) -> None:
    api.add_account("111", business={"id": "77", "name": "Agency"})
    odd = campaign_row(1, campaign_name="Früh­ling 春 ☀", cpc="0.1234567894")
    idle = campaign_row(2)
    del idle["impressions"]
    api.add_rows(
        "111",
        "campaign",
        [odd, idle],
    )
    purchases = [{"action_type": "purchase", "value": "6", "7d_click": "4"}]
    roas = [{"action_type": "omni_purchase", "value": "2.5"}]
    custom = [{"action_type": "offsite_conversion.custom.9", "value": "3.5"}]
    second = campaign_row(1, SECOND, country="AT", actions=custom)
    del second["spend"]
    first = campaign_row(1, country="DE", actions=purchases, purchase_roas=roas)
    api.add_rows("111", "campaign", [first, second], ["country"])
    bought = campaign_row(
        7,
        PAID_MEDIA_DAY.first,
        account_currency="EUR",
        actions=[
            {"action_type": "purchase", "value": "2"},
            {"action_type": "omni_purchase", "value": "2.5"},
        ],
        action_values=[{"action_type": "omni_purchase", "value": "99.9"}],
    )
    bought.pop("clicks", None)
    api.add_rows("111", "campaign", [bought])
    account = {"date_start": str(FIRST), "account_id": "111"}
    api.add_rows("111", "account", [{**account, "impressions": "12x", "spend": "1.5"}])


def _failing(api: GraphApi) -> Iterator[Failing]:
    """Each failure has an account of its own, which fails for ever."""
    answers = [
        ("no access", 403, error_body(200, "No permission"), Refused, ("ads_read",)),
        (
            "revoked meanwhile",
            400,
            error_body(190, f"Bad {TOKEN}", 460),
            Reauthorize,
            ("password",),
        ),
        ("limited", 400, error_body(80000, "limit"), SlowDown, ("rate limit",)),
        ("cut off", 200, b'{"data": [{"id": "1"', TryLater, ("cut off",)),
        ("unavailable", 503, b"<html>no</html>", TryLater, ("503",)),
        ("unknown shape", 200, {"data": {"rows": 1}}, Refused, ("shape",)),
        ("version gone", 400, error_body(2635, "deprecated"), Refused, ("upgrade",)),
        ("too big for ever", 400, error_body(100, "big", 1487534), Refused, ("fewer fields",)),
    ]
    for number, (title, status, content, outcome, says) in enumerate(answers):
        account_id = str(900 + number)
        api.add_account(account_id)
        api.fail_next(status, content, on=f"act_{account_id}/", times=ALWAYS)
        reading = Reading(account_id, "campaign_performance", FIELDS, ONE_DAY)
        yield Failing(title, reading, outcome, says)
    yield Failing(
        "breakdowns that do not combine",
        Reading("111", "wide", ("date_start", "age", "country"), ONE_DAY),
        Refused,
        ("does not combine", "age"),
    )
    yield Failing(
        "a field that does not exist",
        Reading("111", "wide", ("date_start", "dma"), ONE_DAY),
        Refused,
        ("dma",),
    )


@contextmanager
def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[ConnectorCase]:
    """A connection signed with an app secret, to accounts of which some fail for ever."""
    with GraphApi() as api:
        _fill(api)
        api.require_proof(SECRET)
        credentials = {"access_token": TOKEN, "app_secret": SECRET}
        yield ConnectorCase(
            access=access_to(api, credentials=credentials),
            readings=[AT_ONCE, AS_A_REPORT],
            refused=access_to(api, credentials={**credentials, "access_token": "EAAgone000000"}),
            empty=Reading("111", "ad_performance", ("date_start", "ad_id", "spend"), TWO_DAYS),
            bad_number=BadNumber(BAD, ("impressions",), ("12x", "Row 1")),
            failing=list(_failing(api)),
            paid_media=PAID_MEDIA,
            secrets=(TOKEN, SECRET, "EAAgone000000"),
        )
