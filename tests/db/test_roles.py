"""Row-level security: what each role sees, whatever a query asks for."""

import secrets
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from architecture.house import modules
from headrace.db.embedded import EmbeddedServer
from headrace.db.engine import make_engine, plain_dsn, session_maker, transaction
from headrace.db.migrating import migrate_at
from headrace.db.roles import (
    AGENCY,
    ROLES,
    SYSTEM,
    WORKSPACE,
    RolesMissing,
    protected,
    step_down,
    stepped_down,
)
from headrace.models import metadata
from headrace.tenancy.models import Agency, Workspace

SERVERS_OWN = {
    "pause": "what platforms and places want left alone, whoever's runs those are; of no tenant",
    "worker_process": "which workers live; of no tenant",
    "webhook_host": "how a receiving host behaves, for the sender's pace; of no tenant",
}
"""Tables whose rows are of no tenant: no tenant is granted anything on them."""

TABLES = text("""
    SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS is_forced,
           array(SELECT r::text FROM pg_policy p, unnest(p.polroles) u(o) JOIN pg_roles g ON g.oid = o,
                 LATERAL (SELECT g.rolname) x(r) WHERE p.polrelid = c.oid) AS roles
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
""")


@pytest.fixture
def engine(committed_database: str) -> Iterator[Engine]:
    """One connection to a database of the test's own, as the server has it."""
    made = make_engine(committed_database, pool_size=1, role=SYSTEM)
    yield made
    made.dispose()


@pytest.fixture
def two(engine: Engine) -> list[Workspace]:
    """A workspace of each of two agencies."""
    with transaction(session_maker(engine)) as session:
        made = []
        for title in ("one", "two"):
            agency = Agency(title=title)
            session.add(agency)
            session.flush()
            made.append(Workspace(agency_id=agency.id, title=title))
        session.add_all(made)
    return made


def _titles(session: Session) -> list[str]:
    return list(session.scalars(select(Workspace.title).order_by(Workspace.title)))


def test_every_table_is_bound(engine: Engine) -> None:  # S11
    ours = {table.name for table in metadata.sorted_tables}
    with engine.connect() as connection:
        found = {row.relname: row for row in connection.execute(TABLES) if row.relname in ours}
        assert protected(connection) >= ours
    assert found.keys() == ours
    for name, row in found.items():
        assert row.is_forced, name
        tenants = set(row.roles) - {SYSTEM}
        wanted = set() if name in SERVERS_OWN else {AGENCY, WORKSPACE}
        assert tenants == wanted, f"{name}: bind it to a tenant, or say here why it has none"
    assert ours >= SERVERS_OWN.keys()


def test_no_tenants_table_is_called_the_servers_own() -> None:
    for name in SERVERS_OWN:
        assert not {"workspace_id", "agency_id"} & set(metadata.tables[name].c.keys())


def test_the_roles_are_neither_owner_nor_mighty(engine: Engine) -> None:  # S11
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == SYSTEM
        mighty = connection.scalars(
            text(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles) AND (rolsuper OR "
                "rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin)"
            ),
            {"roles": list(ROLES)},
        ).all()
        owned = connection.scalar(
            text(
                "SELECT count(*) FROM pg_class JOIN pg_roles r ON r.oid = relowner "
                "WHERE r.rolname = ANY(:roles)"
            ),
            {"roles": list(ROLES)},
        )
    assert mighty == []
    assert owned == 0


def test_a_tenant_that_is_not_named_sees_nothing(engine: Engine, two: list[Workspace]) -> None:
    # S10
    for role in (AGENCY, WORKSPACE):
        with engine.begin() as connection:
            connection.execute(text(f"SET LOCAL ROLE {role}"))
            assert connection.scalar(text("SELECT count(*) FROM workspace")) == 0
            assert connection.scalar(text("SELECT count(*) FROM agency")) == 0


def test_a_workspace_sees_itself_alone(engine: Engine, two: list[Workspace]) -> None:  # S10
    mine, other = two
    with transaction(session_maker(engine)) as session:
        assert _titles(session) == ["one", "two"]
        step_down(session, mine.agency_id, mine.id)
        assert _titles(session) == ["one"]
        assert session.scalars(select(Agency.title)).all() == ["one"]
        changed = session.execute(text("UPDATE workspace SET title = 'x' RETURNING id"))
        assert changed.scalars().all() == [mine.id]
        gone = text("DELETE FROM workspace WHERE id = :id RETURNING id")
        assert session.scalar(gone, {"id": other.id}) is None


