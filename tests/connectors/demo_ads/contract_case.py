"""Demo Ads in the contract suite: the network itself, at a fixed day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from contract.connector_cases import BadNumber, ConnectorCase, Failing, Reading
from fakes.ads_network import AdsNetwork, demo_token, running_network
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Reauthorize, Refused, TryLater

SUNDAY = date(2026, 11, 15)
MONDAY = date(2026, 11, 16)
YESTERDAY = date(2026, 11, 19)
MONTH = DayRange(date(2026, 10, 20), date(2026, 11, 18))


@contextmanager
def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[ConnectorCase]:
    with running_network() as network:
        yield _case(network)


def _case(network: AdsNetwork) -> ConnectorCase:
    token = demo_token(network)
    wrong = "worthless-token-of-nobody"
    return ConnectorCase(
        access=network.access(token, include_misbehaving=True),
        readings=[CAMPAIGNS, ADS, ORDERED, SNAPSHOT],
        refused=network.access(wrong),
        empty=Reading("demo-empty", "ad_performance", ("date", "ad_id", "spend"), MONTH),
        bad_number=BadNumber(SPOILED, columns=("spend",), says=("Row 1,", "12,3x")),
        failing=[
            Failing("revoked", _misbehaving("revoked"), Reauthorize, ("took back",)),
            Failing("cut off", _misbehaving("cut-off"), TryLater, ("cut off",)),
            Failing("repeating cursor", _misbehaving("repeating"), TryLater, ("repeats",)),
            Failing("drifting", _misbehaving("drifting", "link_clicks"), Refused, ("link_clicks",)),
        ],
        paid_media=PAID_MEDIA,
        secrets=(token, wrong),
        wait=network.let_pass,
    )


def _misbehaving(kind: str, *more: str) -> Reading:
    return Reading(f"demo-{kind}", "ad_performance", ("date", "campaign_id", "ad_id", *more), MONTH)


def _reading(account: str, report: str, fields: str, window: DayRange | None, rows, **settings):
    names = tuple(fields.split())
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return Reading(account, report, names, window, made, settings)


CAMPAIGNS = _reading(
    "demo-1001",
    "campaign_performance",
    "date campaign_id campaign_name impressions spend",
    DayRange(SUNDAY, MONDAY),
    [
        (SUNDAY, "24053260553799000", "Zima 1", 12948, Decimal("185.6")),
        (SUNDAY, "24113547978853001", "Zima 2", 5632, Decimal("124.56")),
        (SUNDAY, "24666055035139002", "Été 3", 14716, Decimal("275.12")),
        (SUNDAY, "24831856230041003", "Evergreen 4", 10008, Decimal("140.36")),
        (MONDAY, "24053260553799000", "Zima 1", 24162, Decimal("565.74")),
        (MONDAY, "24113547978853001", "Zima 2", 16278, Decimal("299.46")),
        (MONDAY, "24666055035139002", "Été 3", 7896, Decimal("147.72")),
        (MONDAY, "24831856230041003", "Evergreen 4", 13398, Decimal("186.3")),
    ],
)
PAID_MEDIA = _reading(
    "demo-1001",
    "campaign_performance",
    "date campaign_id campaign_name spend impressions clicks conversions revenue",
    DayRange(SUNDAY, SUNDAY),
    [
        (
            SUNDAY,
            "24053260553799000",
            "Zima 1",
            Decimal("185.6"),
            12948,
            396,
            28,
            Decimal("1592.6"),
        ),
        (
            SUNDAY,
            "24113547978853001",
            "Zima 2",
            Decimal("124.56"),
            5632,
            184,
            20,
            Decimal("1306.12"),
        ),
        (
            SUNDAY,
            "24666055035139002",
            "Été 3",
            Decimal("275.12"),
            14716,
            412,
            24,
            Decimal("1298.28"),
        ),
        (
            SUNDAY,
            "24831856230041003",
            "Evergreen 4",
            Decimal("140.36"),
            10008,
            236,
            36,
            Decimal(1798),
        ),
    ],
    attribution="7d_click",
)
ADS = _reading(
    "demo-1001",
    "ad_performance",
    "date campaign_id ad_id is_video created_at clicks spend ctr frequency",
    DayRange(YESTERDAY, YESTERDAY),
    [
        (
            YESTERDAY,
            "24053260553799000",
            "120231535550000000",
            False,
            datetime(2022, 2, 28, 7, 43, 7, tzinfo=UTC),
            102,
            Decimal("35.94"),
            Decimal("3.541667"),
            Decimal("1.111111111"),
        ),
        (
            YESTERDAY,
            "24053260553799000",
            "120231535550000001",
            True,
            datetime(2022, 3, 1, 8, 11, 38, tzinfo=UTC),
            414,
            Decimal("174.06"),
            Decimal("3.752039"),
            Decimal("1.818991098"),
        ),
        (
            YESTERDAY,
            "24053260553799000",
            "120231535550000002",
            False,
            datetime(2022, 2, 27, 11, 11, 48, tzinfo=UTC),
            198,
            Decimal("140.58"),
            Decimal("5.481728"),
            Decimal("1.022071307"),
        ),
        (
            YESTERDAY,
            "24113547978853001",
            "120231535550000003",
            False,
            datetime(2020, 10, 2, 7, 42, 31, tzinfo=UTC),
            24,
            Decimal("16.92"),
            Decimal("1.581028"),
            Decimal("1.090517241"),
        ),
        (
            YESTERDAY,
            "24113547978853001",
            "120231535550000004",
            False,
            datetime(2020, 8, 17, 7, 32, 33, tzinfo=UTC),
            240,
            Decimal("89.16"),
            Decimal("2.971768"),
            Decimal("1.041795666"),
        ),
        (
            YESTERDAY,
            "24113547978853001",
            "120231535550000005",
            False,
            datetime(2022, 5, 23, 10, 0, 14, tzinfo=UTC),
            168,
            Decimal("83.04"),
            Decimal("5.479452"),
            Decimal("2.003921569"),
        ),
        (
            YESTERDAY,
            "24666055035139002",
            "120231535550000006",
            False,
            datetime(2022, 7, 23, 6, 46, 42, tzinfo=UTC),
            228,
            Decimal("189.36"),
            Decimal("5.149051"),
            Decimal("1.205882353"),
        ),
        (
            YESTERDAY,
            "24666055035139002",
            "120231535550000007",
            False,
            datetime(2021, 3, 25, 15, 50, 53, tzinfo=UTC),
            36,
            Decimal("11.94"),
            Decimal("0.615385"),
            Decimal("1.5625"),
        ),
        (
            YESTERDAY,
            "24666055035139002",
            "120231535550000008",
            False,
            datetime(2021, 2, 14, 3, 49, 42, tzinfo=UTC),
            108,
            Decimal("94.68"),
            Decimal("2.735562"),
            Decimal("1.472035794"),
        ),
        (
            YESTERDAY,
            "24831856230041003",
            "120231535550000009",
            True,
            datetime(2020, 5, 3, 0, 58, 50, tzinfo=UTC),
            132,
            Decimal("104.94"),
            Decimal("2.412281"),
            Decimal("1.299145299"),
        ),
        (
            YESTERDAY,
            "24831856230041003",
            "120231535550000010",
            False,
            datetime(2021, 9, 17, 6, 43, 35, tzinfo=UTC),
            66,
            Decimal("29.1"),
            Decimal("0.744249"),
            Decimal("1.123954373"),
        ),
        (
            YESTERDAY,
            "24831856230041003",
            "120231535550000011",
            False,
            datetime(2022, 5, 26, 0, 44, 31, tzinfo=UTC),
            156,
            Decimal("111.48"),
            Decimal("1.783265"),
            Decimal("1.888601036"),
        ),
    ],
)
ORDERED = _reading(
    "demo-failing",
    "campaign_performance",
    "date campaign_id conversions revenue",
    DayRange(YESTERDAY, YESTERDAY),
    [
        (YESTERDAY, "24509725989460000", 0, Decimal(0)),
        (YESTERDAY, "24200734363450001", 24, Decimal("1464.96")),
        (YESTERDAY, "24292564014228002", 6, Decimal("473.52")),
        (YESTERDAY, "24180755807811003", 24, Decimal("1490.4")),
        (YESTERDAY, "23930718121030004", 0, Decimal(0)),
        (YESTERDAY, "24069702106856005", 12, Decimal("679.08")),
        (YESTERDAY, "24095860597098006", 18, Decimal("967.38")),
        (YESTERDAY, "24069557364789007", 12, Decimal("509.28")),
    ],
    attribution="1d_click",
)
SNAPSHOT = _reading(
    "demo-1001",
    "account_snapshot",
    "status timezone opened_at balance spend_30_days ads",
    None,
    [
        (
            "ACTIVE",
            "Europe/Vienna",
            datetime(2020, 1, 1, 0, 0, tzinfo=UTC),
            Decimal("70611.21"),
            Decimal("47190.18"),
            12,
        ),
    ],
)
SPOILED = _reading(
    "demo-bad-number",
    "campaign_performance",
    "date campaign_id spend",
    DayRange(YESTERDAY, YESTERDAY),
    [
        (YESTERDAY, "24193788143941000", None),
        (YESTERDAY, "24197582762668001", Decimal("481.38")),
        (YESTERDAY, "24305147394254002", Decimal("345.18")),
        (YESTERDAY, "24420201799984003", Decimal("327.24")),
        (YESTERDAY, "24353208915695004", Decimal("435.12")),
        (YESTERDAY, "24329461998603005", Decimal("694.26")),
        (YESTERDAY, "24504511733107006", Decimal("559.2")),
        (YESTERDAY, "24610132938921007", Decimal("582.36")),
    ],
)
