"""Make the folder of a new data source: `make connector name=acme_ads`."""

import sys
from pathlib import Path

from plugin_folder import ROOT, make, tell

_SOURCE = "src/headrace/connectors/sources/$name"

FILES = {
    f"{_SOURCE}/__init__.py": '''
"""The `$name` data source."""

from headrace.connectors.sources.$name.connector import $Class

CONNECTOR = $Class()
''',
    f"{_SOURCE}/spec.py": '''
"""What the `$name` data source offers, as data."""

from headrace.connectors.contract import (
    AuthForm,
    AuthKind,
    ConnectorSpec,
    DataClass,
    Field,
    FieldKind,
    Report,
    Setting,
    Template,
)
from headrace.kit.columns import ColumnType

_CAMPAIGNS = Report(
    name="campaigns",
    title="Campaigns by day",
    data_class=DataClass.DAILY,
    fields=(
        Field("date", "Date", FieldKind.DATE_KEY, ColumnType.DATE, mandatory=True),
        Field("campaign_id", "Campaign id", FieldKind.DIMENSION, mandatory=True),
        Field("campaign_name", "Campaign", FieldKind.PROPERTY),
        Field("impressions", "Impressions", FieldKind.METRIC, ColumnType.INTEGER),
        Field("spend", "Spend", FieldKind.METRIC, ColumnType.DECIMAL, format="currency"),
    ),
    date_field="date",
    lookback_days=7,
    history_days=730,
    chunk_days=30,
)

SPEC = ConnectorSpec(
    name="$name",
    title="$title",
    categories=("Advertising",),
    auth=AuthForm(
        kind=AuthKind.CREDENTIALS,
        fields=(Setting("access_token", "Access token", required=True, secret=True),),
    ),
    reports=(_CAMPAIGNS,),
    templates=(
        Template(
            code="campaigns",
            title="Campaigns",
            description="Impressions and spend of each campaign and day.",
            report="campaigns",
            selected_fields=("date", "campaign_id", "campaign_name", "impressions", "spend"),
        ),
    ),
    base_url="https://api.example.com",
)
''',
    f"{_SOURCE}/connector.py": '''
"""The connector: how accounts and reports of $title are read."""

# ruff: noqa: ARG002 - goes with the last of the refusals below

from collections.abc import Iterator

import pyarrow as pa

from headrace.connectors.contract import Access, Account, Field, ReadRequest
from headrace.connectors.sources.$name.spec import SPEC
from headrace.kit.outcomes import Refused

_UNWRITTEN = "$title cannot be read yet: its connector is not written."


class $Class:
    """Reads $title."""

    spec = SPEC

    def check(self, access: Access) -> None:
        """Prove that the credentials work, with one cheap call."""
        raise Refused(_UNWRITTEN)

    def accounts(self, access: Access) -> Iterator[Account]:
        """Yield every account the credentials reach."""
        raise Refused(_UNWRITTEN)

    def dynamic_field(self, report: str, name: str) -> Field | None:
        """Every field is declared."""
        return None

    def read(self, access: Access, request: ReadRequest) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one window."""
        raise Refused(_UNWRITTEN)
''',
    f"{_SOURCE}/README.md": """
# $title

What it reads, and what from: the vendor's API and its version.

- **Credentials**: how one gets them, and which rights they need.
- **Settings**: what each changes.
- **Time**: whose days, how long they change, how far back the vendor answers.
- **Quirks**: what one would not expect.
""",
    f"{_SOURCE}/icon.svg": """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" role="img" aria-label="$title">
  <circle cx="24" cy="24" r="20" fill="#eef4fb" stroke="#2b5c8a" stroke-width="2.5"/>
</svg>
""",
    "tests/connectors/$name/contract_case.py": '''
"""What the contract suite reads with the $name connector."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from contract.connector_cases import ConnectorCase, Reading
from headrace.connectors.contract import Access
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundHttp, OutboundPolicy

_LOCAL = OutboundPolicy(frozenset({"127.0.0.1"}))
_TOKEN = "token-$name-canary"
_FIELDS = ("date", "campaign_id", "impressions")


def _access(base_url: str, token: str = _TOKEN) -> Access:
    return Access({"access_token": token}, {}, base_url, OutboundHttp(_LOCAL), _LOCAL)


@contextmanager
def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[ConnectorCase]:
    """A fake of the vendor, served over HTTP on this machine."""
    base_url = "http://127.0.0.1:1"  # start the fake here, and give its address
    first_days = DayRange(date(2026, 3, 1), date(2026, 3, 2))
    row = {"date": date(2026, 3, 1), "campaign_id": "1", "impressions": 10}
    yield ConnectorCase(
        access=_access(base_url),
        readings=[Reading("1", "campaigns", _FIELDS, first_days, [row])],
        refused=_access(base_url, token="revoked"),
        secrets=(_TOKEN,),
    )
''',
}


def main(name: str, root: Path = ROOT) -> None:
    """Write the folder of the data source and its case for the suite."""
    written = make(name, FILES, root)
    tell(written, root, f".venv/bin/pytest tests/contract/test_connectors.py -k {name}")


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
