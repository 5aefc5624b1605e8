"""What each policy makes of columns that a source changes: judged by cases, and done to a real file."""

from typing import Any

import pytest
from sqlalchemy import text

from fakes.pipelines import PipelineFake
from headrace.data_tables.drift import Change, Drift, SchemaPolicy, Verdict, judged
from headrace.db.engine import transaction
from headrace.kit.columns import ColumnType

TEXT, WHOLE, MONEY = ColumnType.STRING, ColumnType.INTEGER, ColumnType.DECIMAL
TABLE = {"day": ColumnType.DATE, "name": TEXT, "clicks": WHOLE, "spend": MONEY}
EVOLVE, FREEZE, FAIL = SchemaPolicy.EVOLVE, SchemaPolicy.FREEZE, SchemaPolicy.FAIL

ADDED = Drift("region", Change.ADDED, None, TEXT)
DROPPED = Drift("clicks", Change.DROPPED, WHOLE, None)
WIDENED = Drift("clicks", Change.WIDENED, WHOLE, MONEY)
NARROWED = Drift("spend", Change.NARROWED, MONEY, WHOLE)


def judge(policy: SchemaPolicy, now: dict[str, ColumnType], **more: Any) -> Verdict:
    given = {"table": TABLE, "last": TABLE, "may_drop": True} | more
    return judged(policy, now=now, **given)


def without(name: str) -> dict[str, ColumnType]:
    return {other: kind for other, kind in TABLE.items() if other != name}


@pytest.mark.parametrize(
    ("now", "drifts", "left_out", "forced"),
    [
        pytest.param(TABLE, (), set(), {}, id="the same"),
        pytest.param(TABLE | {"region": TEXT}, (ADDED,), {"region"}, {}, id="added"),
        pytest.param(without("clicks"), (DROPPED,), set(), {}, id="dropped"),
        pytest.param(TABLE | {"clicks": MONEY}, (WIDENED,), set(), {"clicks": WHOLE}, id="widened"),
        pytest.param(TABLE | {"spend": WHOLE}, (NARROWED,), set(), {}, id="narrowed"),
        pytest.param(
            without("clicks") | {"region": TEXT}, (ADDED, DROPPED), {"region"}, {}, id="renamed"
        ),
    ],
)
def test_every_policy_says_what_it_does(  # F10
    now: dict[str, ColumnType],
    drifts: tuple[Drift, ...],
    left_out: set[str],
    forced: dict[str, ColumnType],
) -> None:
    changes = {drift.change for drift in drifts}
    assert judge(EVOLVE, now) == Verdict(
        drifts, grows=bool(changes & {Change.ADDED, Change.WIDENED})
    )
    assert judge(FREEZE, now) == Verdict(drifts, frozenset(left_out), forced)
    fatal = [drift for drift in drifts if drift.change is not Change.NARROWED]
    assert judge(FAIL, now).refused == (fatal[0] if fatal else None)


@pytest.mark.parametrize("policy", SchemaPolicy)
def test_what_is_no_drift(policy: SchemaPolicy) -> None:
    first = judged(policy, {}, None, TABLE, may_drop=True)
    assert first == Verdict(grows=True)  # the first read of a table that declares nothing
    assert judge(policy, without("clicks"), last=None).drifts == ()  # an account that never had it
    assert judge(policy, without("clicks"), may_drop=False).drifts == ()  # a person's choice


HEAD = "day,campaign,spend,clicks\n"


def put_policy(pipeline: PipelineFake, policy: str) -> dict[str, Any]:
    path = f"/api/v3/data-tables/{pipeline.data_table_id}"
    answer = pipeline.workspace.call("PUT", path, json={"schema_policy": policy})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def run_on(pipeline: PipelineFake, content: str) -> dict[str, Any]:
    """Run the extract on other content, and return the run."""
    workspace, path = pipeline.workspace, f"/api/v3/extracts/{pipeline.extract_id}"
    pipeline.file.write_text(content)
    workspace.post(f"{path}/run", status=200)
    workspace.run_everything()
    run: dict[str, Any] = workspace.get(f"{path}/runs")["results"][0]
    return run


def rows_of(pipeline: PipelineFake, *names: str) -> list[tuple[Any, ...]]:
    path = f"/api/v3/data-tables/{pipeline.data_table_id}/rows"
    return [tuple(row.get(name) for name in names) for row in pipeline.workspace.get(path)["rows"]]


def changes_of(pipeline: PipelineFake) -> list[tuple[Any, ...]]:
    path = f"/api/v3/data-tables/{pipeline.data_table_id}/schema_changes"
    listed = pipeline.workspace.get(path)["results"]
    assert all(each["account_id"] == pipeline.file.name for each in listed)
    return [(each["column"], each["change"], each["is_taken"]) for each in reversed(listed)]


