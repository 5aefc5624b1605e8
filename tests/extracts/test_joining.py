"""A request that joins a waiting run widens it; nothing waits for the next schedule."""

from datetime import date

import pytest
from pydantic import ValidationError

from extracts.conftest import EXTRACTS, ExtractsFake
from headrace.extracts.windows import asked_of, date_range_of, joined_params, together
from headrace.kit.days import DayRange
from headrace.runs.schemas import LookbackWindow, Scheduling

DATED = {"date_from": "2026-11-02", "date_to": "2026-11-03"}
LIVE = {"lookback_window": {"name": "live"}}
USUAL = {"lookback_window": {"name": "default"}}


def days(first: int, last: int) -> DayRange:
    return DayRange(date(2026, 1, first), date(2026, 1, last))


@pytest.mark.parametrize(
    ("waiting", "new", "lookbacks"),
    [
        (DATED, USUAL, ["default", "default"]),
        (LIVE, {}, ["live", "default"]),
        ({}, USUAL, ["default"]),
        (LIVE, LIVE, ["live"]),
    ],
)
def test_both_requests_are_asked_for(
    waiting: dict[str, object], new: dict[str, object], lookbacks: list[str]
) -> None:
    params = joined_params(waiting, new)
    assert [each.lookback.name for each in asked_of(params)] == lookbacks
    assert joined_params(params, new) == params  # joining once more adds nothing


def test_the_days_of_the_waiting_run_stay_asked_for() -> None:
    asked = asked_of(joined_params(DATED, {}))
    assert asked[0].days == DayRange(date(2026, 11, 2), date(2026, 11, 3))
    assert (asked[1].days, asked[1].lookback) == (None, LookbackWindow())


@pytest.mark.parametrize(
    ("params", "trigger", "has_days", "expected"),
    [
        ({}, "create", True, ("auto", {})),
        (USUAL, "schedule", True, ("auto", {})),
        (LIVE, "schedule", True, ("live", {})),
        ({"lookback_window": {"name": "max"}}, "schedule", True, ("max", {})),
        (
            {"lookback_window": {"name": "custom", "days": 5}},
            "schedule",
            True,
            ("custom_refresh_window", {"days": 5}),
        ),
        (DATED, "manual", True, ("manual", DATED)),
        ({}, "backfill", True, ("sync_historical", {})),
        ({}, "schedule", False, ("lifetime", {})),
    ],
)
def test_the_engines_name_for_what_a_run_covers(  # contract 5.2
    params: dict[str, object], trigger: str, has_days: bool, expected: tuple[str, object]
) -> None:
    found = date_range_of(params, trigger, has_days=has_days)
    assert (found["type"], found["params"]) == expected


@pytest.mark.parametrize(
    ("spelled", "lookback"),
    [
        ({"type": "auto"}, LookbackWindow()),
        ({"date_range_type": "max", "params": None}, LookbackWindow(name="max")),
        (
            {"type": "custom_refresh_window", "param": {"days": 5}},
            LookbackWindow(name="custom", days=5),
        ),
    ],
)
def test_schedules_take_the_engines_names(  # contract 5.2
    spelled: dict[str, object], lookback: LookbackWindow
) -> None:
    assert Scheduling.model_validate({"date_range": spelled}).lookback_window == lookback
    with pytest.raises(ValidationError):
        Scheduling.model_validate({"date_range": {"type": "manual"}})  # no schedule has dates


def test_windows_that_others_cover_are_read_once() -> None:
    plans = [[days(20, 25), days(1, 10)], [days(21, 22), days(11, 12), days(9, 11)]]
    assert together(plans) == [days(20, 25), days(11, 12), days(9, 11), days(1, 10)]


def test_a_backfill_that_joins_a_dated_run_is_carried_out_with_it(demo: ExtractsFake) -> None:
    made = demo.create(sync_historical_data="2026-11-15")
    workspace, path = demo.workspace, f"{EXTRACTS}/{made['id']}"
    workspace.run_everything()
    dates = {"date_from": "2026-11-16", "date_to": "2026-11-16"}
    workspace.post(f"{path}/run", dates, status=200)
    answer = workspace.call("PATCH", path, json={"sync_historical_data": "2026-11-05"})
    assert answer.status_code == 200, answer.text
    workspace.run_everything()
    runs = workspace.get(f"{path}/runs")["results"]
    assert [run["status"] for run in runs] == ["succeeded", "succeeded"]
    ranges = [(run["date_range"]["type"], run["date_range"]["params"]) for run in runs]
    assert ranges == [("manual", dates), ("auto", {})]
    covered = workspace.get(f"/api/v3/data-tables/{made['data_table']['id']}/coverage")
    assert min(each["date_from"] for each in covered[0]["ranges"]) == "2026-11-05"
