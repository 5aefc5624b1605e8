"""Loads into PostgreSQL when the connection, a lock, a right or the server is against them."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg import errors

from contract.loader_cases import batches, sorted_rows
from contract.nasty_rows import Row
from fakes.cutting_proxy import cutting_proxy
from headrace.kit.columns import Column, ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, TryLater
from headrace.loaders.contract import Access, Append, Full, TargetTable, Unit, Upsert, Window
from headrace.loaders.targets.postgre_sql import LOADER, connection, swap
from headrace.loaders.targets.postgre_sql.failures import connect_failure, write_failure
from headrace.loaders.targets.postgre_sql.settings import server_of
from loaders.postgre_sql.loader_case import access_of, dsn_of, leftovers, read_rows

INSERTED = datetime(2026, 1, 2, tzinfo=UTC)
DAYS = DayRange(date(2026, 1, 1), date(2026, 1, 31))
TABLE = TargetTable(
    "ads",
    (
        Column("account_id", ColumnType.STRING),
        Column("__insert_date", ColumnType.DATETIME),
        Column("date", ColumnType.DATE),
        Column("id", ColumnType.STRING),
        Column("n", ColumnType.INTEGER),
    ),
    key=("id",),
    date_column="date",
)


def row(number: int, n: int = 0, account: str = "one") -> Row:
    day = date(2026, 1, 1 + number % 31)
    return {
        "account_id": account,
        "__insert_date": INSERTED,
        "date": day,
        "id": str(number),
        "n": n,
    }


@dataclass
class Database:
    """An empty database and ways into it."""

    url: str

    @property
    def dsn(self) -> str:
        return dsn_of(self.url)

    @property
    def access(self) -> Access:
        return access_of(self.url)

    def rows(self) -> list[dict[str, Any]]:
        return read_rows(self.dsn, TABLE)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as session:
            found = session.execute(statement.encode())
            return found.fetchall() if found.description else []

    def write(self, *units: Unit) -> None:
        list(LOADER.write(self.access, TABLE, units))


@pytest.fixture
def database(make_database: Callable[[], str]) -> Database:
    return Database(make_database())


def full(*rows: Row) -> Full:
    return Full(batches(TABLE, rows))


def every_unit(*rows: Row) -> list[Unit]:
    opened = batches(TABLE, rows)
    return [
        Full(opened),
        Window("one", DAYS, opened),
        Upsert("one", DAYS, opened),
        Append("one", INSERTED, DAYS, opened),
    ]


# --- the connection is lost ---


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("kind", range(4), ids=["full", "window", "upsert", "append"])
def test_connection_cut_at_commit(
    database: Database, kind: int, committed: bool
) -> None:  # F22 F23
    before, after = [row(1, 1), row(2, 1)], [row(2, 2), row(3, 2)]
    database.write(full(*before))
    port = int(database.access.params["port"])
    unit = every_unit(*after)[kind]
    with cutting_proxy(port) as proxy:
        access = access_of(database.url, port=proxy.port)
        passing = 0 if isinstance(unit, Full) else 1  # a first commit after looking at the columns
        plan = proxy.cut_after_commit if committed else proxy.cut_before_commit
        plan(passing)
        with pytest.raises(TryLater, match="lost"):
            list(LOADER.write(access, TABLE, [unit]))
        assert proxy.cuts == 1
        _wait_until_alone(database)
        assert sorted_rows(database.rows()) == sorted_rows(after if committed else before)
        list(LOADER.write(access, TABLE, [unit]))
        assert sorted_rows(database.rows()) == sorted_rows(after)
    assert leftovers(database.dsn, [TABLE]) == []


def _wait_until_alone(database: Database) -> None:
    """Wait until the server has noticed that a client is gone."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    while database.sql(others) != [(0,)]:
        threading.Event().wait(0.02)


def test_session_ended_by_an_administrator(database: Database) -> None:  # F22
    database.write(full(row(1)))

    def breaks() -> Iterator[pa.RecordBatch]:
        yield from batches(TABLE, [row(2)])()
        database.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        _wait_until_alone(database)
        yield from batches(TABLE, [row(number) for number in range(50_000)])()

    with pytest.raises(TryLater):
        database.write(Full(breaks))
    assert database.rows() == [row(1)]


