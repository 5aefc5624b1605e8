"""Where files go: rules of patterns, values that try to escape, and which files a table owns."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.kit.columns import Column, ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused
from headrace.loaders.contract import TargetTable
from headrace.loaders.files.options import FileOptions
from headrace.loaders.files.patterns import Mark, TablePlaces, clean, digest, fixed_folder

LABELS = {
    "workspace_id": "7",
    "workspace_title": "Müller & Söhne",
    "data_source": "facebook",
    "data_table_title": "Ads",
    "report_type": "ad",
}
DAY = date(2026, 3, 9)
MOMENT = datetime(2026, 3, 10, 4, 5, 6, 7, UTC)


def places(
    params: Mapping[str, Any], table: str = "ads", labels: Mapping[str, str] = LABELS
) -> TablePlaces:
    columns = (Column("account_id", ColumnType.STRING), Column("date", ColumnType.DATE))
    target = TargetTable(table, columns, date_column="date", labels=labels)
    return TablePlaces.of(FileOptions.of({"file_format": "csv", **params}).placement, target)


@pytest.mark.parametrize(
    ("params", "period", "account", "key"),
    [
        ({}, None, None, "ads.csv"),
        ({"folder": "/a/b/"}, None, None, "a/b/ads.csv"),
        ({"file_name": "{{ filename }}.csv"}, None, None, "ads.csv"),
        ({"folder": "{{workspace_id}}/{{workspace_title}}"}, None, None, "7/Muller_Sohne/ads.csv"),
        ({"partition_by": "day"}, DAY, None, "ads-2026-03-09.csv"),
        ({"partition_by": "month"}, date(2026, 3, 1), None, "ads-2026-03.csv"),
        (
            {"partition_by": "day", "folder": "{{YYYY}}/{{MM}}", "file_name": "{{filename}}_{{DD}}"},
            DAY, None, "2026/03/ads_09.csv",
        ),
        ({"use_load_by_account": True}, None, "act-1", "ads-act-1.csv"),
        ({"use_load_by_account": True, "partition_by": "day"}, DAY, "12", "ads-12-2026-03-09.csv"),
        ({"file_format": "json+gzip"}, None, None, "ads.json.gz"),
    ],
)  # fmt: skip
def test_keys(params: dict[str, Any], period: date | None, account: str | None, key: str) -> None:
    made = places(params)
    assert made.key(period, account) == key
    place = made.place(key)
    assert place is not None
    assert (place.period, place.account, place.mark) == (period, account, None)
    assert key.startswith(made.prefix)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"folder": "{{workspace}}"}, "{{workspace}}"),
        ({"folder": "{{filename}}"}, "{{filename}}"),
        ({"folder": "{{workspace_id.__class__}}"}, "unknown variable {{workspace_id.__class__}}"),
        ({"folder": "{{''.__class__.__mro__[1]}}"}, "unknown variable"),
        ({"file_name": "{{filename}}{{timestamp}}"}, "{{timestamp}}"),
        ({"file_name": "export"}, "must contain {{filename}}"),
        ({"file_name": "{{filename}}{{account}}"}, "needs use_load_by_account"),
        ({"use_load_by_account": True, "file_name": "{{filename}}"}, "needs {{account}}"),
        ({"use_load_by_account": True, "file_name": "{{filename}}{{account}}"}, "between"),
        ({"partition_by": "month", "file_name": "{{filename}}-{{YYYY}}{{MM}}{{DD}}"}, "{{DD}}"),
        ({"partition_by": "month", "folder": "{{DD}}"}, "not allowed"),
        ({"partition_by": "day", "file_name": "{{filename}}-{{YYYY}}{{MM}}"}, "need {{DD}}"),
        ({"partition_by": "month", "file_name": "{{filename}}-{{MM}}"}, "need {{YYYY}}"),
        ({"partition_by": "week"}, "partition_by must be one of none, day, month"),
        ({"file_format": "xlsx"}, "file_format must be one of"),
        ({"folder": "../up"}, "begin with a dot"),
        ({"folder": "a/./b"}, "begin with a dot"),
        ({"folder": "a//b"}, "must not be empty"),
        ({"folder": "a\\..\\b"}, "must not hold"),
        ({"folder": "a\r\nb"}, "must not hold"),
        ({"folder": "a\0b"}, "must not hold"),
        ({"folder": "{{workspace_id}"}, "must not hold"),
        ({"file_name": "a/{{filename}}"}, "must not contain a slash"),
        ({"file_name": ".{{filename}}"}, "begin with a dot"),
        ({"separator": "||"}, "separator must be one"),
        ({"separator": '"'}, "separator must be one"),
        ({"separator": "5"}, "separator must be one"),
        ({"use_load_by_account": "yes"}, "true or false"),
        ({"folder": 5}, "folder must be a text"),
    ],
)  # fmt: skip
def test_patterns_that_are_refused(params: dict[str, Any], says: str) -> None:  # S85 S87
    with pytest.raises(Refused, match=re.escape(says)):
        places(params)


def test_tab_may_be_written_as_an_escape() -> None:
    assert FileOptions.of({"separator": "\\t"}).format.separator == "\t"
    assert FileOptions.of({"separator": ""}).format.separator == ","


@pytest.mark.parametrize("params", [{"folder": "{{timestamp}}"}, {"folder": "{{YYYY}}"}])
def test_moments_are_for_appending_only(params: dict[str, Any]) -> None:
    made = places(params)
    with pytest.raises(Refused, match="loads that append"):
        made.key(None, None)
    mark = Mark(MOMENT, digest("1"), None)
    key = made.key(None, None, mark)
    assert key.split("/")[0] in {"20260310T040506000007Z", "2026"}
    place = made.place(key)
    assert place is not None
    assert place.mark == mark


@pytest.mark.parametrize("days", [None, DayRange(DAY, date(2026, 3, 31))])
def test_marks_come_back_from_keys(days: DayRange | None) -> None:
    made = places({"partition_by": "day", "use_load_by_account": True})
    mark = Mark(MOMENT, digest("x"), days)
    place = made.place(made.key(DAY, "x", mark))
    assert place is not None
    assert (place.mark, place.period, place.account) == (mark, DAY, "x")


def test_table_without_dates_cannot_be_split_by_day() -> None:
    table = TargetTable("ads", ())
    with pytest.raises(Refused, match="no date column"):
        TablePlaces.of(FileOptions.of({"partition_by": "day"}).placement, table)


def test_label_that_is_missing_is_named() -> None:
    with pytest.raises(Refused, match="report_type"):
        places({"folder": "{{report_type}}"}, labels={})


@pytest.mark.parametrize(
    "key",
    [
        "ads.parquet", "ads_2.csv", "ads-2026-13-01.csv", "ads-2026-02-30.csv", "xads.csv",
        "ads-2026-03-09.csv.bak", ".ads-2026-03-09.csv", "sub/ads-2026-03-09.csv", "ads.csv",
        "ads-2026-03-09 (copy).csv", "ads_2-2026-03-09.csv", "ads-2026-03-09.x.csv",
        "ads-２０２６-03-09.csv",  # noqa: RUF001 - digits of another script are the point
    ],
)  # fmt: skip
def test_files_of_others_are_not_ours(key: str) -> None:
    assert places({"partition_by": "day"}).place(key) is None


def test_date_in_folder_and_name_must_agree() -> None:
    made = places({"partition_by": "month", "folder": "{{YYYY}}"})
    assert made.place("2026/ads-2026-03.csv") is not None
    assert made.place("2025/ads-2026-03.csv") is None


TEXTS = st.text(max_size=30) | st.sampled_from(["../..", "/etc", "..", ".", "a/b", "%2e%2e/", "A"])


@given(TEXTS)
def test_values_never_leave_their_place_in_the_path(value: str) -> None:  # S85
    made = places({"folder": "x/{{workspace_title}}/y"}, labels={"workspace_title": value})
    parts = made.key(None, None).split("/")
    assert len(parts) == 4
    assert (parts[0], parts[2], parts[3]) == ("x", "y", "ads.csv")
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", parts[1])
    assert ".." not in clean(value)


FILE_NAMES = ["{{filename}}-{{account}}", "{{account}}_{{filename}}", "{{filename}}_{{account}}"]
ACCOUNTS = st.sampled_from(["1", "2_1", "act_1", "a_act_1", "-1", "x", "X", "é", "act-1"]) | TEXTS
NAMES = st.from_regex(r"[A-Za-z0-9_]{1,8}", fullmatch=True) | st.sampled_from(["a", "a_act", "a_2"])


@given(st.sampled_from(FILE_NAMES), st.tuples(NAMES, ACCOUNTS), st.tuples(NAMES, ACCOUNTS))
def test_no_file_belongs_to_two_tables_or_accounts(
    file_name: str, one: tuple[str, str], other: tuple[str, str]
) -> None:
    params = {"file_name": file_name, "use_load_by_account": True}
    key = places(params, one[0]).key(None, one[1])
    assert places(params, one[0]).place(key) is not None
    if one[0] != other[0]:
        assert places(params, other[0]).place(key) is None
    if one != other:
        assert places(params, other[0]).key(None, other[1]) != key


def test_plain_accounts_are_written_as_they_are() -> None:
    made = places({"use_load_by_account": True})
    assert made.account_text("act_123") == "act_123"
    assert made.account_text("123-456-7890") == "123-456-7890"
    lone = places({"use_load_by_account": True, "file_name": "{{filename}}_{{account}}"})
    assert lone.account_text("123") == "123"
    assert lone.account_text("act_123") == f"act-123-{digest('act_123')}"


def test_too_long_a_path_is_refused() -> None:
    with pytest.raises(Refused, match="too long"):
        places({"folder": "x" * 256}).key(None, None)


@pytest.mark.parametrize(
    ("folder", "fixed"),
    [("", ""), ("a/b", "a/b"), ("a/{{YYYY}}", "a"), ("a/b{{YYYY}}/c", "a"), ("{{YYYY}}", "")],
)
def test_fixed_part_of_a_folder(folder: str, fixed: str) -> None:
    assert fixed_folder(folder) == fixed
