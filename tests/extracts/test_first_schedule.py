"""The first schedule of an extract covers the template's own days, whatever it was given."""

from typing import Any

from fakes.pipelines import PipelineFake
from headrace.db.engine import transaction
from headrace.templates.models import ExtractTemplate

LIVE = {"interval": "hour", "lookback_window": {"name": "live"}}
LONG = {"interval": "week", "days": 6, "lookback_window": {"name": "custom", "days": 60}}


def _names(extract: dict[str, Any]) -> list[str]:
    return [rule["lookback_window"]["name"] for rule in extract["scheduling"]]


def test_only_further_schedules_are_for_other_days(pipeline: PipelineFake) -> None:
    with transaction(pipeline.workspace.resources.sessions) as session:
        session.get_one(ExtractTemplate, pipeline.template_id).schedules_limit = 3
    path = f"/api/v3/extracts/{pipeline.extract_id}"
    for rules, kept in (
        ([LIVE], ["default"]),
        ([LIVE, LONG], ["default", "custom"]),
        ([LONG, LIVE, LONG], ["default", "live", "custom"]),
    ):
        answer = pipeline.workspace.call("PATCH", path, json={"scheduling": rules})
        assert answer.status_code == 200, answer.text
        assert _names(answer.json()) == kept
        assert [rule["interval"] for rule in answer.json()["scheduling"]] == [
            rule["interval"] for rule in rules
        ]
