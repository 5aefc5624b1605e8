"""The rules of users and credentials."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from headrace.access import queries
from headrace.access.authentication import LIFETIME, member_scope
from headrace.access.errors import AgencyTitleTaken, ExternalAuthOff, LastChief, UsernameTaken
from headrace.access.models import AccessToken, BrowserSession, Membership, Role, User
from headrace.access.passwords import LONGEST, SHORTEST, hash_password
from headrace.access.permissions import SYSTEM_ROLES
from headrace.kit import clock
from headrace.kit.sealing import random_token, token_digest
from headrace.kit.told import told
from headrace.rest.errors import Invalid, NotFound
from headrace.tenancy.models import Agency
from headrace.tenancy.scope import AgencyScope, WorkspaceScope


class AgencyFlag(StrEnum):
    """What the operator can switch on and off for an agency; columns of `Agency`."""

    CAN_USE_EMBEDDED_API = "can_use_embedded_api"
    EXTERNAL_AUTH = "external_auth"


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


def start_session(session: Session, user_id: int) -> Minted:
    """Create a browser session of a user who proved who they are."""
    minted = Minted(random_token(), clock.now() + LIFETIME)
    session.add(
        BrowserSession(
            digest=token_digest(minted.secret),
            user_id=user_id,
            expires_at=minted.expires_at,
        )
    )
    return minted


def end_session(session: Session, secret: str) -> None:
    """End the browser session that a cookie stands for, if there is one."""
    queries.delete_session(session, token_digest(secret))


def create_agency(session: Session, title: str, username: str, password: str) -> User:
    """Create an agency and its first user, the chief.

    Raises:
        AgencyTitleTaken, UsernameTaken: as their names say.
        Invalid: if the title is empty, or as `create_user` does.
    """
    if not title.strip():
        raise Invalid("title", told("must not be empty."))
    if session.scalar(select(Agency.id).where(Agency.title == title)) is not None:
        raise AgencyTitleTaken(title)
    agency = Agency(title=title)
    session.add(agency)
    session.flush()
    return create_user(session, agency.id, username, password, is_chief=True)


def create_user(
    session: Session,
    agency_id: int,
    username: str,
    password: str,
    *,
    name: str = "",
    is_chief: bool = False,
) -> User:
    """Create a user of an agency.

    Raises:
        Invalid: if the username is empty or holds a colon, which Basic cannot carry, or the
            password is shorter than 8 or longer than 1,024 characters.
        UsernameTaken: if someone has the name.
    """
    if not username or ":" in username or "\0" in username:
        raise Invalid("username", told("must not be empty or contain a colon."))
    _check_password(password)
    user = User(
        agency_id=agency_id,
        username=username,
        name=name,
        password_hash=hash_password(password),
        is_chief=is_chief,
    )
    # Names of other agencies' users, and of those being made at this moment, are seen by the
    # database alone.
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise UsernameTaken(username) from error
    return user


def _check_password(password: str) -> None:
    if len(password) < SHORTEST:
        raise Invalid(
            "password", told("must have at least {shortest} characters.", shortest=SHORTEST)
        )
    if len(password) > LONGEST:
        raise Invalid("password", told("must have at most {longest} characters.", longest=LONGEST))
    # Basic credentials are UTF-8; half a surrogate pair is not.
    if not password.isascii() and not _is_text(password):
        raise Invalid("password", told("must be text."))


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def set_password(session: Session, user: User, password: str) -> None:
    """Change a user's password, and end what was made with the old one.

    Raises:
        Invalid: if it is too short or too long.
    """
    _check_password(password)
    user.password_hash = hash_password(password)
    session.flush()
    end_everything_of(session, user.id)


def change_own_password(session: Session, scope: AgencyScope, password: str) -> None:
    """Change the caller's password; raises as `set_password` does."""
    set_password(session, session.get_one(User, scope.user_id), password)


def deactivate(session: Session, user: User) -> None:
    """Keep a user out from now on; their name stays taken and what they made stays.

    Raises:
        LastChief: if the agency would be left without one.
    """
    if user.is_chief and queries.other_chiefs(session, user) == 0:
        raise LastChief
    user.is_active = False
    session.flush()
    end_everything_of(session, user.id)


def end_everything_of(session: Session, *user_ids: int) -> None:
    """End all that stands for some users at once: sessions, tokens, iframes and their URLs."""
    queries.end_credentials(session, user_ids)


def set_flag(session: Session, agency: Agency, flag: AgencyFlag, is_on: bool) -> None:
    """Switch something that an agency may use.

    Credentials made before the API was switched off do not come back to life when it is switched
    on again.
    """
    if flag is AgencyFlag.CAN_USE_EMBEDDED_API and is_on and not agency.can_use_embedded_api:
        end_everything_of(session, *queries.users_of(session, agency.id))
    setattr(agency, flag, is_on)
    session.flush()


def insist_on_external_auth(session: Session, scope: WorkspaceScope) -> None:
    """Refuse if the agency may not use external authentication links.

    Raises:
        ExternalAuthOff: as its name says.
    """
    if not session.get_one(Agency, scope.agency_id).external_auth:
        raise ExternalAuthOff


def grant(session: Session, user: User, workspace_id: int, role: str) -> None:
    """Give a user a role in a workspace of their agency, in place of the one they hold.

    This is the operator's way: it asks nobody whether they may.

    Raises:
        Invalid: as `role_named` does.
        NotFound: if the workspace is not of the user's agency.
    """
    if queries.workspace_agency(session, workspace_id) != user.agency_id:
        raise NotFound("Workspace")
    put_membership(session, user.id, workspace_id, role_named(session, user.agency_id, role))


def put_membership(session: Session, user_id: int, workspace_id: int, role: Role) -> None:
    """Give a user a role in a workspace, in place of the one they hold there."""
    held = queries.membership(session, user_id, workspace_id)
    if held is None:
        session.add(Membership(user_id=user_id, workspace_id=workspace_id, role_id=role.id))
    else:
        held.role_id = role.id
    session.flush()


def revoke(session: Session, user: User, workspace_id: int) -> None:
    """Take a user's role in a workspace from them.

    Raises:
        NotFound: if they hold none there.
    """
    held = queries.membership(session, user.id, workspace_id)
    if held is None:
        raise NotFound("Membership")
    session.delete(held)
    session.flush()


def role_named(session: Session, agency_id: int, name: str) -> Role:
    """Return a system role by its code, or an agency's own role by its title.

    Raises:
        Invalid: if there is no such role.
    """
    role = queries.role_named(session, agency_id, name)
    if role is None:
        choices = ", ".join(SYSTEM_ROLES)
        raise Invalid(
            "role",
            told(
                "must be one of {choices}, or the title of a role of the agency.", choices=choices
            ),
        )
    return role


def user_named(session: Session, username: str) -> User:
    """Return the user of a name, active or not.

    Raises:
        NotFound: if there is none.
    """
    user = queries.user_named(session, username)
    if user is None:
        raise NotFound(told("User {name!r}", name=username))
    return user


def agency_named(session: Session, title: str) -> Agency:
    """Return the agency of a title.

    Raises:
        NotFound: if there is none.
    """
    agency = session.scalar(select(Agency).where(Agency.title == title))
    if agency is None:
        raise NotFound(told("Agency {title!r}", title=title))
    return agency
