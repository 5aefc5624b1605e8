"""What each declared kind of step calculates, and what it says when it cannot."""

from typing import Any

import pytest

from headrace.recipes.errors import StepRefused
from recipes.tables import Rows, columns_of, compiled, rows_of

CASES: list[tuple[str, dict[str, Any], Rows]] = [
    (
        "union by name widens numbers and leaves gaps null",
        {
            "kind": "union",
            "inputs": [
                {"input": "ads", "columns": {"campaign": "campaign", "amount": "spend"}},
                {"input": "goals", "columns": {"campaign": "campaign", "amount": "goal"}},
                {"input": "goals", "columns": {"campaign": "campaign"}},
            ],
        },
        [
            ("brand", "1.500000000"), ("brand", "2.250000000"), ("shop", "10.100000000"),
            (None, None), ("brand", "5.000000000"), ("tv", "9.000000000"),
            ("brand", None), ("tv", None),
        ],
    ),
    (
        "left join keeps rows without a partner, and null equals nothing",
        {
            "kind": "join", "left": "ads", "right": "goals", "on": ["campaign"],
            "columns": [
                {"side": "left", "column": "account_id"},
                {"side": "left", "column": "campaign"},
                {"side": "right", "column": "goal", "name": "target"},
            ],
        },
        [("1", "brand", "5"), ("1", "brand", "5"), ("2", "shop", None), ("2", None, None)],
    ),
    (
        "full join shows the key of either side",
        {
            "kind": "join", "left": "ads", "right": "goals", "on": ["campaign"], "how": "full",
            "columns": [
                {"side": "left", "column": "campaign"},
                {"side": "right", "column": "goal"},
            ],
        },
        [("brand", "5"), ("brand", "5"), ("shop", None), (None, None), ("tv", "9")],
    ),
    (
        "inner join on a number and a decimal",
        {
            "kind": "join", "left": "ads", "right": "goals", "how": "inner",
            "on": [{"left": "spend", "right": "goal"}],
            "columns": [{"side": "left", "column": "spend"}],
        },
        [],
    ),
    (
        "group_by counts, sums without nulls, and keeps null as a key",
        {
            "kind": "group_by", "input": "ads", "keys": ["campaign"],
            "aggregates": [
                {"function": "sum", "column": "spend"},
                {"function": "avg", "column": "clicks", "name": "mean"},
                {"function": "min", "column": "day", "name": "first_day"},
                {"function": "max", "column": "clicks", "name": "most"},
                {"function": "count", "column": "clicks", "name": "known"},
                {"function": "count_distinct", "column": "is_live", "name": "kinds"},
                {"function": "count"},
            ],
        },
        [
            ("brand", "3.750000000", "3.000000000", "2026-01-01", "3", "1", "2", "2"),
            ("shop", "10.100000000", "7.000000000", "2026-01-01", "7", "1", "1", "1"),
            (None, None, "0.000000000", "2026-01-02", "0", "1", "0", "1"),
        ],
    ),
    (
        "group_by without keys is one row",
        {"kind": "group_by", "input": "ads", "aggregates": [{"function": "count"}]},
        [("4",)],
    ),
    (
        "conditional_mapping takes the first case that holds",
        {
            "kind": "conditional_mapping", "input": "ads", "keep": ["campaign", "size"],
            "mappings": [
                {
                    "column": "size",
                    "cases": [
                        {"when": [{"column": "clicks", "operator": "gt", "value": 5}],
                         "value": "it's big"},
                        {"when": [{"column": "clicks", "operator": "gte", "value": 3},
                                  {"column": "is_live", "operator": "eq", "value": True}],
                         "column": "account_id"},
                    ],
                    "otherwise": "small",
                }
            ],
        },
        [("brand", "1"), ("brand", "small"), ("shop", "it's big"), (None, "small")],
    ),
    (
        "conditional_mapping sets a column anew",
        {
            "kind": "conditional_mapping", "input": "goals",
            "mappings": [{"column": "goal", "otherwise": 1.5}],
        },
        [("brand", "1.500000000", "many"), ("tv", "1.500000000", "none")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("what", "step", "rows"), CASES, ids=[case[0] for case in CASES])
def test_a_step_calculates(what: str, step: dict[str, Any], rows: Rows) -> None:
    assert rows_of({"name": "s"} | step) == sorted(rows, key=str), what


FILTERS: list[tuple[str, str, Any, list[str | None]]] = [
    ("campaign", "eq", "brand", ["brand", "brand"]),
    ("campaign", "eq", None, [None]),
    ("campaign", "ne", "brand", ["shop", None]),
    ("campaign", "in", ["shop", None], ["shop", None]),
    ("campaign", "not_in", ["shop", "tv"], ["brand", "brand", None]),
    ("campaign", "contains", "ran", ["brand", "brand"]),
    ("campaign", "not_contains", "ran", ["shop", None]),
    ("campaign", "eq", "' OR 1=1 --", []),
    ("campaign", "ne", "\\' OR '1'='1", ["brand", "brand", "shop", None]),
    ("spend", "gt", "2.25", ["shop"]),
    ("spend", "gte", 2.25, ["brand", "shop"]),
    ("clicks", "lt", 3, [None]),
    ("clicks", "lte", 3, ["brand", None]),
    ("day", "eq", "2026-01-02", ["brand", None]),
    ("is_live", "ne", True, ["brand", None]),
]


@pytest.mark.parametrize(("column", "operator", "value", "campaigns"), FILTERS)
def test_a_filter_keeps(  # S83
    column: str, operator: str, value: Any, campaigns: list[str | None]
) -> None:
    test = {"column": column, "operator": operator, "value": value}
    step = {"kind": "conditional_mapping", "name": "s", "input": "ads", "filters": [test]}
    kept = rows_of(step | {"keep": ["campaign"]})
    assert kept == sorted([(one,) for one in campaigns], key=str)


def test_steps_read_earlier_ones_and_types_follow() -> None:
    made = compiled(
        {"kind": "union", "name": "both", "inputs": ["ads", "ads"]},
        {
            "kind": "group_by",
            "name": "grouped",
            "input": "both",
            "keys": ["day", "is_live"],
            "aggregates": [
                {"function": "sum", "column": "clicks"},
                {"function": "avg", "column": "spend"},
            ],
        },
    )
    assert columns_of(made) == [
        ("day", "date"), ("is_live", "boolean"), ("clicks", "integer"), ("spend", "decimal"),
    ]  # fmt: skip
    assert [name for name, _ in columns_of(made)] == [one.name for one in made.steps["grouped"]]
    assert made.reads == {"ads"}
    assert not made.needs("campaign_that_nobody_names")


def test_a_plan_reads_only_the_columns_it_names() -> None:
    step = {"kind": "group_by", "name": "s", "input": "ads", "keys": ["day"]}
    made = compiled(step | {"aggregates": [{"function": "sum", "column": "spend"}]})
    assert [one.name for one in (*made.columns,)] == ["day", "spend"]
    assert (made.needs("spend"), made.needs("clicks")) == (True, False)


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"kind": "union", "inputs": ["nowhere"]}, ["'nowhere'", "sql_name"]),
    (
        {"kind": "union", "inputs": [{"input": "ads", "columns": {"a": "budget"}}]},
        ["'budget'", "'ads'"],
    ),
    ({"kind": "union", "inputs": ["ads", "goals"]}, ["'clicks'", "string", "integer"]),
    ({"kind": "join", "left": "ads", "right": "goals", "on": ["goal"]}, ["'goal'", "'ads'"]),
    (
        {"kind": "join", "left": "ads", "right": "goals", "on": ["clicks"]},
        ["'clicks'", "integer", "string"],
    ),
    (
        {
            "kind": "join", "left": "ads", "right": "goals", "on": ["campaign"],
            "columns": [{"side": "left", "column": "campaign"},
                        {"side": "right", "column": "campaign", "name": "Campaign"}],
        },
        ["two columns 'Campaign'"],
    ),
    ({"kind": "group_by", "input": "ads", "keys": ["region"]}, ["'region'"]),
    (
        {"kind": "group_by", "input": "ads",
         "aggregates": [{"function": "sum", "column": "campaign"}]},
        ["sum", "'campaign'", "string"],
    ),
    (
        {"kind": "group_by", "input": "ads", "keys": ["spend"],
         "aggregates": [{"function": "sum", "column": "spend"}]},
        ["two columns 'spend'"],
    ),
    (
        {"kind": "conditional_mapping", "input": "ads",
         "filters": [{"column": "spend", "operator": "contains", "value": "1"}]},
        ["contains", "'spend'", "decimal"],
    ),
    (
        {"kind": "conditional_mapping", "input": "ads",
         "filters": [{"column": "clicks", "operator": "gt", "value": "many"}]},
        ["'many'", "'clicks'", "integer"],
    ),
    (
        {"kind": "conditional_mapping", "input": "ads",
         "filters": [{"column": "clicks", "operator": "in", "value": 3}]},
        ["in", "'clicks'", "list"],
    ),
    (
        {"kind": "conditional_mapping", "input": "ads",
         "mappings": [{"column": "x", "cases": [
             {"when": [{"column": "clicks", "operator": "gt", "value": 3}], "value": True}],
             "otherwise": 3}]},
        ["'x'", "boolean", "integer"],
    ),
    ({"kind": "conditional_mapping", "input": "ads", "keep": ["nothing"]}, ["'nothing'"]),
]  # fmt: skip


@pytest.mark.parametrize(("step", "words"), WRONG)
def test_what_does_not_fit_is_named(step: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(StepRefused) as refusal:
        compiled({"name": "my_step"} | step)
    for word in ["'my_step'", *words]:
        assert word in str(refusal.value)


def test_names_are_quoted() -> None:  # S82
    from headrace.kit.columns import Column, ColumnType
    from headrace.recipes.engine import plan
    from headrace.recipes.steps import STEP

    hostile = 'a" FROM ads; DROP TABLE x; --'
    step = {"kind": "group_by", "name": "s", "input": "t", "keys": [hostile]}
    made = plan([STEP.validate_python(step)], {"t": [Column(hostile, ColumnType.STRING)]})
    assert '"a"" FROM ads; DROP TABLE x; --"' in made.sql
    assert made.reads == {"t"}
