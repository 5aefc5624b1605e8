"""From request headers to a proven scope: Basic, Bearer, or cookie with a workspace header."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from sqlalchemy.orm import Session

from headrace.access import queries, rights
from headrace.access.embed_cookies import session_secret
from headrace.access.errors import (
    BadPassword,
    BearerRequired,
    ChiefRequired,
    EmbeddedApiOff,
    SessionExpired,
    TokenExpired,
    WorkspaceClosed,
    WorkspaceHeaderMissing,
)
from headrace.access.models import AccessToken, BrowserSession, User
from headrace.access.own_pages import insist_on_own_page
from headrace.access.permissions import ALL_PERMISSIONS
from headrace.access.sign_in import SignIns, Verified
from headrace.kit import clock
from headrace.kit.sealing import token_digest
from headrace.rest.ids import IDS_END
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

LIFETIME = timedelta(minutes=30)
COOKIE_NAME = "dts_session_id"
WORKSPACE_HEADER = "x-im-workspace-id"
# Writing the sliding expiry at every request would cost a fifth of the requests a second.
_PUSH_AT_LEAST = timedelta(minutes=1)
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_ID_DIGITS = len(str(IDS_END))


@dataclass(frozen=True)
class AccessKit:
    """What authentication needs beside the database; one a process."""

    sign_ins: SignIns
    public_origin: str
    listed_origins: frozenset[str] = frozenset()


def agency_scope(request: Request, session: Session, kit: AccessKit) -> AgencyScope:
    """Prove who acts for an agency, from Basic credentials.

    Raises:
        BasicRequired, BadPassword, TooManyFailures, EmbeddedApiOff: as their names say.
    """
    user = _basic_user(request, session, kit)
    return AgencyScope(user.agency_id, user.id, _agency_permissions(session, user))


def administrator_scope(
    request: Request, session: Session, kit: AccessKit
) -> AgencyScope | WorkspaceScope:
    """Prove an agency's chief by Basic credentials, or whoever acts in a workspace by others.

    Raises:
        AppError: as `chief_scope` and `workspace_scope` do.
    """
    if _authorization(request)[0] == "basic":
        return chief_scope(request, session, kit)
    return workspace_scope(request, session, kit)


def chief_scope(request: Request, session: Session, kit: AccessKit) -> AgencyScope:
    """Prove that an agency's chief acts, from Basic credentials.

    Raises:
        ChiefRequired: if it is another user. Beside it as `agency_scope` does.
    """
    user = _basic_user(request, session, kit)
    if not user.is_chief:
        raise ChiefRequired
    return AgencyScope(user.agency_id, user.id, ALL_PERMISSIONS)


def workspace_scope(request: Request, session: Session, kit: AccessKit) -> WorkspaceScope:
    """Prove who acts in a workspace, from a bearer token or a cookie and a header.

    Raises:
        BearerRequired, TokenExpired, SessionExpired, WorkspaceHeaderMissing, WorkspaceClosed,
        CrossSite, EmbeddedApiOff: as their names say.
    """
    scheme, value = _authorization(request)
    if scheme == "bearer":
        return _token_scope(session, value)
    if not scheme and (secret := session_secret(request)) is not None:
        insist_on_own_page(request, kit.public_origin)
        return _token_scope(session, secret)
    if not scheme and COOKIE_NAME in request.cookies:
        return _cookie_scope(request, session, kit)
    raise BearerRequired


def catalogue_scope(request: Request, session: Session, kit: AccessKit) -> None:
    """Let anyone with good credentials of any mode read what belongs to no workspace."""
    if _authorization(request)[0] == "basic":
        _basic_user(request, session, kit)
    else:
        workspace_scope(request, session, kit)


def server_scope(session: Session, workspace_id: int) -> WorkspaceScope:
    """The scope in which the server itself works, for jobs. The workspace must exist."""
    agency_id = queries.workspace_agency(session, workspace_id)
    if agency_id is None:
        raise WorkspaceClosed
    return read_scope(agency_id, workspace_id)


def read_scope(agency_id: int, workspace_id: int) -> WorkspaceScope:
    """The same, for a workspace that a statement has just read together with its agency."""
    return WorkspaceScope(agency_id, workspace_id, None, ALL_PERMISSIONS)


def member_scope(session: Session, user_id: int, workspace_id: int) -> WorkspaceScope | None:
    """The scope a user has in a workspace now, for what they left to be done in their name.

    None if they may no longer enter it: what they left then dies with their rights.
    """
    found = queries.active_member(session, user_id, workspace_id)
    if found is None:
        return None
    user, code, stored = found
    permissions = rights.in_workspace(user.is_chief, code, stored)
    if permissions is None:
        return None
    return WorkspaceScope(user.agency_id, workspace_id, user.id, permissions)


def embed_scope(session: Session, secret: str) -> WorkspaceScope:
    """Prove who acts in an iframe's session from its secret; raises as `workspace_scope` does."""
    return _token_scope(session, secret)


def presented_token(request: Request) -> str:
    """Return the digest of the bearer token, or the iframe session's secret, a request brings."""
    scheme, value = _authorization(request)
    return token_digest(value if scheme == "bearer" else session_secret(request) or "")


