"""What SQL may do in a recipe, and all that it may not."""

import duckdb
import pytest

from headrace.kit.closed_sql import closed_connection
from headrace.kit.closed_sql_process import confined_describe
from headrace.kit.columns import Column, ColumnType
from headrace.recipes.allowed_functions import FUNCTIONS
from headrace.recipes.engine import inputs_named, plan
from headrace.recipes.errors import StepRefused
from headrace.recipes.steps import STEP, SqlStep
from recipes.tables import SHAPES, columns_of, compiled, rows_of


def sql(text: str) -> dict[str, str]:
    return {"kind": "sql", "name": "s", "sql": text}


ALLOWED = [
    ("SELECT campaign FROM ads WHERE clicks > 2 ORDER BY 1;", [("brand",), ("shop",)]),
    ("SELECT sum(spend) AS x FROM ads -- the whole", [("13.850000000",)]),
    ("SELECT spend / clicks AS cpc FROM ads WHERE campaign IS NULL OR clicks = 7",
     [("1.4428571428571428",), (None,)]),
    ("SELECT 1 / 0 AS ratio", [(None,)]),
    ("WITH ads AS (SELECT * FROM ads WHERE clicks = 7) SELECT campaign FROM ads", [("shop",)]),
    ("WITH a AS (SELECT day FROM ads), b AS (SELECT max(day) AS d FROM a) SELECT d FROM b",
     [("2026-01-02",)]),
    ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) "
     "SELECT n FROM r", [("1",), ("2",), ("3",)]),
    ("SELECT a.campaign, g.goal FROM ads AS a JOIN goals AS g USING (campaign) "
     "WHERE a.clicks = 3", [("brand", "5")]),
    ("SELECT campaign FROM ads WHERE campaign IN (SELECT campaign FROM goals) GROUP BY ALL",
     [("brand",)]),
    ("SELECT row_number() OVER (PARTITION BY account_id ORDER BY day) AS n FROM ads "
     "QUALIFY n = 1", [("1",), ("1",)]),
    ("SELECT date_trunc('month', day)::DATE AS m, count(*) AS n FROM ads GROUP BY m",
     [("2026-01-01", "4")]),
    ("SELECT d::DATE AS d FROM generate_series(DATE '2026-01-01', DATE '2026-01-02', "
     "INTERVAL 1 DAY) AS s(d)", [("2026-01-01",), ("2026-01-02",)]),
    ("SELECT lpad(clicks::VARCHAR, 3, '0') AS c FROM ads WHERE clicks = 7", [("007",)]),
    ("SELECT CASE WHEN is_live THEN 'on' ELSE 'off' END AS s FROM ads WHERE account_id = '1'",
     [("off",), ("on",)]),
    ("SELECT campaign FROM ads UNION SELECT campaign FROM goals EXCEPT SELECT 'shop'",
     [("brand",), ("tv",), (None,)]),
    ("SELECT regexp_extract(campaign, '^[a-z]') AS c, upper(campaign) AS u FROM goals",
     [("b", "BRAND"), ("t", "TV")]),
    ("SELECT x FROM (VALUES (1), (2)) AS v(x)", [("1",), ("2",)]),
    ("SELECT unnest(string_split('a,b', ',')) AS part", [("a",), ("b",)]),
    ("SELECT sum(clicks) FILTER (WHERE is_live) AS n FROM ads HAVING count(*) > 1", [("10",)]),
    ("FROM goals SELECT campaign LIMIT 1", [("brand",)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rows"), ALLOWED, ids=range(len(ALLOWED)))
def test_ordinary_sql_is_allowed(text: str, rows: list[tuple[str | None, ...]]) -> None:
    assert rows_of(sql(text)) == rows


HOSTILE = [
    # files and network
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_parquet('lake/2/1/x.parquet')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "SELECT * FROM read_json('http://169.254.169.254/latest/meta-data')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_blob('/etc/shadow')",
    "SELECT * FROM parquet_scan('x')",
    "SELECT * FROM parquet_metadata('x')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/**')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'https://example.com/x.parquet'",
    "SELECT * FROM \"lake/1/1/x.parquet\"",
    "SELECT * FROM delta_scan('x')",
    "SELECT * FROM postgres_scan('host=127.0.0.1', 'public', 'run')",
    "SELECT * FROM sqlite_scan('x.db', 't')",
    "COPY ads TO '/tmp/stolen.csv'",
    "COPY (SELECT 1) TO PROGRAM 'sh'",
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    # settings, variables, catalogues, other schemas
    "SELECT current_setting('memory_limit')",
    "SELECT getenv('HEADRACE_SECRET_KEY')",
    "SELECT getvariable('x')",
    "SET memory_limit = '1TB'",
    "SET enable_external_access = true",
    "RESET ALL",
    "PRAGMA database_list",
    "PRAGMA enable_object_cache",
    "SELECT * FROM pragma_database_list()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_functions()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM pg_class",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM main.ads",
    "SELECT * FROM memory.main.ads",
    "SELECT * FROM temp.ads",
    "SELECT * FROM system.main.duckdb_tables",
    "SELECT main.upper('x') AS x",
    "SELECT system.main.getenv('HOME') AS x",
    "SHOW TABLES",
    "DESCRIBE ads",
    "SUMMARIZE ads",
    "FROM (DESCRIBE ads)",
    "SELECT * FROM (SHOW ALL TABLES)",
    # other statements
    "INSERT INTO ads SELECT * FROM ads",
    "UPDATE ads SET spend = 0",
    "DELETE FROM ads",
    "DROP TABLE ads",
    "TRUNCATE ads",
    "CREATE TABLE x AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "CREATE SECRET (TYPE s3)",
    "ALTER TABLE ads ADD COLUMN x INTEGER",
    "ATTACH '/tmp/x.db' AS x",
    "DETACH x",
    "USE x",
    "LOAD httpfs",
    "INSTALL httpfs",
    "CALL pragma_version()",
    "EXECUTE x",
    "PREPARE x AS SELECT 1",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "WITH x AS (INSERT INTO ads VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM ads RETURNING *) SELECT * FROM x",
    # more than one statement, and attempts to leave the brackets it is put in
    "SELECT 1 AS x; SELECT 2 AS x",
    "SELECT 1 AS x; DROP TABLE ads",
    "SELECT 1 AS x) AS given), (SELECT 2 AS x",
    "SELECT 1 AS x) UNION ALL SELECT content FROM read_text('/etc/passwd') --",
    "",
    ";",
    "-- nothing",
    "SELECT 'x",
    "SELECT 1 AS x \x00",
    # SQL in text
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query_table('ads')",
    "SELECT * FROM query_table(['ads', 'goals'])",
    "SELECT json_execute_serialized_sql('x') AS x",
    "SELECT json_serialize_sql('SELECT 1') AS x",
    "SELECT nextval('s') AS x",
    "SELECT currval('s') AS x",
    "SELECT setseed(0.5) AS x",
    "SELECT error('x') AS x",
    "SELECT write_log('x') AS x",
    "SELECT txid_current() AS x",
    "SELECT version() AS x",
    "SELECT pg_sleep(100) AS x",
    "SELECT sleep_ms(100000) AS x",
    "SELECT $1 AS x",
    "SELECT ? AS x",
    "SELECT * FROM ads TABLESAMPLE 10%",
    "SELECT * FROM ads AT (VERSION => 1)",
    "FROM ads PIVOT (sum(spend) FOR campaign IN ('a'))",
    "SELECT list_transform([1], x -> x + 1) AS x",
    "SELECT [x FOR x IN [1, 2]] AS x",
    "SELECT CAST('x' AS main.mytype) AS x",
    "SELECT CAST('a' AS ENUM('a', 'b')) AS x",
    "SELECT 'a' COLLATE de AS x",
    # much of little
    "SELECT repeat('x', 2000000000) AS x",
    "SELECT lpad('x', 2000000000, '0') AS x",
    "SELECT lpad('x', length(campaign), '0') AS x FROM ads",
    "SELECT range(1000000000) AS x",
    "SELECT generate_series(1, 1000000000) AS x",
    "SELECT printf('%1000000000d', 1) AS x",
    "SELECT format('{:1000000000d}', 1) AS x",
    "SELECT bitstring('1', 2000000000) AS x",
    "SELECT r AS x FROM range(length(replace('aaaa', 'a', 'bbbbbbbb'))) AS t(r)",
    "SELECT * FROM repeat('x', 1000000000)",
    "SELECT " + "(" * 3000 + "1" + ")" * 3000 + " AS x",
    "SELECT " + "-(" * 900 + "1" + ")" * 900 + " AS x",
    "SELECT " + "+".join(["1"] * 5000) + " AS x",
    # what is not there
    "SELECT * FROM other_workspace_table",
    "SELECT budget FROM ads",
    "SELECT * FROM s",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_everything_else_is_refused(text: str) -> None:  # S14 S85 S87 S89
    step = SqlStep.model_construct(kind="sql", name="s", sql=text)
    with pytest.raises(StepRefused) as refusal:
        plan([step], SHAPES)
    assert str(refusal.value).startswith("Step 's': ")
    assert "/usr/" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "COPY (SELECT 1) TO '/tmp/headrace-test-stolen.csv'",
        "ATTACH '/tmp/headrace-test-stolen.db'",
        "SET enable_external_access = true",
        "SET memory_limit = '1TB'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE '/tmp/headrace-test-stolen'",
    ],
)
def test_the_connection_would_refuse_it_too(text: str) -> None:
    """The second wall: what the check lets by by mistake reaches nothing all the same."""
    with (
        closed_connection("64MB") as connection,
        pytest.raises(duckdb.Error, match=r"disabled|locked|does not exist|LOAD"),
    ):
        connection.execute(text)


def test_a_bomb_of_names_is_given_up() -> None:  # S89
    doubling = "".join(f", a{n} || a{n} AS a{n + 1}" for n in range(60))
    with (
        confined_describe(seconds=1.0) as describe,
        pytest.raises(ValueError, match="too long"),
    ):
        describe(f"SELECT 'a' AS a0{doubling}", {})


def test_columns_get_types_that_tables_hold() -> None:
    text = (
        "SELECT sum(clicks) AS whole, spend * 1.5 AS part, avg(spend) AS mean, max(day) AS d, "
        "day + INTERVAL 1 HOUR AS later, campaign IS NULL AS is_gone, uuid AS u "
        "FROM ads, (SELECT CAST('8a1c6a1e-1111-4111-8111-111111111111' AS UUID) AS uuid) "
        "GROUP BY spend, day, campaign, uuid"
    )
    assert columns_of(compiled(sql(text))) == [
        ("whole", "integer"), ("part", "decimal"), ("mean", "float"), ("d", "date"),
        ("later", "datetime"), ("is_gone", "boolean"), ("u", "string"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT [1, 2] AS numbers FROM ads", ["'numbers'", "INTEGER[]", "cast"]),
        ("SELECT 'x'::BLOB AS b", ["BLOB"]),
        ("SELECT spend + 1 FROM ads", ["AS name"]),
        ("SELECT 1 AS a, 2 AS A", ["two columns 'A'"]),
        ("SELECT ads FROM ads", ["'ads'", "STRUCT"]),
        ("SELECT spendd FROM ads", ["spendd"]),
    ],
)
def test_columns_that_no_table_holds_are_named(text: str, words: list[str]) -> None:
    with pytest.raises(StepRefused) as refusal:
        compiled(sql(text))
    for word in words:
        assert word in str(refusal.value)


def test_inputs_are_found_in_sql() -> None:
    steps = [
        STEP.validate_python({"kind": "union", "name": "one", "inputs": ["left_table"]}),
        STEP.validate_python(
            sql(
                "WITH ads AS (SELECT * FROM ADS), g AS (SELECT * FROM one) "
                "SELECT (SELECT max(x) FROM deep) AS m FROM ads, g, (SELECT * FROM other)"
            )
        ),
    ]
    assert inputs_named(steps)[0] == "left_table"
    assert set(inputs_named(steps)) == {"left_table", "ads", "deep", "other"}


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("SELECT a.spend FROM ads AS a WHERE a.clicks > 1", ["spend", "clicks"]),
        ("SELECT sum(spend) AS x FROM ads JOIN goals USING (campaign)", ["spend", "campaign"]),
        ("SELECT * EXCLUDE (day) FROM ads", [one.name for one in SHAPES["ads"]]),
        ("SELECT count(a) AS n FROM ads AS a", [one.name for one in SHAPES["ads"]]),
    ],
)
def test_only_columns_that_can_matter_are_read(text: str, needed: list[str]) -> None:
    made = compiled(sql(text))
    assert [one.name for one in SHAPES["ads"] if made.needs(one.name)] == sorted(
        needed, key=[one.name for one in SHAPES["ads"]].index
    )


def test_every_function_allowed_is_one_of_values() -> None:
    """No table function, no pragma and no name of a function that DuckDB does not have."""
    with closed_connection("64MB") as connection:
        kinds = dict[str, set[str]]()
        for name, kind in connection.execute(
            "SELECT DISTINCT function_name, function_type FROM duckdb_functions()"
        ).fetchall():
            kinds.setdefault(name, set()).add(kind)
    harmful = {"table", "table_macro", "pragma"}
    found = {name for name in FUNCTIONS if kinds.get(name, set()) & harmful}
    assert found <= {"unnest"}


def test_a_wide_table_of_another_case_is_found() -> None:
    shapes = {"Ads": (Column("Spend", ColumnType.DECIMAL),)}
    made = plan([STEP.validate_python(sql("SELECT SPEND AS s FROM ADS"))], shapes)
    assert made.reads == {"Ads"}
    assert made.needs("Spend")
