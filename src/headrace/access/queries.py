"""All SQL of users and credentials."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from headrace.access.models import AccessToken, BrowserSession, Membership, Role, TokenKind, User
from headrace.db.prepared import Prepared, prepared
from headrace.db.roles import binding, note_bound
from headrace.tenancy.models import Agency, Workspace

_MAKING_AGENCIES = 0x61676E63  # of the advisory locks, the one of a server's first agency
# What `rights.of_role` takes; both are NULL where there is no role.
_ROLE = (Role.code, Role.permissions)


def user_by_name(
    session: Session, username: str, *, is_held: bool = False
) -> Row[User, bool] | None:
    """Return an active user and whether their agency may use the API.

    is_held: keep the user's password from being changed until this transaction ends, so that
        nothing is left behind that the change should have ended.
    """
    found = (
        select(User, Agency.can_use_embedded_api)
        .join(Agency, Agency.id == User.agency_id)
        .where(User.username == username, User.is_active)
    )
    if is_held:
        found = found.with_for_update(read=True, of=User)
    return session.execute(found).one_or_none()


def replace_hash(session: Session, user_id: int, old: str | None, new: str) -> bool:
    """Store a better hash of a password, unless the password changed meanwhile."""
    changed = (
        update(User)
        .where(User.id == user_id, User.password_hash == old)
        .values(password_hash=new)
        .returning(User.id)
    )
    return session.execute(changed).one_or_none() is not None


class TokenOwner(NamedTuple):
    """A token, its user, its workspace's agency with its flag, and the user's role there.

    The role is its code and its permissions, as `rights.of_role` takes them.
    """

    expires_at: datetime
    limited_to: list[str] | None
    workspace_id: int
    user_id: int
    is_chief: bool
    user_agency_id: int
    agency_id: int
    can_use_embedded_api: bool
    role_code: str | None
    role_permissions: list[str] | None


@cache
def _token_owner() -> Prepared:
    """The statement of `token_owner`, made once: to make it takes longer than to carry it out."""
    statement: Any = (
        select(
            AccessToken.expires_at,
            AccessToken.limited_to,
            AccessToken.workspace_id,
            AccessToken.user_id,
            User.is_chief,
            User.agency_id.label("user_agency_id"),
            Workspace.agency_id,
            Agency.can_use_embedded_api,
            Role.code,
            Role.permissions,
            *binding(Workspace.agency_id, Workspace.id),
        )
        .select_from(AccessToken)
        .join(User, User.id == AccessToken.user_id)
        .join(Workspace, Workspace.id == AccessToken.workspace_id)
        .join(Agency, Agency.id == Workspace.agency_id)
        .outerjoin(
            Membership,
            (Membership.user_id == User.id) & (Membership.workspace_id == Workspace.id),
        )
        .outerjoin(Role, Role.id == Membership.role_id)
        .where(
            AccessToken.digest == bindparam("digest", required=False),
            AccessToken.kind != TokenKind.EMBED_CODE,
            AccessToken.expires_at > bindparam("now", required=False),
            User.is_active,
        )
    )
    return prepared(statement, "digest", "now")


def token_owner(session: Session, digest: str, now: datetime) -> TokenOwner | None:
    """Return what a live token stands for, without making objects of it: every request asks.

    The statement also binds the session to the token's workspace: that costs no round trip more.
    """
    row = _token_owner().execute(session, {"digest": digest, "now": now}).one_or_none()
    if row is None:
        return None
    owner = TokenOwner(*row[: len(TokenOwner._fields)])
    note_bound(session, owner.agency_id, owner.workspace_id)
    return owner


def active_member(
    session: Session, user_id: int, workspace_id: int
) -> Row[User, str | None, list[str] | None] | None:
    """Return an active user of a workspace's agency, if it may use the API, and their role there.

    The role is its code and its permissions, as `rights.of_role` takes them.
    """
    return session.execute(
        select(User, *_ROLE)
        .join(Agency, Agency.id == User.agency_id)
        .join(Workspace, Workspace.agency_id == Agency.id)
        .outerjoin(
            Membership,
            (Membership.user_id == User.id) & (Membership.workspace_id == Workspace.id),
        )
        .outerjoin(Role, Role.id == Membership.role_id)
        .where(
            User.id == user_id,
            Workspace.id == workspace_id,
            User.is_active,
            Agency.can_use_embedded_api,
        )
    ).one_or_none()


def session_owner(
    session: Session, digest: str, now: datetime
) -> Row[BrowserSession, User, bool] | None:
    """Return a live browser session, its user and the agency's flag."""
    return session.execute(
        select(BrowserSession, User, Agency.can_use_embedded_api)
        .join(User, User.id == BrowserSession.user_id)
        .join(Agency, Agency.id == User.agency_id)
        .where(BrowserSession.digest == digest, BrowserSession.expires_at > now, User.is_active)
    ).one_or_none()


