"""The customer's settings and query cannot leave the one SELECT, the one host, the one database."""

from datetime import date

import psycopg
import pytest

from connectors.postgres.databases import batches_of, rows_of, source_database
from fakes.journal import RecordingJournal
from headrace.connectors.contract import ReadRequest
from headrace.connectors.sources.postgres import CONNECTOR
from headrace.connectors.sources.postgres.session import _ssl_mode
from headrace.connectors.sources.postgres.settings import PostgresSettings
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import Reauthorize, Refused, TryLater


@pytest.fixture(scope="module")
def database(request):
    made = source_database(request)
    made.execute("create table t (id int, day date)", "insert into t values (1, '2026-03-01')")
    return made


@pytest.mark.parametrize(
    "query",
    [
        "select 1; select 2",
        "select 1) as a; drop table t; --",
        "select 1) as a; drop table t; /*",
        "select 1) TO STDOUT; commit; drop table t; copy (select 1",
        "delete from t returning id",
        "with gone as (delete from t returning id) select * from gone",
        "insert into t values (2, null) returning id",
        "commit",
        "copy t to '/tmp/headrace-out'",
        "select 1) as q) to program 'true' --",
        "select set_config('transaction_read_only', 'off', true)",
        "select 1 /* never closed",
        "select 'never closed",
    ],
)
def test_only_a_single_select_is_read(database, query):  # S83
    with pytest.raises(Refused):
        rows_of(database.access(query=query))
    assert rows_of(database.access(table="t")) == [{"id": 1, "day": date(2026, 3, 1)}]


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("select 1 as a -- the end", "1"),
        ("select '%s {0} % ;' as a ; ", "%s {0} % ;"),
        ("with b as (select 'x'::text as a) select a from b order by 1", "x"),
        ("values ('x')", "x"),
        ("table pg_catalog.pg_namespace limit 0", None),
    ],
)
def test_any_select_is_read(database, query, value):
    values = [str(cell) for row in rows_of(database.access(query=query)) for cell in row.values()]
    assert values == ([] if value is None else [value])


@pytest.mark.parametrize(
    "name",
    ['a"b', "a;drop table t", "a.b", "select", "a'b", "Grüße 東京", " spaced ", "x" * 63, "%s {0}"],
)
def test_table_and_schema_names_are_quoted(database, name):  # S81
    quoted = '"' + name.replace('"', '""') + '"'
    database.execute(
        f"create schema {quoted}", f"create table {quoted}.{quoted} as select 7 as {quoted}"
    )
    assert rows_of(database.access(schema=name, table=name)) == [{name: 7}]


def test_a_table_name_that_is_too_long_is_not_found(database):  # S81
    with pytest.raises(Refused, match="does not exist"):
        rows_of(database.access(table="t" * 200))


@pytest.mark.parametrize(
    "host",
    ["/var/run/postgresql", "@socket", "a,b", "localhost hostaddr=10.0.0.1", "x=y", "a\\b", "hö"],
)
def test_sockets_and_host_lists_are_refused(database, host):  # S79
    with pytest.raises(Refused, match="host"):
        CONNECTOR.check(database.access(table="t", host=host))


def test_a_private_host_is_refused_unless_the_operator_opened_it(database):  # S72 S79
    with pytest.raises(Refused, match="HEADRACE_ALLOWED_PRIVATE_HOSTS"):
        CONNECTOR.check(database.access(table="t", policy=OutboundPolicy()))


def test_an_unknown_host_is_tried_later(database):
    with pytest.raises(TryLater, match="does not resolve"):
        CONNECTOR.check(database.access(table="t", host="nowhere.invalid"))


def test_parameters_in_the_database_name_have_no_effect(database):  # S79
    with pytest.raises(Refused, match="does not exist"):
        CONNECTOR.check(database.access(table="t", database="host=/tmp dbname=postgres"))


def test_a_public_host_must_encrypt():  # S80
    access_settings = PostgresSettings("db.example.com", 5432, "d", "u", "p", table="t")
    opened = OutboundPolicy(frozenset({"db.example.com"}))
    assert _ssl_mode(access_settings, "93.184.215.14", OutboundPolicy()) == "require"
    assert _ssl_mode(access_settings, "10.0.0.1", opened) == "prefer"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "table or a query"),
        ({"table": "t", "query": "select 1"}, "table or a query"),
        ({"table": "t", "port": "x"}, "port"),
        ({"table": "t", "port": 70000}, "port"),
        ({"table": "t", "host": ""}, "host"),
        ({"table": "t\0"}, "table"),
        ({"table": 5}, "table"),
        ({"table": "t", "ssl_mode": "allow"}, "ssl_mode"),
        ({"table": "t", "date_column": "nothing"}, "nothing"),
        ({"table": "t", "date_column": "id"}, "cast it"),
    ],
)
def test_settings_that_cannot_be_used_are_named(database, settings, said):
    with pytest.raises(Refused, match=said):
        CONNECTOR.check(database.access(**settings))


def test_without_a_password_nothing_is_tried(database):
    access = database.access(table="t")
    access.credentials.clear()
    with pytest.raises(Reauthorize, match="password"):
        CONNECTOR.check(access)


def test_the_password_is_not_shown(database):  # S99
    settings = PostgresSettings.parse(database.access(table="t"))
    assert database.server.password not in repr(settings)


def test_a_user_who_may_not_read_is_told(database):  # F24
    database.execute("create user reader password 'reader-pw'", "create table secret (a int)")
    with pytest.raises(Refused, match="permission denied"):
        CONNECTOR.check(database.access(user="reader", password="reader-pw", table="secret"))
    database.execute("drop user reader")


def test_an_account_of_a_changed_connection_is_refused(database):
    account = next(iter(CONNECTOR.accounts(database.access(table="t"))))
    assert account.title == "public.t"
    request = ReadRequest(account, "rows", (), None, RecordingJournal())
    with pytest.raises(Refused, match="no longer reads"):
        list(CONNECTOR.read(database.access(query="select 1"), request))


def test_a_read_that_is_given_up_leaves_no_session(database):  # S76
    access = database.access(query="select i from generate_series(1, 2000000) i")
    account = next(iter(CONNECTOR.accounts(access)))
    reading = CONNECTOR.read(access, ReadRequest(account, "rows", (), None, RecordingJournal()))
    assert next(reading).num_rows > 0
    reading.close()
    busy = "select 1 from pg_stat_activity where application_name = 'headrace' and state = 'active'"
    assert rows_of(database.access(query=f"{busy} and pid <> pg_backend_pid()")) == []


def test_the_days_of_a_window_are_bound_to_utc(database):
    database.execute(
        "create table moments (at timestamptz, n int)",
        "insert into moments values ('2026-03-01 00:30+02', 1), ('2026-03-01 23:59:59.9+00', 2), "
        "('2026-03-02 00:00+00', 3)",
    )
    window = DayRange(date(2026, 3, 1), date(2026, 3, 1))
    access = database.access(table="moments", date_column="at")
    assert [row["n"] for row in rows_of(access, window=window)] == [2]


def test_a_lost_connection_is_tried_later(database):  # F39
    query = "select pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(TryLater):
        batches_of(database.access(query=query))
    with psycopg.connect(
        host=database.server.host, port=database.server.port, user=database.server.user,
        password=database.server.password, dbname=database.name,
    ) as connection:  # fmt: skip
        assert connection.execute("select count(*) from t").fetchone() == (1,)