# --- readers and other writers ---


def test_readers_see_old_or_new(database: Database) -> None:  # F25
    old = [row(number, 1) for number in range(3_000)]
    database.write(full(*old))
    stop = threading.Event()
    seen: list[tuple[int, int | None, int | None]] = []
    failures: list[Exception] = []

    def poll() -> None:
        try:
            with psycopg.connect(database.dsn, autocommit=True) as session:
                while not stop.is_set():
                    found = session.execute("SELECT count(*), min(n), max(n) FROM ads").fetchone()
                    assert found is not None
                    seen.append(found)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for n in range(2, 8):
            rows = [row(number, n) for number in range(3_000)]
            unit = (
                Full(batches(TABLE, rows)) if n % 2 else Window("one", DAYS, batches(TABLE, rows))
            )
            database.write(unit)
    finally:
        stop.set()
        reader.join()
    assert not failures
    assert {count for count, _, _ in seen} == {3_000}
    assert all(least == most for _, least, most in seen)
    assert len({least for _, least, _ in seen}) > 1


def test_a_reader_with_an_older_snapshot_does_not_see_an_empty_table(database: Database) -> None:
    database.write(full(row(1, 1)))
    with psycopg.connect(database.dsn) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.execute("SELECT 1 FROM pg_class LIMIT 1")  # the snapshot is taken here
        database.write(full(row(1, 2), row(2, 2)))
        assert session.execute("SELECT count(*) FROM ads").fetchall() == [(2,)]