def workspace_role(
    session: Session, user_id: int, workspace_id: int
) -> Row[str | None, list[str]] | None:
    """Return the code and the permissions of the role a user holds in a workspace."""
    return session.execute(
        select(*_ROLE)
        .join(Membership, Membership.role_id == Role.id)
        .where(Membership.user_id == user_id, Membership.workspace_id == workspace_id)
    ).one_or_none()


def roles_held(session: Session, user_id: int) -> Sequence[Row[str | None, list[str]]]:
    """Return the code and the permissions of every role a user holds, in any workspace."""
    return session.execute(
        select(*_ROLE)
        .join(Membership, Membership.role_id == Role.id)
        .where(Membership.user_id == user_id)
        .distinct()
    ).all()


def role_named(session: Session, agency_id: int, name: str) -> Role | None:
    """Return a system role by its code or an agency's role by its title, held against deletion."""
    of_agency = (Role.agency_id == agency_id) & (func.lower(Role.title) == func.lower(name))
    return session.scalar(
        select(Role)
        .where((Role.code == name) | of_agency)
        .order_by(Role.id)
        .limit(1)
        .with_for_update(read=True, key_share=True)
    )


def workspace_agency(session: Session, workspace_id: int) -> int | None:
    """Return the agency of a workspace."""
    return session.scalar(select(Workspace.agency_id).where(Workspace.id == workspace_id))


def push_expiry(
    session: Session,
    credential: type[AccessToken] | type[BrowserSession],
    digest: str,
    expires_at: datetime,
    at_least: timedelta,
) -> None:
    """Move a credential's expiry forward, unless that would move it by less than `at_least`."""
    session.execute(
        update(credential)
        .where(credential.digest == digest, credential.expires_at < expires_at - at_least)
        .values(expires_at=expires_at)
    )


def exchange_code(
    session: Session, code_digest: str, now: datetime, new_digest: str, expires_at: datetime
) -> bool:
    """Turn the code of an iframe URL into a session's token; False where it is not good (any more).

    One statement: of two that bring the same code, the second finds it changed.
    """
    statement = (
        update(AccessToken)
        .where(
            AccessToken.digest == code_digest,
            AccessToken.kind == TokenKind.EMBED_CODE,
            AccessToken.expires_at > now,
        )
        .values(digest=new_digest, kind=TokenKind.EMBED, expires_at=expires_at)
        .returning(AccessToken.digest)
    )
    return session.execute(statement).one_or_none() is not None


def delete_expired(session: Session, before: datetime) -> int:
    """Delete credentials that expired before a moment; returns how many."""
    gone = 0
    for credential in (AccessToken, BrowserSession):
        old = delete(credential).where(credential.expires_at < before)
        gone += len(session.execute(old.returning(credential.digest)).all())
    return gone


def end_credentials(session: Session, user_ids: Collection[int]) -> None:
    """Delete every token, iframe URL and session of some users."""
    for credential in (AccessToken, BrowserSession):
        session.execute(delete(credential).where(credential.user_id.in_(user_ids)))


def users_of(session: Session, agency_id: int) -> Sequence[int]:
    """Return the ids of an agency's users."""
    return session.scalars(select(User.id).where(User.agency_id == agency_id)).all()


def user_named(session: Session, username: str) -> User | None:
    """Return a user, active or not, held for a change."""
    return session.scalar(select(User).where(User.username == username).with_for_update())


def other_chiefs(session: Session, user: User) -> int:
    """How many active chiefs an agency has beside a user."""
    return (
        session.scalar(
            select(func.count()).where(
                User.agency_id == user.agency_id,
                User.id != user.id,
                User.is_chief,
                User.is_active,
            )
        )
        or 0
    )


def membership(session: Session, user_id: int, workspace_id: int) -> Membership | None:
    """Return what a user is in a workspace, held for a change."""
    return session.scalar(
        select(Membership)
        .where(Membership.user_id == user_id, Membership.workspace_id == workspace_id)
        .with_for_update()
    )


def hold_agencies(session: Session) -> None:
    """Let nobody else who asks for this make an agency until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(_MAKING_AGENCIES)))


def delete_session(session: Session, digest: str) -> None:
    """Delete a browser session, if there is one of this digest."""
    session.execute(delete(BrowserSession).where(BrowserSession.digest == digest))


def agencies(session: Session) -> Sequence[Agency]:
    """Return every agency of the server."""
    return session.scalars(select(Agency).order_by(Agency.id)).all()
