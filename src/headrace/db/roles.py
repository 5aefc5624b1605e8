"""The database roles that row-level security is bound to, and stepping down to one of them.

The login owns the tables and migrates them. Every other connection works as `SYSTEM`, which sees all
rows; a transaction that is about one tenant steps down to `AGENCY` or `WORKSPACE`, whose policies
let it see and write that tenant's rows alone, whatever a query asks for.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import (
    ColumnElement,
    Connection,
    SQLColumnExpression,
    Text,
    cast,
    event,
    func,
    text,
)
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, SessionTransaction

SYSTEM = "headrace_system"
"""Sees every row: authentication, the scheduler, housekeeping, what is not yet about one tenant."""
AGENCY = "headrace_agency"
"""Sees the rows of the agency that the transaction named, and of its workspaces."""
WORKSPACE = "headrace_workspace"
"""Sees the rows of the workspace that the transaction named, and its agency's own."""
ROLES = (SYSTEM, AGENCY, WORKSPACE)

AGENCY_SETTING = "headrace.agency_id"
WORKSPACE_SETTING = "headrace.workspace_id"

_TENANT = "tenant"
_PLACE = "tenant held where"
_PRIVILEGE_MISSING = "42501"
_KNOWN = text(
    "SELECT rolname, rolsuper OR rolbypassrls OR rolcanlogin AS is_mighty FROM pg_roles "
    "WHERE rolname = ANY(:names)"
)
# Another database of the same server may be migrated at this moment; roles belong to both.
_CREATE = """
    DO $$ BEGIN
        CREATE ROLE {role} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END $$
"""


class RolesMissing(Exception):
    """The login may not make the database's roles; the message has the statements to run."""


def ensure_roles(connection: Connection) -> None:
    """Make the roles, and the login a member of each, unless that is so; commits nothing.

    A login that owns the tables and is a member of `SYSTEM` sees all rows under its policies: so
    migrations can change rows, although the owner is held to the policies like everyone else.

    Raises:
        RolesMissing: if the login may not, or a role of that name could pass the policies by.
    """
    known = {row.rolname: row.is_mighty for row in connection.execute(_KNOWN, {"names": [*ROLES]})}
    for role in ROLES:
        if known.get(role):
            raise RolesMissing(
                f"The database role {role} can log in, is a superuser or bypasses row-level "
                f"security. Run as a superuser: ALTER ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS;"
            )
    missing = [role for role in ROLES if role not in known]
    login = connection.scalar(text("SELECT quote_ident(session_user)"))
    by_hand = [f"CREATE ROLE {role} NOLOGIN;" for role in missing]
    by_hand.append(f"GRANT {', '.join(ROLES)} TO {login};")
    try:
        for role in missing:
            _carry_out(connection, _CREATE.format(role=role))
        for role in ROLES:
            if not _may_become(connection, role):
                _carry_out(connection, f"GRANT {role} TO CURRENT_USER")
    except PermissionError as error:
        raise RolesMissing(
            "The database login may not make the roles that keep tenants apart. Run this once as a "
            f"superuser, then start again: {' '.join(by_hand)}"
        ) from error


def _may_become(connection: Connection, role: str) -> bool:
    attempt = connection.begin_nested()
    try:
        _carry_out(connection, f"SET LOCAL ROLE {role}")
    except PermissionError:
        return False
    finally:
        attempt.rollback()
    return True


def _carry_out(connection: Connection, statement: str) -> None:
    """Execute a statement; raises `PermissionError` where the login lacks the right to it."""
    try:
        with connection.begin_nested():
            connection.execute(text(statement))
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) == _PRIVILEGE_MISSING:
            raise PermissionError from error
        raise


# True: for this transaction alone, so that a pooled connection forgets it.
_STEP = text(
    "SELECT set_config('role', :role, true), "
    f"set_config('{AGENCY_SETTING}', :agency, true), "
    f"set_config('{WORKSPACE_SETTING}', :workspace, true)"
)
_BACK = text(f"SELECT set_config('role', '{SYSTEM}', true)")


def _settings(agency_id: int, workspace_id: int | None) -> dict[str, str]:
    if workspace_id is None:
        return {"role": AGENCY, "agency": str(agency_id), "workspace": ""}
    return {"role": WORKSPACE, "agency": str(agency_id), "workspace": str(workspace_id)}


def binding(
    agency_id: SQLColumnExpression[int], workspace_id: SQLColumnExpression[int]
) -> list[ColumnElement[str]]:
    """Return the columns that step the transaction down to a workspace when a statement has them.

    They ride on the very statement that proves the tenant: no row, no step.
    """
    return [
        func.set_config("role", WORKSPACE, True, type_=Text),
        func.set_config(AGENCY_SETTING, cast(agency_id, Text), True, type_=Text),
        func.set_config(WORKSPACE_SETTING, cast(workspace_id, Text), True, type_=Text),
    ]


class HeldSession(Session):
    """A session that, once held to a tenant, is held to it in each of its transactions."""

    def begin_held(self, connection: Connection) -> None:
        """Step a new transaction down to the tenant, if there is one."""
        tenant = self.info.get(_TENANT)
        if tenant is not None:
            connection.execute(_STEP, _settings(*tenant))
            note_bound(self, *tenant)


@event.listens_for(HeldSession, "after_begin")
def _hold_again(
    session: HeldSession, transaction: SessionTransaction, connection: Connection
) -> None:
    if not transaction.nested:
        session.begin_held(connection)


def step_down(session: Session, agency_id: int, workspace_id: int | None = None) -> None:
    """Hold a session to one workspace, or to one agency; costs nothing where it is so already."""
    if session.info.get(_PLACE) != (*_place(session), agency_id, workspace_id):
        session.execute(_STEP, _settings(agency_id, workspace_id))
        note_bound(session, agency_id, workspace_id)


def note_bound(session: Session, agency_id: int, workspace_id: int | None = None) -> None:
    """Remember that a statement with `binding` has stepped the session down."""
    session.info[_TENANT] = (agency_id, workspace_id)
    session.info[_PLACE] = (*_place(session), agency_id, workspace_id)


def _place(session: Session) -> tuple[object, object]:
    """Where a step was made: a savepoint that is rolled back takes back what was set in it."""
    return session.get_transaction(), session.get_nested_transaction()


def step_back(session: Session) -> None:
    """Let the rest of the transaction see all rows again, after what it left is flushed.

    For what the server itself writes down of a tenant's request, at its end.
    """
    session.flush()
    session.execute(_BACK)
    session.info.pop(_PLACE, None)


@contextmanager
def as_server(session: Session) -> Iterator[None]:
    """Let a block see the rows of all tenants, for the few rules that reach across them."""
    tenant = session.info.get(_TENANT)
    step_back(session)
    yield
    if tenant is not None:
        step_down(session, *tenant)


@contextmanager
def stepped_down(
    session: Session, agency_id: int, workspace_id: int | None = None
) -> Iterator[None]:
    """Hold a block of a transaction to one tenant; what it left is flushed within it.

    For the server's own work on several tenants in one transaction. A block that fails has to be
    rolled back with its savepoint or transaction, which ends the hold as well.
    """
    step_down(session, agency_id, workspace_id)
    try:
        yield
        step_back(session)
    finally:
        session.info.pop(_TENANT)
        session.info.pop(_PLACE, None)


_PROTECTED = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND c.relforcerowsecurity
      AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
""")


def protected(connection: Connection) -> set[str]:
    """Return the tables whose policies bind everyone, their owner too."""
    return set(connection.scalars(_PROTECTED))