def test_a_reader_that_stays_does_not_stop_a_full_load(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:  # F24
    monkeypatch.setattr(swap, "_SWAP_SECONDS", 1)
    database.write(full(row(1, 1)))
    with psycopg.connect(database.dsn) as session:
        session.execute("SELECT * FROM ads").fetchall()
        database.write(full(row(2, 2), row(3, 2)))
    assert sorted_rows(database.rows()) == sorted_rows([row(2, 2), row(3, 2)])
    assert leftovers(database.dsn, [TABLE]) == []


def test_a_held_lock_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:  # F24
    monkeypatch.setattr(connection, "LOCK_SECONDS", 1)
    database.write(full(row(1)))
    with psycopg.connect(database.dsn) as session:
        session.execute("LOCK TABLE ads IN ACCESS EXCLUSIVE MODE")
        for unit in every_unit(row(2)):
            with pytest.raises(TryLater, match="locked"):
                database.write(unit)
    assert database.rows() == [row(1)]


def test_writers_of_one_table_take_turns(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[pa.RecordBatch]:
        reached.set()
        go_on.wait()
        yield from batches(TABLE, [row(1)])()

    first = threading.Thread(target=database.write, args=(Window("one", DAYS, slow),))
    first.start()
    reached.wait()
    second_unit = Window("two", DAYS, batches(TABLE, [row(2, account="two")]))
    monkeypatch.setattr(connection, "LOCK_SECONDS", 1)
    with pytest.raises(TryLater, match="another load"):
        database.write(second_unit)
    monkeypatch.undo()
    second = threading.Thread(target=database.write, args=(second_unit,))
    second.start()
    go_on.set()
    first.join()
    second.join()
    assert sorted_rows(database.rows()) == sorted_rows([row(1), row(2, account="two")])


def test_a_failed_full_load_leaves_nothing_for_the_next(database: Database) -> None:  # F25
    database.write(full(row(1)))

    def breaks() -> Iterator[pa.RecordBatch]:
        yield from batches(TABLE, [row(2)])()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.write(Full(breaks))
    assert leftovers(database.dsn, [TABLE]) == []
    database.write(full(row(3)))
    assert database.rows() == [row(3)]


# --- rights and limits of the server ---


@pytest.fixture
def limited(database: Database) -> Iterator[Access]:
    """A user who may log in, and nothing else."""
    name = f"limited_{database.access.params['database']}"
    database.sql(f"CREATE ROLE {name} LOGIN PASSWORD 'pw-of-limited'")
    yield access_of(database.url, user=name, password="pw-of-limited")
    database.sql(f"DROP OWNED BY {name}")
    database.sql(f"DROP ROLE {name}")


def test_missing_rights_are_refused(database: Database, limited: Access) -> None:  # F24
    with pytest.raises(Refused, match="right"):
        LOADER.check(limited)
    database.write(full(row(1)))
    for unit in every_unit(row(2)):
        with pytest.raises(Refused, match="right"):
            list(LOADER.write(limited, TABLE, [unit]))
    assert database.rows() == [row(1)]


def test_rights_on_the_rows_are_enough_for_a_table_of_another_owner(
    database: Database, limited: Access
) -> None:
    database.write(full(row(1)))
    user = limited.params["user"]
    database.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ads TO {user}")
    for unit in every_unit(row(2)):
        list(LOADER.write(limited, TABLE, [unit]))
        assert database.rows() == [row(2)]


def test_a_read_only_database_is_refused(database: Database) -> None:  # F22
    name = database.access.params["database"]
    database.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(Refused, match="read-only"):
        LOADER.check(database.access)
    with pytest.raises(Refused, match="read-only"):
        database.write(full(row(1)))


def test_a_password_that_was_changed(database: Database, limited: Access) -> None:
    database.sql(f"ALTER ROLE {limited.params['user']} PASSWORD 'another'")
    with pytest.raises(Reauthorize, match="password") as caught:
        LOADER.check(limited)
    assert "pw-of-limited" not in str(caught.value)


def test_no_connection_free(database: Database, limited: Access) -> None:
    database.sql(f"ALTER ROLE {limited.params['user']} CONNECTION LIMIT 0")
    with pytest.raises(TryLater, match="no connection free"):
        LOADER.check(limited)


@pytest.mark.parametrize(
    ("error", "outcome", "words"),
    [
        (errors.DiskFull("no space"), TryLater, "disk is full"),
        (errors.SerializationFailure("x"), TryLater, "same rows"),
        (errors.DeadlockDetected("x"), TryLater, "same rows"),
        (errors.AdminShutdown("x"), TryLater, "shutting down"),
        (errors.TooManyConnections("x"), TryLater, "no connection"),
        (errors.QueryCanceled("x"), TryLater, "statement_timeout"),
        (errors.ReadOnlySqlTransaction("x"), Refused, "read-only"),
        (errors.InsufficientPrivilege("x"), Refused, "right"),
        (errors.InvalidName("x"), Refused, "statement"),
        (errors.NumericValueOutOfRange("x"), Refused, "does not fit"),
        (errors.InvalidPassword("x"), Reauthorize, "again"),
        (errors.InternalError_("x"), TryLater, "failed"),
        (psycopg.OperationalError("x"), TryLater, "lost"),
    ],
)
def test_what_errors_mean(
    error: psycopg.Error, outcome: type[OutsideError], words: str
) -> None:  # F20 F39 F40
    told = write_failure(error, "Table 'ads'")
    assert type(told) is outcome
    assert words in str(told)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ('FATAL:  password authentication failed for user "u"', Reauthorize),
        ('FATAL:  no pg_hba.conf entry for host "1.2.3.4"', Refused),
        ("FATAL:  sorry, too many clients already", TryLater),
        ("FATAL:  the database system is shutting down", TryLater),
        ("FATAL:  the database system is starting up", TryLater),
        ("connection timeout expired", TryLater),
        ("SSL error: certificate verify failed", Refused),
        ('authentication method requirement "scram-sha-256" failed', Refused),
    ],
)
def test_what_a_failed_connection_means(said: str, outcome: type[OutsideError]) -> None:
    server = server_of({"host": "h", "database": "d", "user": "u", "password": "p"})
    assert type(connect_failure(psycopg.OperationalError(said), server)) is outcome


def test_the_environment_does_not_reach_the_connection(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:  # S76 S79
    for name, value in {
        "PGHOSTADDR": "192.0.2.1",
        "PGHOST": "/tmp",
        "PGUSER": "somebody",
        "PGPASSWORD": "x",
        "PGPASSFILE": "/etc/passwd",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/nowhere",
        "PGOPTIONS": "-c default_transaction_read_only=on",
        "PGTARGETSESSIONATTRS": "standby",
        "PGREQUIREAUTH": "none",
        "PGSERVICEFILE": "/nowhere",
        "PGCLIENTENCODING": "LATIN1",
        "PGMINPROTOCOLVERSION": "9",
    }.items():
        monkeypatch.setenv(name, value)
    LOADER.check(database.access)
