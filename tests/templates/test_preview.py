"""Previews show real rows as they would be stored, stop early, and leave nothing behind."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy.orm import Session

from fakes.ads_network import AdsNetwork, consented
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import accounts_of, connect_file, whole_file_template
from headrace.connectors.contract import Access, Account, ReadRequest
from headrace.connectors.registry import connectors
from headrace.kit import clock
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.kit.outcomes import Refused, SlowDown
from headrace.templates.filters import Filter, Operator
from headrace.templates.preview import MOST_READ_BYTES, Look, sampled
from headrace.templates.queries import salt_of
from headrace.templates.source import Source
from headrace.tenancy.models import Workspace
from templates.conftest import ConnectedFake, connect

FIELDS = "campaign_id campaign_name spend clicks"
DAILY = "Campaigns by day"


def test_rows_are_those_of_the_source(connected: ConnectedFake, network: AdsNetwork) -> None:
    found = connected.preview(connected.template(DAILY), FIELDS)
    assert [item["name"] for item in found["columns"]] == ["date", *FIELDS.split()]
    assert found["columns"][0] == {
        "name": "date",
        "title": "Date",
        "sql_name": "date",
        "kind": "date_key",
        "type": "date",
    }
    assert (found["date_from"], found["date_to"]) == ("2026-11-17", "2026-11-19")
    assert found["rows_count"] == len(found["rows"]) == 12
    assert found["truncated"] is False
    first = found["rows"][0]
    assert first["campaign_name"] == "Zima 1"
    assert isinstance(first["spend"], str)
    assert isinstance(first["clicks"], int)


def test_nothing_is_left_behind(connected: ConnectedFake) -> None:
    connected.preview(connected.template(DAILY), FIELDS)
    for path in ("/api/v3/data-tables", "/api/v3/extracts"):
        assert connected.workspace.get(path)["count"] == 0


def test_settings_and_filters_apply(connected: ConnectedFake) -> None:
    template = connected.template(DAILY)
    whole = connected.preview(template, "campaign_id conversions")
    half = connected.preview(
        template, "campaign_id conversions", custom_settings={"attribution": "1d_click"}
    )
    conversions = [sum(row["conversions"] for row in found["rows"]) for found in (whole, half)]
    assert 0 < conversions[1] < conversions[0]
    kept = connected.preview(
        template,
        "campaign_id conversions",
        custom_filters=[{"field": "conversions", "operator": "gt", "value": 20}],
    )
    assert kept["rows"] == [row for row in whole["rows"] if row["conversions"] > 20]
    assert 0 < kept["rows_count"] < whole["rows_count"]


def test_hashed_fields_stay_hidden(connected: ConnectedFake, session: Session) -> None:
    template = connected.create(hashed_fields=["campaign_name"])["id"]
    found = connected.preview(template, "campaign_id campaign_name")
    agency_id = session.get_one(Workspace, connected.workspace.id).agency_id
    digest = hashlib.sha256(salt_of(session, agency_id) + b"Zima 1").hexdigest()
    assert found["rows"][0]["campaign_name"] == digest
    assert "Zima" not in str(found)
    unfiltered = connected.preview(
        template,
        "campaign_id campaign_name",
        custom_filters=[{"field": "campaign_name", "operator": "eq", "value": "Zima 1"}],
    )
    assert {row["campaign_name"] for row in unfiltered["rows"]} == {digest}


def test_many_rows_are_cut_and_not_all_are_read(
    workspace: WorkspaceFake, network: AdsNetwork
) -> None:  # S91
    connected = connect(workspace, rows_per_day=1_600)
    asked = network.asked("/rows") + network.asked("/report")
    found = connected.preview(connected.template("Ads by day"), "ad_id spend", "huge-1600")
    assert found["rows_count"] == 100
    assert found["truncated"] is True
    pages = network.asked("/rows") + network.asked("/report") - asked
    assert pages < 3 * 1_600 / 500


def test_more_days_are_read_where_few_hold_no_rows(connected: ConnectedFake) -> None:
    found = connected.preview(connected.template(DAILY), FIELDS, "demo-empty")
    assert found["rows"] == []
    assert found["date_from"] == "2026-10-23"
    assert [item["name"] for item in found["columns"]] == ["date", *FIELDS.split()]


def test_reports_without_days_have_none(connected: ConnectedFake) -> None:
    found = connected.preview(connected.template("Account today"), "status ads")
    assert found["rows"] == [{"status": "ACTIVE", "ads": 12}]
    assert found["date_from"] is None


def test_a_files_columns_are_those_it_has(workspace: WorkspaceFake, imports: Path) -> None:
    (imports / "orders.csv").write_text("day,Größe,spend\n2019-01-01,xl,1.50\n2020-02-03,m,2\n")
    connection = connect_file(workspace, imports / "orders.csv", date_column="day")
    body = {
        "connection_id": connection["id"],
        "fields": [],
        "accounts": [accounts_of(workspace, connection["id"])[0]["account_id"]],
        "custom_filters": [{"field": "spend", "operator": "gt", "value": 1.6}],
    }
    path = f"/api/v3/extract-template/{whole_file_template(workspace)}/preview/"
    found = workspace.post(path, body, 200)
    assert found["rows"] == [{"day": "2020-02-03", "Größe": "m", "spend": "2"}]
    assert [item["sql_name"] for item in found["columns"]] == ["day", "groe", "spend"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fields": ["cost"]}, "fields"),
        ({"dynamic_fields": ["cost"]}, "fields"),
        ({"accounts": ["demo-none"]}, "accounts"),
        ({"accounts": []}, "accounts"),
        ({"custom_settings": {"attribution": "x"}}, "additional_params"),
        ({"custom_filters": [{"field": "x", "operator": "eq", "value": 1}]}, "custom_filters"),
        ({"custom_filters": [{"field": "spend", "operator": "like", "value": 1}]},
         "custom_filters.0.operator"),
        ({"connection_id": 2**40}, "connection_id"),
    ],
)  # fmt: skip
def test_refusals_name_their_field(
    connected: ConnectedFake, body: dict[str, Any], field: str
) -> None:
    whole = {
        "connection_id": connected.connection_id,
        "fields": ["campaign_id"],
        "accounts": ["demo-1001"],
        **body,
    }
    template = connected.template(DAILY)
    refusal = connected.workspace.post(f"/api/v3/extract-template/{template}/preview/", whole, 400)
    assert list(refusal["errors"]) == [field]


def test_accounts_and_connections_of_others_are_not_there(
    connected: ConnectedFake, other_workspace: WorkspaceFake
) -> None:
    foreign = connect(other_workspace)
    template = connected.template(DAILY)
    mine = replace(foreign, workspace=connected.workspace)
    assert "no connection" in mine.preview(template, FIELDS, status=400)["details"]


def test_the_sources_own_words_are_told(connected: ConnectedFake, network: AdsNetwork) -> None:
    template = connected.template(DAILY)
    told = connected.preview(template, FIELDS, "demo-revoked", 400)["details"]
    assert "took back the access" in told
    network.answer_next("/report", 1, 429, headers=(("Retry-After", "3600"),))
    told = connected.preview(template, FIELDS, status=400)["details"]
    assert "limits requests" in told


def test_credentials_that_ended_are_made_new(
    agency: AgencyFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:  # S63
    path = "/api/v3/datasources/demo_ads/connections"
    connection = workspace.post(path, {"credentials": consented(network)})
    with clock.shifted(timedelta(hours=2)):
        later = agency.enter(workspace.id, agency.headers)
        connected = ConnectedFake(later, connection["id"])
        asked = network.asked("/oauth/token")
        assert connected.preview(connected.template(DAILY), FIELDS)["rows_count"] > 0
        assert connected.preview(connected.template(DAILY), FIELDS)["rows_count"] > 0
        assert network.asked("/oauth/token") == asked + 1


def test_bad_values_are_shown_as_empty(connected: ConnectedFake) -> None:
    found = connected.preview(connected.template(DAILY), FIELDS, "demo-bad-number")
    assert None in [row["spend"] for row in found["rows"]]


@dataclass
class EndlessFake:
    """A source whose batches never end, and whose clock goes on with each."""

    batch: pa.RecordBatch
    seconds: float = 0.0
    given: int = 0
    fails_after: int | None = None
    shifts: list[Any] = field(default_factory=list)

    def read(self, access: Access, request: ReadRequest) -> Iterator[pa.RecordBatch]:
        while self.given != self.fails_after:
            self.given += 1
            shift = clock.shifted(timedelta(seconds=self.seconds))
            shift.__enter__()
            self.shifts.append(shift)
            yield self.batch
        raise Refused("The source ended in the middle.")


def look_at(source: Any) -> Look:
    demo = connectors()["demo_ads"]
    policy = OutboundPolicy(frozenset())
    access = Access({}, {}, "http://nowhere.example", OutboundHttp(policy), policy)
    return Look(
        source=Source(1, source, access, (Account("1", "One"),)),
        report=demo.spec.report("account_snapshot"),
        date_field=None,
        fields=("status",),
        settings={},
        filters=(),
        hashed_fields=frozenset(),
        salt=b"",
    )


def batch_of(*texts: str) -> pa.RecordBatch:
    return pa.record_batch({"status": pa.array(texts, pa.string())})


def test_reading_ends_with_the_time(request: pytest.FixtureRequest) -> None:  # S91
    source = EndlessFake(batch_of("x"), seconds=11)
    request.addfinalizer(lambda: [item.__exit__(None, None, None) for item in source.shifts[::-1]])
    found = sampled(look_at(source))
    assert (len(found.rows), found.is_truncated) == (3, True)


def test_reading_ends_with_the_bytes() -> None:  # S91
    nothing_to_show = pa.record_batch({"status": pa.array(["y" * 2_000_000], pa.string())})
    source = EndlessFake(nothing_to_show)
    found = sampled(look_at(source))
    assert (found.rows, found.is_truncated, source.given) == ([], True, 1)
    source = EndlessFake(nothing_to_show)
    found = sampled(replace(look_at(source), filters=(Filter("status", Operator.EQ, "z"),)))
    assert found.is_truncated
    assert source.given <= MOST_READ_BYTES / 2_000_000 + 1


def test_rows_found_before_a_fault_are_shown() -> None:
    found = sampled(look_at(EndlessFake(batch_of("x"), fails_after=2)))
    assert (len(found.rows), found.is_truncated) == (2, True)
    with pytest.raises(Refused):
        sampled(look_at(EndlessFake(batch_of("x"), fails_after=0)))


@dataclass
class LimitedFake:
    """A source that wants to be left alone for an hour."""

    def read(self, access: Access, request: ReadRequest) -> Iterator[pa.RecordBatch]:
        raise SlowDown("Come back in an hour.", 3600)
        yield


def test_a_source_that_wants_to_wait_is_not_waited_for() -> None:
    with pytest.raises(SlowDown, match="hour"):
        sampled(look_at(LimitedFake()))