def _authorization(request: Request) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), value.strip()


def _basic_user(request: Request, session: Session, kit: AccessKit) -> User:
    is_change = request.method not in _SAFE_METHODS
    return verified_user(session, kit, kit.sign_ins.verified(request), is_held=is_change)


def verified_user(session: Session, kit: AccessKit, verified: Verified, *, is_held: bool) -> User:
    """Return the user whom a verified pair fits; is_held as `queries.user_by_name` has it.

    Raises:
        BadPassword: if it fits nobody any more.
        EmbeddedApiOff: if their agency may not use the API.
    """
    found = queries.user_by_name(session, verified.pair.username, is_held=is_held)
    # Between verifying and now the user may have been removed, or got another password.
    if found is None or not kit.sign_ins.fits(verified, found[0].password_hash):
        raise BadPassword
    user, enabled = found
    if not enabled:
        raise EmbeddedApiOff
    if verified.better_hash is not None and queries.replace_hash(
        session, user.id, verified.password_hash, verified.better_hash
    ):
        kit.sign_ins.renewed(verified)
    return user


def _agency_permissions(session: Session, user: User) -> frozenset[str]:
    if user.is_chief:
        return ALL_PERMISSIONS
    held = queries.roles_held(session, user.id)
    return rights.in_agency(rights.of_role(code, stored) for code, stored in held)


def _token_scope(session: Session, token: str) -> WorkspaceScope:
    now = clock.now()
    digest = token_digest(token)
    found = queries.token_owner(session, digest, now)
    if found is None:
        raise TokenExpired
    permissions: frozenset[str] | None = rights.in_workspace(
        found.is_chief, found.role_code, found.role_permissions
    )
    if permissions is None or found.agency_id != found.user_agency_id:
        raise TokenExpired
    if not found.can_use_embedded_api:
        raise EmbeddedApiOff
    if found.limited_to is not None:
        permissions &= frozenset(found.limited_to)
    if found.expires_at < now + LIFETIME - _PUSH_AT_LEAST:
        queries.push_expiry(session, AccessToken, digest, now + LIFETIME, _PUSH_AT_LEAST)
    return WorkspaceScope(found.agency_id, found.workspace_id, found.user_id, permissions)


def signed_in_user(request: Request, session: Session, kit: AccessKit) -> User:
    """Return the user whose browser session a request's cookie stands for, and prolong it.

    Raises:
        SessionExpired, EmbeddedApiOff, CrossSite: as their names say.
    """
    now = clock.now()
    presented = token_digest(request.cookies.get(COOKIE_NAME, ""))
    found = queries.session_owner(session, presented, now)
    if found is None:
        raise SessionExpired
    credential, user, enabled = found
    if not enabled:
        raise EmbeddedApiOff
    insist_on_own_page(request, kit.public_origin, kit.listed_origins)
    if credential.expires_at < now + LIFETIME - _PUSH_AT_LEAST:
        queries.push_expiry(
            session, BrowserSession, credential.digest, now + LIFETIME, _PUSH_AT_LEAST
        )
    return user


def signed_in_scope(
    request: Request, session: Session, kit: AccessKit, workspace_id: int
) -> WorkspaceScope:
    """Prove who acts in a workspace, from the cookie of a browser session.

    Raises:
        WorkspaceClosed: if it is none of the user's. Beside it as `signed_in_user` does.
    """
    return _scope_of_user(session, signed_in_user(request, session, kit), workspace_id)


def signed_in_agency_scope(request: Request, session: Session, kit: AccessKit) -> AgencyScope:
    """Prove who acts for an agency, from the cookie of a browser session; as `signed_in_user`."""
    user = signed_in_user(request, session, kit)
    return AgencyScope(user.agency_id, user.id, _agency_permissions(session, user))


def signed_in_chief_scope(request: Request, session: Session, kit: AccessKit) -> AgencyScope:
    """Prove that an agency's chief acts, from the cookie of a browser session.

    Raises:
        ChiefRequired: if it is another user. Beside it as `signed_in_user` does.
    """
    user = signed_in_user(request, session, kit)
    if not user.is_chief:
        raise ChiefRequired
    return AgencyScope(user.agency_id, user.id, ALL_PERMISSIONS)


def _cookie_scope(request: Request, session: Session, kit: AccessKit) -> WorkspaceScope:
    user = signed_in_user(request, session, kit)
    return _scope_of_user(session, user, _asked_workspace(request))


def _asked_workspace(request: Request) -> int:
    text = request.headers.get(WORKSPACE_HEADER, "")
    if not text.isascii() or not text.isdigit() or len(text) > _ID_DIGITS or int(text) >= IDS_END:
        raise WorkspaceHeaderMissing
    return int(text)


def _scope_of_user(session: Session, user: User, workspace_id: int) -> WorkspaceScope:
    if queries.workspace_agency(session, workspace_id) != user.agency_id:
        raise WorkspaceClosed
    code, stored = queries.workspace_role(session, user.id, workspace_id) or (None, None)
    permissions = rights.in_workspace(user.is_chief, code, stored)
    if permissions is None:
        raise WorkspaceClosed
    return WorkspaceScope(user.agency_id, workspace_id, user.id, permissions)