def test_an_agency_sees_its_own_workspaces(engine: Engine, two: list[Workspace]) -> None:  # S10
    mine, other = two
    with transaction(session_maker(engine)) as session:
        for workspace in two:
            session.execute(_FILE, {"path": workspace.title, "workspace_id": workspace.id})
        step_down(session, mine.agency_id)
        assert _titles(session) == ["one"]
        assert session.scalars(text("SELECT path FROM lake_file")).all() == ["one"]
        session.execute(_FILE, {"path": "mine", "workspace_id": mine.id})
        with pytest.raises(ProgrammingError, match="row-level security"), session.begin_nested():
            session.execute(_FILE, {"path": "theirs", "workspace_id": other.id})


_FILE = text(
    "INSERT INTO lake_file (path, workspace_id, row_count, byte_count, inserted_at) "
    "VALUES (:path, :workspace_id, 1, 1, now())"
)


def test_nothing_is_written_into_another_workspace(engine: Engine, two: list[Workspace]) -> None:
    mine, other = two
    with transaction(session_maker(engine)) as session:
        step_down(session, mine.agency_id, mine.id)
        session.execute(_FILE, {"path": "a", "workspace_id": mine.id})
        for statement in (_FILE, text("UPDATE lake_file SET workspace_id = :workspace_id")):
            with pytest.raises(ProgrammingError, match="row-level"), session.begin_nested():
                session.execute(statement, {"path": "b", "workspace_id": other.id})


def test_what_all_may_read_nobody_may_take(engine: Engine, two: list[Workspace]) -> None:
    mine = two[0]
    with transaction(session_maker(engine)) as session:
        step_down(session, mine.agency_id, mine.id)
        assert session.scalar(text("SELECT count(*) FROM extract_template")) or 0 > 0
        taken = text("UPDATE extract_template SET agency_id = :agency_id RETURNING id")
        assert session.scalars(taken, {"agency_id": mine.agency_id}).all() == []
        assert session.scalars(text("DELETE FROM extract_template RETURNING id")).all() == []


def test_rows_of_a_child_follow_their_parent(engine: Engine, two: list[Workspace]) -> None:
    with transaction(session_maker(engine)) as session:
        for workspace in two:
            session.execute(
                text(
                    "WITH made AS (INSERT INTO run (workspace_id, kind, subject_id, trigger, status, "
                    "lane, limit_key, priority, params, due_at, fence, attempt, retries, rows_read, "
                    "rows_written, rows_deleted, rows_rejected, bytes_written) VALUES (:id, 'k', '1', "
                    "'t', 'waiting', :title, 'l', 0, '{}', now(), 0, 0, 0, 0, 0, 0, 0, 0) "
                    "RETURNING id) INSERT INTO run_window (run_id, position, is_done, rows) "
                    "SELECT id, 0, false, 0 FROM made"
                ),
                {"id": workspace.id, "title": workspace.title},
            )
        step_down(session, two[0].agency_id, two[0].id)
        assert session.scalar(text("SELECT count(*) FROM run")) == 1
        assert session.scalar(text("SELECT count(*) FROM run_window")) == 1


def test_tenants_do_not_reach_the_jobs(engine: Engine, two: list[Workspace]) -> None:
    with transaction(session_maker(engine)) as session:
        step_down(session, two[0].agency_id, two[0].id)
        for table in ("procrastinate.procrastinate_jobs", "alembic_version"):
            with pytest.raises(ProgrammingError, match="denied"), session.begin_nested():
                session.execute(text(f"SELECT FROM {table}"))


def test_a_tenant_cannot_change_its_agencys_flags(engine: Engine, two: list[Workspace]) -> None:
    with transaction(session_maker(engine)) as session:
        step_down(session, two[0].agency_id)
        with pytest.raises(ProgrammingError, match="denied"), session.begin_nested():
            session.execute(text("UPDATE agency SET can_use_embedded_api = true"))


def test_a_pooled_connection_does_not_carry_the_last_tenant(
    engine: Engine, two: list[Workspace]
) -> None:  # S10
    sessions = session_maker(engine)
    with transaction(sessions) as session:
        first = session.scalar(text("SELECT pg_backend_pid()"))
        step_down(session, two[0].agency_id, two[0].id)
    with sessions() as session:
        step_down(session, two[0].agency_id, two[0].id)
        with pytest.raises(DBAPIError):
            session.execute(text("SELECT 1/0"))
    with transaction(sessions) as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) == first
        assert session.scalar(text("SELECT current_user")) == SYSTEM
        assert session.scalar(text("SELECT current_setting('headrace.workspace_id', true)")) == ""
        assert _titles(session) == ["one", "two"]


