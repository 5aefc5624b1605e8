"""What a client may choose of a report, and what each refusal says."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.connectors.contract import (
    AuthForm,
    AuthKind,
    Choice,
    ConnectorSpec,
    DataClass,
    Field,
    FieldKind,
    Report,
    Setting,
    SettingType,
)
from headrace.extracts import choices
from headrace.extracts.errors import (
    DimensionsFixed,
    HistoryInFuture,
    HistoryTooDeep,
    HistoryWithoutDays,
)
from headrace.kit.columns import ColumnType
from headrace.rest.errors import AppError
from headrace.templates import choices as template_choices
from headrace.templates.errors import FieldNotInReport, SettingUnknown, TooManySchedules

TODAY = date(2026, 3, 31)
REPORT = Report(
    name="ads",
    title="Ads",
    data_class=DataClass.DAILY,
    fields=(
        Field("date", "Date", FieldKind.DATE_KEY, ColumnType.DATE, mandatory=True),
        Field("ad_id", "Ad id", FieldKind.DIMENSION, mandatory=True),
        Field("country", "Country", FieldKind.DIMENSION),
        Field("clicks", "Clicks", FieldKind.METRIC, ColumnType.INTEGER),
        Field("ad_name", "Name", FieldKind.PROPERTY),
    ),
    date_field="date",
    lookback_days=7,
    history_days=90,
    settings=(
        Setting("level", "Level", SettingType.SELECT, choices=(Choice("ad", "Ad"), Choice("set", "Set")),
                initial_value="ad"),
        Setting("parts", "Parts", SettingType.MULTI_SELECT, choices=(Choice("a", "A"), Choice("b", "B")),
                initial_value=[]),
        Setting("deep", "Deep", SettingType.BOOLEAN, initial_value=False),
        Setting("limit", "Limit", SettingType.INTEGER),
        Setting("note", "Note", SettingType.STRING),
        Setting("people", "People", SettingType.DYNAMIC_MULTI_SELECT),
        Setting("since", "Since", SettingType.DATE),
    ),
)  # fmt: skip


class Source:
    """A connector with one report and fields `action_*` that only some accounts have."""

    spec = ConnectorSpec(
        name="source",
        title="Source",
        categories=("Ads",),
        auth=AuthForm(AuthKind.CREDENTIALS),
        reports=(REPORT,),
        templates=(),
    )

    def dynamic_field(self, report: str, name: str) -> Field | None:
        """Fields of actions."""
        if not name.startswith("action_"):
            return None
        return Field(name, name, FieldKind.METRIC, ColumnType.DECIMAL, is_dynamic=True)


SOURCE: Any = Source()


@pytest.mark.parametrize(
    ("asked", "dynamic", "expected"),
    [
        (["date", "ad_id", "clicks"], [], ["date", "ad_id", "clicks"]),
        (["clicks"], [], ["date", "ad_id", "clicks"]),
        (["clicks", "date"], [], ["ad_id", "clicks", "date"]),
        ([], [], ["date", "ad_id"]),
        (["clicks", "clicks"], [], ["date", "ad_id", "clicks"]),
        (["clicks"], ["action_buy"], ["date", "ad_id", "clicks", "action_buy"]),
        (["account_id", "__insert_date", "clicks"], [], ["date", "ad_id", "clicks"]),
    ],
)
def test_mandatory_fields_are_always_read(
    asked: list[str], dynamic: list[str], expected: list[str]
) -> None:
    assert template_choices.chosen_fields(SOURCE, REPORT, asked, dynamic) == expected


@pytest.mark.parametrize("name", ["nope", "Clicks", "clicks ", "", "x'; DROP TABLE ads; --"])
def test_unknown_fields_are_named(name: str) -> None:
    with pytest.raises(FieldNotInReport) as caught:
        template_choices.chosen_fields(SOURCE, REPORT, ["clicks", name])
    assert name in str(caught.value)


def test_reports_that_declare_nothing_take_nothing() -> None:
    assert template_choices.chosen_fields(SOURCE, replace(REPORT, fields=()), ["anything"]) == []


def test_descriptions_come_in_the_order_asked_for() -> None:
    found = template_choices.described(SOURCE, REPORT, ["clicks", "action_buy", "date"])
    assert [item.name for item in found] == ["clicks", "action_buy", "date"]


def test_dimensions_of_a_wide_extract_stay() -> None:
    wide = replace(REPORT, is_wide=True)
    before = ["date", "ad_id", "country"]
    choices.keeps_dimensions(SOURCE, wide, before, ["country", "date", "ad_id", "clicks"])
    choices.keeps_dimensions(SOURCE, REPORT, before, ["date", "ad_id"])  # not a wide one
    for after in (["date", "ad_id"], ["ad_id", "country"]):
        with pytest.raises(DimensionsFixed):
            choices.keeps_dimensions(SOURCE, wide, before, after)


def test_settings_are_defaults_then_template_then_asked() -> None:
    found = template_choices.chosen_settings(REPORT, {"level": "set", "limit": 5}, {"limit": 7})
    assert found == {
        "level": "set", "parts": [], "deep": False, "limit": 7,
        "note": None, "people": None, "since": None,
    }  # fmt: skip


def test_settings_that_can_be_are_taken() -> None:
    asked = {"note": "", "people": ["a", "b"], "since": "2026-01-31", "parts": ["b"], "deep": True}
    assert template_choices.chosen_settings(REPORT, {}, asked).items() >= asked.items()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"nope": 1}, "no setting 'nope'"),
        ({"level": "campaign"}, "level takes ad, set; not 'campaign'"),
        ({"level": ["ad"]}, "level takes"),
        ({"level": None}, "level takes"),
        ({"parts": "a"}, "parts takes a list"),
        ({"parts": ["a", "c"]}, "not 'c'"),
        ({"deep": "yes"}, "true or false"),
        ({"deep": 1}, "true or false"),
        ({"limit": "5"}, "whole number"),
        ({"limit": True}, "whole number"),
        ({"limit": 1.5}, "whole number"),
        ({"note": {"a": 1}}, "note takes text"),
        ({"note": 5}, "note takes text"),
        ({"people": "a"}, "people takes a list"),
        ({"people": ["a", 1]}, "people takes text"),
        ({"since": "soon"}, "since takes a day"),
        ({"since": 20260101}, "since takes text"),
    ],
)
def test_settings_that_cannot_be_are_named(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingUnknown) as caught:
        template_choices.chosen_settings(REPORT, {}, asked)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, TODAY - timedelta(90)),
        (TODAY, TODAY),
        (TODAY - timedelta(90), TODAY - timedelta(90)),
    ],
)
def test_history(asked: date | None, found: date) -> None:
    assert choices.chosen_history(REPORT, True, asked, TODAY) == found


@pytest.mark.parametrize(
    ("has_days", "asked", "refusal", "says"),
    [
        (True, TODAY + timedelta(1), HistoryInFuture, "future"),
        (True, TODAY - timedelta(91), HistoryTooDeep, "2025-12-31"),
        (True, date.min, HistoryTooDeep, "2025-12-31"),
        (False, TODAY, HistoryWithoutDays, "day"),
    ],
)
def test_history_that_cannot_be_is_refused(
    has_days: bool, asked: date, refusal: type[AppError], says: str
) -> None:
    with pytest.raises(refusal, match=says):
        choices.chosen_history(REPORT, has_days, asked, TODAY)


def test_reports_without_days_have_no_history() -> None:
    assert choices.chosen_history(REPORT, False, None, TODAY) is None


def test_schedules_are_counted() -> None:
    template_choices.check_schedule_count(3, 3)
    with pytest.raises(TooManySchedules, match="3"):
        template_choices.check_schedule_count(4, 3)


@given(st.lists(st.sampled_from([item.name for item in REPORT.fields] + ["action_x"])))
def test_fields_are_chosen_once_and_choosing_again_changes_nothing(asked: list[str]) -> None:
    chosen = template_choices.chosen_fields(SOURCE, REPORT, asked)
    assert len(chosen) == len(set(chosen))
    assert {"date", "ad_id", *asked} == set(chosen)
    assert template_choices.chosen_fields(SOURCE, REPORT, chosen) == chosen
