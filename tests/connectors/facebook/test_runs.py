"""Asynchronous report runs: every status, found again after a crash, stuck, gone."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.facebook.asking import campaign_days, days, read_rows, request_for
from fakes.graph_api import GraphApi, Row, error_body
from fakes.journal import RecordingJournal
from headrace.connectors.sources.facebook.report_runs import (
    POLL_SECONDS,
    RUN_LIFETIME,
    STUCK_AFTER,
    RunState,
    state_of,
)
from headrace.kit import clock
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater

FIELDS = ("date_start", "campaign_id", "spend")
DONE = "Job Completed"
RUNNING = {"async_status": "Job Running", "async_percent_completion": 100}
WINDOW = days(3)


class Killed(BaseException):
    """Stands for a worker that dies."""


@pytest.fixture
def filled(api: GraphApi) -> GraphApi:
    api.add_rows("111", "campaign", campaign_days(2, 3))
    return api


def read(api: GraphApi, journal: RecordingJournal | None = None) -> list[Row]:
    return read_rows(api, request_for("campaign_performance", FIELDS, WINDOW, journal))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Job Not Started", RunState.WAITING),
        ("Job Started", RunState.WAITING),
        ("Job Running", RunState.WAITING),
        ("Job Completed", RunState.DONE),
        ("Job Failed", RunState.FAILED),
        ("Job Skipped", RunState.FAILED),
        ("Job Dreaming", RunState.WAITING),
        (None, RunState.WAITING),
    ],
)
def test_each_status_has_its_meaning(status: str | None, state: RunState) -> None:
    assert state_of(status) is state


def test_a_run_is_followed_through_its_statuses_whatever_the_percentage(filled: GraphApi) -> None:
    filled.script_runs(["Job Not Started", "Job Started", RUNNING, RUNNING, DONE])
    journal = RecordingJournal()

    assert len(read(filled, journal)) == 6
    assert journal.pauses == list(POLL_SECONDS[:4])


def test_a_run_is_told_by_a_number_or_by_text(filled: GraphApi) -> None:
    filled.name_runs_in_text()

    assert len(read(filled)) == 6


def test_a_long_run_gives_the_worker_back_and_is_found_again(filled: GraphApi) -> None:
    filled.script_runs([*[RUNNING] * 12, DONE])
    journal = RecordingJournal()

    with pytest.raises(SlowDown, match="still preparing") as slow:
        read(filled, journal)
    assert slow.value.after_seconds > 0
    assert len(read(filled, journal)) == 6
    assert len(filled.calls_to("act_111/insights", "POST")) == 1


def test_a_run_is_found_again_after_a_crash(filled: GraphApi) -> None:  # F01
    filled.script_runs([RUNNING, RUNNING, DONE])

    def die(_: float) -> None:
        raise Killed

    crashed = RecordingJournal(on_pause=die)
    with pytest.raises(Killed):
        read(filled, crashed)
    restarted = RecordingJournal(saved=crashed.saved)

    assert len(read(filled, restarted)) == 6
    assert len(filled.calls_to("act_111/insights", "POST")) == 1


def test_a_run_of_other_fields_is_not_taken_for_this_one(filled: GraphApi) -> None:
    journal = RecordingJournal()
    read(filled, journal)

    rows = read_rows(
        filled, request_for("campaign_performance", ("campaign_name",), WINDOW, journal)
    )

    assert rows[0] == {"campaign_name": "Campaign 0"}
    assert len(filled.calls_to("act_111/insights", "POST")) == 2


def test_a_run_whose_figures_are_old_is_started_anew(filled: GraphApi) -> None:
    journal = RecordingJournal()
    read(filled, journal)

    with clock.shifted(RUN_LIFETIME + timedelta(hours=1)):
        assert len(read(filled, journal)) == 6
    assert len(filled.calls_to("act_111/insights", "POST")) == 2


def test_a_run_that_is_gone_is_started_anew(filled: GraphApi) -> None:  # F06
    journal = RecordingJournal()
    read(filled, journal)
    filled.expire_runs()

    assert len(read(filled, journal)) == 6
    assert len(filled.calls_to("act_111/insights", "POST")) == 2


def test_a_run_that_vanishes_while_it_is_followed_is_started_anew(filled: GraphApi) -> None:
    filled.script_runs([RUNNING, DONE])
    journal = RecordingJournal(on_pause=lambda seconds: filled.expire_runs())

    assert len(read(filled, journal)) == 6
    assert len(filled.calls_to("act_111/insights", "POST")) == 2


def test_a_run_that_vanishes_before_its_rows_are_read_is_made_again_later(
    filled: GraphApi,
) -> None:  # F06
    journal = RecordingJournal()
    filled.fail_next(400, error_body(100, "does not exist", 33), on="6000000000000001/insights")

    with pytest.raises(TryLater, match="dropped the report"):
        read(filled, journal)
    assert len(read(filled, journal)) == 6
    assert len(filled.calls_to("act_111/insights", "POST")) == 2


@pytest.mark.parametrize("ending", ["Job Failed", "Job Skipped"])
def test_a_run_that_fails_without_a_reason_is_started_again(
    filled: GraphApi, ending: str
) -> None:  # F06
    filled.script_runs(["Job Running", ending], [ending])
    journal = RecordingJournal()

    assert len(read(filled, journal)) == 6
    assert len(filled.calls_to("act_111/insights", "POST")) == 3
    assert len(journal.retries) == 2


def test_a_run_that_fails_again_and_again_is_cut_smaller(filled: GraphApi) -> None:  # F06
    filled.script_runs(*[["Job Failed"]] * 3)
    journal = RecordingJournal()

    assert len(read(filled, journal)) == 6
    assert journal.saved is not None
    assert journal.saved["piece_days"] == 1


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"error_code": 190, "error_subcode": 463}, Reauthorize),
        ({"error_code": 100, "error_message": "(#100) no such field"}, Refused),
        ({"error_code": 4, "error_subcode": 1504022}, SlowDown),
    ],
)
def test_a_run_that_says_why_it_failed_is_believed(
    filled: GraphApi, told: dict[str, Any], outcome: type[Exception]
) -> None:
    filled.script_runs([{"async_status": "Job Failed", **told}])

    with pytest.raises(outcome):
        read(filled)
    assert len(filled.calls_to("act_111/insights", "POST")) == 1


def test_a_run_that_says_it_is_too_big_is_cut_smaller_at_once(filled: GraphApi) -> None:
    filled.script_runs([{"async_status": "Job Failed", "error_code": 2, "error_subcode": 1504018}])
    journal = RecordingJournal()

    assert len(read(filled, journal)) == 6
    assert len(filled.calls_to("act_111/insights", "POST")) == 1
    assert len(filled.calls_to("act_111/insights", "GET")) == 3


def test_a_run_that_never_ends_is_cut_smaller(filled: GraphApi) -> None:  # F06
    filled.script_runs([{"async_status": "Job Running", "async_percent_completion": 0}])
    journal = RecordingJournal()
    with pytest.raises(SlowDown):
        read(filled, journal)

    with clock.shifted(STUCK_AFTER + timedelta(minutes=1)):
        assert len(read(filled, journal)) == 6
    assert journal.saved is not None
    assert journal.saved["piece_days"] == 1