def test_evolve_takes_everything_and_says_so(pipeline: PipelineFake) -> None:  # F10
    assert (
        pipeline.workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}")["schema_policy"]
        == "evolve"
    )
    run_on(pipeline, "day,campaign,spend,clicks,geo\n2026-01-01,a,2,3.5,north\n")
    run_on(pipeline, 'day,campaign,clicks,geo\n2026-01-01,a,4,"{""x"": 1}"\n')
    assert rows_of(pipeline, "clicks", "geo", "spend") == [("4", '{"x": 1}', None)]
    assert changes_of(pipeline) == [
        ("clicks", "widened", True),
        ("geo", "added", True),
        ("spend", "narrowed", True),
        ("spend", "dropped", True),
        ("clicks", "narrowed", True),
    ]


def test_a_frozen_table_stays_as_it_is(pipeline: PipelineFake) -> None:  # F10
    assert put_policy(pipeline, "freeze")["schema_policy"] == "freeze"
    fields = pipeline.workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}")["fields"]
    run = run_on(pipeline, "day,campaign,spend,clicks,geo\n2026-01-01,a,2.5,7,north\n")
    assert run["status"] == "succeeded"
    run_on(pipeline, "day,campaign,spend,clicks,geo\n2026-01-01,a,2.5,8,south\n")
    assert rows_of(pipeline, "campaign", "clicks", "geo") == [("a", 8, None)]
    table = pipeline.workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}")
    assert table["fields"] == fields
    assert changes_of(pipeline) == [("geo", "added", False)]  # told once
    load = pipeline.workspace.get(f"/api/v3/loads/{pipeline.load_id}")
    assert (load["status"], load["uploaded_rows_count"]) == ("synced", 1)

    put_policy(pipeline, "evolve")
    run_on(pipeline, "day,campaign,spend,clicks,geo\n2026-01-01,a,2.5,8,south\n")
    assert rows_of(pipeline, "geo") == [("south",)]
    assert changes_of(pipeline)[-1] == ("geo", "added", True)


@pytest.mark.parametrize("bad_values", ["fail", "null_and_count"])
def test_what_no_longer_fits_a_frozen_column(
    pipeline: PipelineFake, bad_values: str
) -> None:  # F10
    put_policy(pipeline, "freeze")
    with transaction(pipeline.workspace.resources.sessions) as session:
        session.execute(
            text("UPDATE extract SET bad_values = :it WHERE id = :id"),
            {"it": bad_values, "id": pipeline.extract_id},
        )
    run = run_on(pipeline, HEAD + "2026-01-01,a,2.5,7.0\n2026-01-02,b,2.5,7.5\n")
    if bad_values == "fail":
        assert (run["status"], run["error_class"]) == ("failed", "Refused")
        assert "'clicks'" in run["error_text"]
        assert rows_of(pipeline, "campaign", "clicks") == [("a", 3), ("b", 4)]  # as before
    else:
        assert (run["status"], run["rows_rejected"]) == ("succeeded", 1)
        assert rows_of(pipeline, "campaign", "clicks") == [("a", 7), ("b", None)]
        assert changes_of(pipeline) == [("clicks", "widened", False)]


@pytest.mark.parametrize(
    ("content", "column", "change"),
    [
        ("day,campaign,spend,clicks,geo\n2026-01-01,a,2.5,7,north\n", "geo", "added"),
        ("day,campaign,spend\n2026-01-01,a,2.5\n", "clicks", "dropped"),
        (HEAD + "2026-01-01,a,2.5,7.5\n", "clicks", "widened"),
    ],
)
def test_a_strict_table_refuses_before_anything_is_stored(  # F10
    pipeline: PipelineFake, content: str, column: str, change: str
) -> None:
    put_policy(pipeline, "fail")
    for _ in range(2):
        run = run_on(pipeline, content)
        assert (run["status"], run["error_class"]) == ("failed", "Refused")
        assert repr(column) in run["error_text"]
    assert rows_of(pipeline, "campaign", "clicks") == [("a", 3), ("b", 4)]
    assert changes_of(pipeline) == [(column, change, False)]
    run = run_on(pipeline, HEAD + "2026-01-05,c,2,7\n")  # put right; narrower is no harm
    assert run["status"] == "succeeded"
    assert rows_of(pipeline, "campaign", "spend") == [("c", "2")]


def test_webhooks_hear_what_was_not_taken(pipeline: PipelineFake) -> None:
    put_policy(pipeline, "freeze")
    run_on(pipeline, "day,campaign,spend,geo\n2026-01-01,a,2.5,north\n")
    with transaction(pipeline.workspace.resources.sessions) as session:
        (facts,) = session.scalars(
            text(
                "SELECT body::jsonb -> 'data' FROM event "
                "WHERE type = 'schema_changed' AND workspace_id = :id ORDER BY id DESC LIMIT 1"
            ),
            {"id": pipeline.workspace.id},
        )
    assert (facts["fields_dropped"], facts["fields_not_taken"]) == ("clicks", "geo")


def test_a_policy_that_is_none_is_refused(pipeline: PipelineFake) -> None:
    path = f"/api/v3/data-tables/{pipeline.data_table_id}"
    answer = pipeline.workspace.call("PUT", path, json={"schema_policy": "sometimes"})
    assert answer.status_code == 400
