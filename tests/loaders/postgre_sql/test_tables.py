"""What becomes of tables in PostgreSQL that are more than rows: rights, views, keys, other types."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from contract.loader_cases import batches, sorted_rows
from contract.nasty_rows import Row
from headrace.kit.columns import Column, ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused
from headrace.loaders.contract import Append, Delivered, Full, TargetTable, Unit, Upsert, Window
from headrace.loaders.rows import RowsOutsideUnit
from headrace.loaders.targets.postgre_sql import LOADER, upsert
from headrace.loaders.targets.postgre_sql.copying import chunks_of
from loaders.postgre_sql.loader_case import access_of, dsn_of, leftovers, read_rows

INSERTED = datetime(2026, 1, 2, tzinfo=UTC)
DAY = date(2026, 1, 1)
DAYS = DayRange(DAY, date(2026, 1, 31))
STRING, INTEGER, DECIMAL = ColumnType.STRING, ColumnType.INTEGER, ColumnType.DECIMAL


def target(*columns: Column, name: str = "ads") -> TargetTable:
    system = (
        Column("account_id", STRING),
        Column("__insert_date", ColumnType.DATETIME),
        Column("date", ColumnType.DATE),
        Column("id", STRING),
    )
    return TargetTable(name, (*system, *columns), key=("id",), date_column="date")


TABLE = target(Column("n", INTEGER))


def row(row_id: str, **values: object) -> Row:
    return {"account_id": "one", "__insert_date": INSERTED, "date": DAY, "id": row_id, **values}


@dataclass
class Database:
    """An empty database and ways into it."""

    url: str

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(dsn_of(self.url), autocommit=True) as session:
            for statement in statements:
                found = session.execute(statement.encode())
            return found.fetchall() if found.description else []

    def write(self, table: TargetTable, *units: Unit) -> list[Delivered]:
        return list(LOADER.write(access_of(self.url), table, units))

    def full(self, table: TargetTable, *rows: Row) -> list[Delivered]:
        return self.write(table, Full(batches(table, rows)))

    def rows(self, table: TargetTable = TABLE) -> list[dict[str, Any]]:
        return read_rows(dsn_of(self.url), table)

    def leftovers(self, *tables: TargetTable) -> list[str]:
        return leftovers(dsn_of(self.url), tables)

    @property
    def name(self) -> str:
        return str(access_of(self.url).params["database"])


@pytest.fixture
def database(make_database: Callable[[], str]) -> Database:
    return Database(make_database())


@pytest.fixture
def roles(database: Database) -> Iterator[tuple[str, str]]:
    """Two roles: one to own tables, one to read them."""
    owner, reader = f"owner_{database.name}", f"reader_{database.name}"
    database.sql(f"CREATE ROLE {owner}", f"CREATE ROLE {reader}")
    yield owner, reader
    database.sql(f"DROP OWNED BY {owner}, {reader}", f"DROP ROLE {owner}, {reader}")


# --- full loads keep what hangs on the table ---


def test_a_swapped_table_keeps_rights_owner_comment_and_indexes(
    database: Database, roles: tuple[str, str]
) -> None:
    owner, reader = roles
    database.full(TABLE, row("a", n=1))
    database.sql(
        f"ALTER DEFAULT PRIVILEGES GRANT DELETE ON TABLES TO {reader}",
        f"GRANT SELECT ON ads TO {reader} WITH GRANT OPTION",
        "GRANT SELECT ON ads TO PUBLIC",
        "COMMENT ON TABLE ads IS 'it''s mine; 100% \"quoted\"'",
        "COMMENT ON COLUMN ads.n IS 'a number'",
        "CREATE INDEX ads_by_n ON ads (n)",
        "ALTER TABLE ads ADD CONSTRAINT ads_key PRIMARY KEY (account_id, date, id)",
        "ALTER TABLE ads ADD CONSTRAINT n_is_small CHECK (n < 100)",
        "ALTER TABLE ads ADD COLUMN note text DEFAULT 'none'",
        f"ALTER TABLE ads OWNER TO {owner}",
    )
    facts = (
        "SELECT pg_get_userbyid(relowner), obj_description(oid, 'pg_class'),"
        " col_description(oid, 5), ARRAY(SELECT a::text FROM unnest(relacl) a ORDER BY 1),"
        " ARRAY(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = c.oid"
        "   ORDER BY 1),"
        " ARRAY(SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint"
        "   WHERE conrelid = c.oid ORDER BY 1) FROM pg_class c WHERE relname = 'ads'"
    )
    number = "SELECT 'ads'::regclass::oid"
    before, old_number = database.sql(facts), database.sql(number)
    database.full(TABLE, row("b", n=2))
    assert database.sql(number) != old_number  # it was swapped, not filled in place
    assert database.sql(facts) == before
    assert database.sql("SELECT id, note FROM ads") == [("b", "none")]
    assert database.leftovers(TABLE) == ["public.ads_by_n", "public.ads_key"]


@pytest.mark.parametrize(
    "hanging",
    [
        "CREATE VIEW hung AS SELECT * FROM ads",
        "CREATE MATERIALIZED VIEW hung AS SELECT * FROM ads",
        "CREATE TABLE hung (whole ads)",
        "ALTER TABLE ads ADD UNIQUE (id); CREATE TABLE hung (id text REFERENCES ads (id)"
        " ON DELETE CASCADE)",
        "CREATE TABLE hung (n bigint PRIMARY KEY); INSERT INTO hung VALUES (1), (2);"
        " ALTER TABLE ads ADD FOREIGN KEY (n) REFERENCES hung",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        " CREATE TRIGGER hung BEFORE INSERT ON ads FOR EACH ROW EXECUTE FUNCTION f()",
        "ALTER TABLE ads ENABLE ROW LEVEL SECURITY; CREATE POLICY hung ON ads USING (true)",
        "CREATE TABLE hung () INHERITS (ads)",
        "CREATE PUBLICATION hung FOR TABLE ads; ALTER TABLE ads REPLICA IDENTITY FULL",
        "ALTER TABLE ads ADD COLUMN number bigserial",
        "ALTER TABLE ads ADD COLUMN number bigint GENERATED BY DEFAULT AS IDENTITY",
        "CREATE FUNCTION hung(ads) RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
        "GRANT SELECT (n) ON ads TO PUBLIC",
        "ALTER TABLE ads SET (fillfactor = 70)",
    ],
)
def test_a_table_with_something_hanging_on_it_is_filled_in_place(
    database: Database, hanging: str
) -> None:
    database.full(TABLE, row("a", n=1))
    database.sql(hanging)
    number = database.sql("SELECT 'ads'::regclass::oid")
    for n in (1, 2):
        database.full(TABLE, row("b", n=n), row("c", n=n))
        assert sorted_rows(database.rows()) == sorted_rows([row("b", n=n), row("c", n=n)])
    assert database.sql("SELECT 'ads'::regclass::oid") == number


def test_a_view_made_while_the_table_is_rebuilt(database: Database) -> None:
    database.full(TABLE, row("a", n=1))

    def rows() -> Iterator[pa.RecordBatch]:
        database.sql("CREATE VIEW hung AS SELECT * FROM ads")
        yield from batches(TABLE, [row("b", n=2)])()

    database.write(TABLE, Full(rows))
    assert database.sql("SELECT id FROM hung") == [("b",)]
    assert database.leftovers(TABLE) == ["public.hung"]


def test_a_full_load_widens_and_adds_without_touching_the_old_table(database: Database) -> None:
    database.full(TABLE, row("a", n=1))
    wider = target(Column("n", DECIMAL), Column("extra", STRING))
    new = row("b", n=Decimal("0.5"), extra="x")
    for _ in range(2):
        database.full(wider, new)
        assert database.rows(wider) == [new]
    database.full(TABLE, row("c", n=3))  # narrower values into the wider table
    assert database.rows(wider) == [row("c", n=Decimal(3), extra=None)]


# --- partitioned tables, other columns, other types ---


def test_a_partitioned_table_is_loaded(database: Database) -> None:
    database.sql(
        "CREATE TABLE ads (account_id text, __insert_date timestamptz, date date, id text,"
        " n bigint) PARTITION BY RANGE (date)",
        "CREATE TABLE part PARTITION OF ads FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    )
    for n in (1, 2):
        opened = batches(TABLE, [row("a", n=n), row("b", n=n)])
        units: list[Unit] = [Full(opened), Window("one", DAYS, opened), Upsert("one", DAYS, opened)]
        for unit in units:
            database.write(TABLE, unit)
            assert sorted_rows(database.rows()) == sorted_rows([row("a", n=n), row("b", n=n)])


def test_columns_of_the_user_survive_an_upsert(database: Database) -> None:
    database.full(TABLE, row("a", n=1), row("b", n=1))
    database.sql("ALTER TABLE ads ADD COLUMN note text", "UPDATE ads SET note = 'on ' || id")
    opened = batches(TABLE, [row("a", n=2), row("b", n=1), row("c", n=1)])
    database.write(TABLE, Upsert("one", DAYS, opened))
    found = database.sql("SELECT id, n, note FROM ads ORDER BY id")
    assert found == [("a", 2, "on a"), ("b", 1, "on b"), ("c", 1, None)]


def test_an_upsert_touches_only_rows_that_differ(database: Database) -> None:
    same = [row(f"same {number}", n=None) for number in range(5)]
    database.full(TABLE, *same, row("changed", n=1), row("gone", n=1))
    places = "SELECT id, ctid::text, xmin::text FROM ads WHERE id LIKE 'same%' ORDER BY id"
    before = database.sql(places)
    unit = Upsert("one", DAYS, batches(TABLE, [*same, row("changed", n=2), row("new", n=1)]))
    assert database.write(TABLE, unit) == [Delivered(rows_written=2, rows_deleted=1)]
    assert database.sql(places) == before
    assert database.write(TABLE, unit) == [Delivered(rows_written=0, rows_deleted=0)]


def test_rows_moved_by_somebody_else_during_an_upsert_are_not_missed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = upsert._compare

    def compare_then_moved(*args: Any) -> upsert._Comparison:
        seen = compared(*args)
        database.sql("UPDATE ads SET mine = 'kept'")  # new versions, all behind the old ones
        return seen

    monkeypatch.setattr(upsert, "_compare", compare_then_moved)
    database.full(TABLE, row("same", n=1), row("changed", n=1), row("gone", n=1))
    database.sql("ALTER TABLE ads ADD mine text")
    rows = [row("same", n=1), row("changed", n=2), row("new", n=1)]
    delivered = database.write(TABLE, Upsert("one", DAYS, batches(TABLE, rows)))
    assert delivered == [Delivered(rows_written=2, rows_deleted=1)]
    found = database.sql("SELECT id, n, mine FROM ads ORDER BY id")
    assert found == [("changed", 2, "kept"), ("new", 1, None), ("same", 1, "kept")]


def test_an_upsert_into_wider_columns_touches_only_rows_that_differ(database: Database) -> None:
    database.full(target(Column("n", STRING)), row("a", n="1"), row("b", n="2"))
    unit = Upsert("one", DAYS, batches(TABLE, [row("a", n=1), row("b", n=3)]))
    assert database.write(TABLE, unit) == [Delivered(rows_written=1, rows_deleted=0)]
    assert database.sql("SELECT id, n FROM ads ORDER BY id") == [("a", "1"), ("b", "3")]


@pytest.mark.parametrize("found", ["varchar", "text"])
def test_text_types_that_hold_everything_are_taken(database: Database, found: str) -> None:
    database.sql(f"CREATE TABLE ads (id {found}, n numeric)")
    database.full(TABLE, row("a", n=2**63 - 1))
    assert database.rows() == [row("a", n=2**63 - 1)]


@pytest.mark.parametrize(
    "found",
    ["integer", "smallint", "real", "numeric(10,2)", "varchar(20)", "jsonb", "bigint[]",
     "bigint GENERATED ALWAYS AS IDENTITY", "timestamp"],
)  # fmt: skip
def test_a_column_that_cannot_take_the_values_is_named(database: Database, found: str) -> None:
    database.sql(f"CREATE TABLE ads (n {found})")
    opened = batches(TABLE, [row("a", n=1)])
    units: list[Unit] = [Full(opened), Window("one", None, opened), Upsert("one", DAYS, opened)]
    for unit in units:
        with pytest.raises(Refused, match=r"'n'.*bigint"):
            database.write(TABLE, unit)
    assert database.sql("SELECT count(*) FROM ads") == [(0,)]
    columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'ads'"
    assert database.sql(columns) == [(1,)]


def test_a_published_table_without_an_identity_is_refused(database: Database) -> None:
    database.full(TABLE, row("a", n=1))
    database.sql("CREATE PUBLICATION hung FOR TABLE ads")
    with pytest.raises(Refused, match="replica identity"):
        database.full(TABLE, row("b", n=1))
    assert database.rows() == [row("a", n=1)]


def test_widening_a_column_of_a_view_is_refused(database: Database) -> None:  # F24
    database.full(TABLE, row("a", n=1))
    database.sql("CREATE VIEW hung AS SELECT n FROM ads")
    wider = target(Column("n", DECIMAL))
    for unit in (Window("one", DAYS, batches(wider)), Full(batches(wider))):
        with pytest.raises(Refused, match="view"):
            database.write(wider, unit)
    assert database.rows() == [row("a", n=1)]


@pytest.mark.parametrize(
    "made", ["VIEW ads AS SELECT 1 AS n", "SEQUENCE ads", "TYPE ads AS (n int)"]
)
def test_what_is_no_table_is_refused(database: Database, made: str) -> None:
    database.sql(f"CREATE {made}")
    with pytest.raises(Refused, match="not a table"):
        database.full(TABLE, row("a", n=1))


def test_a_not_null_column_of_the_user_is_named(database: Database) -> None:
    database.full(TABLE)
    database.sql("ALTER TABLE ads ADD COLUMN must text NOT NULL")
    with pytest.raises(Refused, match="must"):
        database.write(TABLE, Window("one", DAYS, batches(TABLE, [row("a", n=1)])))


@pytest.mark.parametrize("name", ["ctid", "xmin", "tableoid", "n" * 64, "", "a\0b"])
def test_impossible_column_names_are_refused(database: Database, name: str) -> None:  # S82
    with pytest.raises(Refused, match="name"):
        database.full(target(Column(name, INTEGER)))
    assert database.leftovers() == []


def test_more_columns_than_a_table_can_have_are_refused(database: Database) -> None:
    with pytest.raises(Refused, match="1600"):
        database.full(target(*(Column(f"c{number}", INTEGER) for number in range(1_700))))


def test_reserved_names_are_refused() -> None:
    with pytest.raises(Refused, match="reserved"):
        LOADER.validate_name("__headrace_new_1")


def test_a_schema_with_a_hostile_name(database: Database) -> None:  # S81
    database.sql('CREATE SCHEMA "a""b; DROP TABLE x; -- %s"')
    access = access_of(database.url, schema='a"b; DROP TABLE x; -- %s')
    LOADER.check(access)
    for unit in (Full(batches(TABLE, [row("a", n=1)])), Full(batches(TABLE, [row("b", n=1)]))):
        list(LOADER.write(access, TABLE, [unit]))
    rows = read_rows(dsn_of(database.url), TABLE, 'a"b; DROP TABLE x; -- %s')
    assert rows == [row("b", n=1)]


# --- rows ---


def test_no_units_make_an_empty_table(database: Database) -> None:
    assert database.write(TABLE) == []
    assert database.sql("SELECT count(*) FROM ads") == [(0,)]


def test_nul_characters_are_replaced(database: Database) -> None:
    texts = ["a\0b", "\0", "clean", None, ""]
    table = target(Column("text", STRING))
    database.full(table, *(row(str(number), text=text) for number, text in enumerate(texts)))
    found = database.sql("SELECT text FROM ads ORDER BY id")
    assert [text for (text,) in found] == ["a\ufffdb", "\ufffd", "clean", None, ""]


def test_not_a_number_and_infinity_arrive(database: Database) -> None:
    table = target(Column("x", ColumnType.FLOAT))
    values = [float("nan"), float("inf"), float("-inf")]
    opened = batches(table, [row(str(n), x=x) for n, x in enumerate(values)])
    for unit in (Full(opened), Upsert("one", DAYS, opened)):
        database.write(table, unit)
        found = [text for (text,) in database.sql("SELECT x::text FROM ads ORDER BY id")]
        assert found == ["NaN", "Infinity", "-Infinity"]
    assert database.write(table, Upsert("one", DAYS, opened)) == [Delivered(0)]


def test_dates_kept_as_text_or_moments_are_windows_too(database: Database) -> None:
    for kind, first, second in (
        (STRING, "2026-01-01", "2026-02-01T10:00:00"),
        (
            ColumnType.DATETIME,
            datetime(2026, 1, 31, 23, 59, tzinfo=UTC),
            datetime(2026, 2, 1, tzinfo=UTC),
        ),
    ):
        columns = tuple(Column("date", kind) if c.name == "date" else c for c in TABLE.columns)
        table = replace(TABLE, name=f"ads_{kind}", columns=columns)
        january, february = row("a", n=1) | {"date": first}, row("a", n=1) | {"date": second}
        database.full(table, january, february)
        new = january | {"n": 2}
        for _ in range(2):
            database.write(table, Window("one", DAYS, batches(table, [new])))
            assert sorted_rows(database.rows(table)) == sorted_rows([new, february])


@pytest.mark.parametrize(
    "changed",
    [{"account_id": "two"}, {"date": date(2026, 2, 1)}, {"date": None}, {"account_id": None}],
)
def test_rows_that_a_repetition_would_not_remove_are_stopped(
    database: Database, changed: Row
) -> None:  # F23
    opened = batches(TABLE, [row("a", n=1) | changed])
    for unit in (
        Window("one", DAYS, opened),
        Upsert("one", DAYS, opened),
        Append("one", INSERTED, DAYS, opened),
    ):
        with pytest.raises(RowsOutsideUnit):
            database.write(TABLE, unit)
    assert database.leftovers() == []


def test_rows_of_another_insert_date_are_stopped(database: Database) -> None:
    opened = batches(TABLE, [row("a", n=1)])
    with pytest.raises(RowsOutsideUnit):
        database.write(TABLE, Append("one", datetime(2026, 1, 3, tzinfo=UTC), None, opened))


def test_chunks_are_bounded_and_whole() -> None:
    schema = pa.schema([("text", pa.string())])
    long = pa.record_batch([["x" * 1_000_000] * 10], schema=schema)
    short = pa.record_batch([["x"] * 100_000], schema=schema)
    huge = pa.record_batch([["x" * 5_000_000] * 2], schema=schema)
    for batch in (long, short, huge):
        chunks = list(chunks_of(batch))
        assert pa.Table.from_batches(chunks).equals(pa.Table.from_batches([batch]))
        assert max(chunk.nbytes for chunk in chunks) <= 5_100_000
        assert max(chunk.num_rows for chunk in chunks) <= 16_384
    assert [chunk.num_rows for chunk in chunks_of(huge)] == [1, 1]