def test_a_session_stays_with_its_tenant(engine: Engine, two: list[Workspace]) -> None:
    with session_maker(engine)() as session:
        step_down(session, two[0].agency_id, two[0].id)
        session.commit()
        assert _titles(session) == ["one"]  # another transaction
        session.rollback()
        assert _titles(session) == ["one"]
        savepoint = session.begin_nested()
        step_down(session, two[1].agency_id, two[1].id)
        assert _titles(session) == ["two"]
        savepoint.rollback()
        step_down(session, two[0].agency_id, two[0].id)
        assert _titles(session) == ["one"]


def test_a_block_goes_back_to_the_server(engine: Engine, two: list[Workspace]) -> None:
    with transaction(session_maker(engine)) as session:
        for workspace in two:
            with stepped_down(session, workspace.agency_id, workspace.id):
                assert _titles(session) == [workspace.title]
        assert _titles(session) == ["one", "two"]


BEYOND = {
    "src/headrace/db/roles.py": "the steps themselves",
    "src/headrace/connections/revoking.py": "another workspace may stand on the same grant",
    "src/headrace/loads/queries.py": "two workspaces can lead to one place, whose tables are shared",
    "src/headrace/runs/pauses.py": "pauses are of what many tenants share; their reasons name none",
    "src/headrace/rest/session.py": "the trail of a request and its idempotency are the server's",
}
"""Who looks beyond a tenant after stepping down, with the reason."""


def test_few_look_beyond_their_tenant() -> None:
    steps = {"as_server", "step_back"}
    found = {
        module.name
        for module in modules()
        for name, _ in module.calls()
        if name.split(".")[-1] in steps
    }
    assert found == BEYOND.keys(), "give a reason in BEYOND, or take it off"


# The login.


@pytest.fixture
def plain_login(postgres_server: EmbeddedServer) -> Iterator[Callable[..., str]]:
    """Make logins that own a database and are no superusers; gives their URLs."""
    names: list[str] = []
    owner = psycopg.connect(plain_dsn(postgres_server.url("postgres")), autocommit=True)

    def make(rights: str) -> str:
        name, password = f"l{secrets.token_hex(6)}", secrets.token_urlsafe(12)
        names.append(name)
        login = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} " + rights)
        owner.execute(login.format(sql.Identifier(name), sql.Literal(password)))
        owner.execute(f"CREATE DATABASE {name} OWNER {name}")
        return f"postgresql://{name}:{password}@127.0.0.1:{postgres_server.port}/{name}"

    yield make
    for name in names:
        owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
        owner.execute(f"DROP ROLE {name}")
    owner.close()


def test_a_login_that_may_not_make_roles_is_told_what_to_run(
    plain_login: Callable[..., str], postgres_server: EmbeddedServer, template_database: str
) -> None:
    url = plain_login("")
    with pytest.raises(RolesMissing, match="as a superuser") as refused:
        migrate_at(url)
    name = url.rsplit("/", 1)[1]
    grant = f"GRANT headrace_system, headrace_agency, headrace_workspace TO {name};"
    assert grant in str(refused.value)
    with psycopg.connect(plain_dsn(postgres_server.url("postgres")), autocommit=True) as owner:
        owner.execute(grant.encode())
    migrate_at(url)
    _works_for_a_plain_owner(url)


def _works_for_a_plain_owner(url: str) -> None:
    engine = make_engine(url, role=SYSTEM)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO agency (title, can_use_embedded_api) VALUES ('a', true)")
        )
    engine.dispose()
    owner = make_engine(url)
    with owner.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM agency")) == 1  # migrations need to see
        connection.execute(text("UPDATE agency SET title = 'b'"))
        connection.execute(text(f"SET LOCAL ROLE {WORKSPACE}"))
        assert connection.scalar(text("SELECT count(*) FROM agency")) == 0
    owner.dispose()


def test_roles_that_could_pass_the_policies_by_are_refused(
    plain_login: Callable[..., str], postgres_server: EmbeddedServer, template_database: str
) -> None:
    with psycopg.connect(plain_dsn(postgres_server.url("postgres")), autocommit=True) as owner:
        owner.execute(f"ALTER ROLE {AGENCY} BYPASSRLS")
        try:
            with pytest.raises(RolesMissing, match=f"ALTER ROLE {AGENCY} NOLOGIN NOSUPERUSER"):
                migrate_at(plain_login(""))
        finally:
            owner.execute(f"ALTER ROLE {AGENCY} NOBYPASSRLS")
