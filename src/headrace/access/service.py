"""The rules of users and credentials."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from headrace.access import queries
from headrace.access.authentication import LIFETIME, member_scope
from headrace.access.errors import AgencyTitleTaken, UsernameTaken
from headrace.access.models import AccessToken, BrowserSession, Role, User
from headrace.access.passwords import hash_password
from headrace.access.permissions import SYSTEM_ROLES
from headrace.kit import clock
from headrace.kit.sealing import random_token, token_digest
from headrace.rest.errors import Invalid, NotFound
from headrace.tenancy.models import Agency
from headrace.tenancy.scope import AgencyScope


@dataclass(frozen=True)
class Minted:
    """A fresh credential: the secret itself, shown once, and when it expires unless used."""

    secret: str
    expires_at: datetime

    @property
    def expires_in(self) -> int:
        """Its lifetime in seconds."""
        return int(LIFETIME.total_seconds())


def mint_token(session: Session, scope: AgencyScope, workspace_id: int) -> Minted:
    """Create a bearer token of the caller for one of their workspaces.

    Raises:
        NotFound: if the workspace is not one the caller can reach.
    """
    if member_scope(session, scope.user_id, workspace_id) is None:
        raise NotFound("Workspace")
    minted = Minted(random_token(), clock.now() + LIFETIME)
    session.add(
        AccessToken(
            digest=token_digest(minted.secret),
            user_id=scope.user_id,
            workspace_id=workspace_id,
            expires_at=minted.expires_at,
        )
    )
    return minted


def start_session(session: Session, scope: AgencyScope) -> Minted:
    """Create a browser session of the caller."""
    minted = Minted(random_token(), clock.now() + LIFETIME)
    session.add(
        BrowserSession(
            digest=token_digest(minted.secret),
            user_id=scope.user_id,
            expires_at=minted.expires_at,
        )
    )
    return minted


def create_agency(session: Session, title: str, username: str, password: str) -> User:
    """Create an agency and its first user, the chief.

    Raises:
        AgencyTitleTaken, UsernameTaken: as their names say.
        Invalid: if the title is empty, or as `create_user` does.
    """
    if not title.strip():
        raise Invalid("title", "must not be empty.")
    if session.scalar(select(Agency.id).where(Agency.title == title)) is not None:
        raise AgencyTitleTaken(title)
    agency = Agency(title=title)
    session.add(agency)
    session.flush()
    return create_user(session, agency.id, username, password, is_chief=True)


def create_user(
    session: Session, agency_id: int, username: str, password: str, *, is_chief: bool = False
) -> User:
    """Create a user of an agency.

    Raises:
        Invalid: if the username is empty or holds a colon, which Basic cannot carry, or the
            password is shorter than 8 characters.
        UsernameTaken: if someone has the name.
    """
    if not username or ":" in username or "\0" in username:
        raise Invalid("username", "must not be empty or contain a colon.")
    if len(password) < 8:
        raise Invalid("password", "must have at least 8 characters.")
    if session.scalar(select(User.id).where(User.username == username)) is not None:
        raise UsernameTaken(username)
    user = User(
        agency_id=agency_id,
        username=username,
        password_hash=hash_password(password),
        is_chief=is_chief,
    )
    session.add(user)
    session.flush()
    return user


def grant(session: Session, user: User, workspace_id: int, role: str) -> None:
    """Give a user a role in a workspace of their agency, in place of the one they hold.

    This is the operator's way: it asks nobody whether they may.

    Raises:
        Invalid: as `role_named` does.
        NotFound: if the workspace is not of the user's agency.
    """
    if queries.workspace_agency(session, workspace_id) != user.agency_id:
        raise NotFound("Workspace")
    queries.put_membership(
        session, user.id, workspace_id, role_named(session, user.agency_id, role).id
    )


def role_named(session: Session, agency_id: int, name: str) -> Role:
    """Return a system role by its code, or an agency's own role by its title.

    Raises:
        Invalid: if there is no such role.
    """
    role = queries.role_named(session, agency_id, name)
    if role is None:
        choices = ", ".join(SYSTEM_ROLES)
        raise Invalid("role", f"must be one of {choices}, or the title of a role of the agency.")
    return role


def agency_named(session: Session, title: str) -> Agency:
    """Return the agency of a title.

    Raises:
        NotFound: if there is none.
    """
    agency = session.scalar(select(Agency).where(Agency.title == title))
    if agency is None:
        raise NotFound(f"Agency {title!r}")
    return agency
