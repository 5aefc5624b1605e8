"""Codes of iframe URLs: minted for a caller, exchanged for an iframe's session exactly once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request
from sqlalchemy.orm import Session

from headrace.access import authentication, queries
from headrace.access.authentication import LIFETIME, AccessKit
from headrace.access.errors import CodeSpent
from headrace.access.models import AccessToken, TokenKind
from headrace.access.on_behalf import OnBehalf
from headrace.access.permissions import Permission
from headrace.access.service import Minted
from headrace.kit import clock
from headrace.kit.sealing import random_token, token_digest
from headrace.rest.errors import NotFound
from headrace.tenancy.scope import AgencyScope, WorkspaceScope, bind

CODE_LIFETIME = timedelta(minutes=15)
"""How long an iframe URL may lie unused (contract 4.3)."""
CODE_SCHEME = "code"
"""The authorization scheme under which a code is presented: `Authorization: Code <code>`."""


@dataclass(frozen=True)
class Exchanged(OnBehalf):
    """A code that was just exchanged: who acts from now on, and the session's secret."""

    secret: str
    digest: str
    expires_at: datetime


def either_scope(
    request: Request, session: Session, kit: AccessKit
) -> AgencyScope | WorkspaceScope:
    """Prove who acts, from Basic credentials or those of a workspace; raises as both of them do."""
    if request.headers.get("authorization", "")[:6].lower() == "basic ":
        return authentication.agency_scope(request, session, kit)
    return authentication.workspace_scope(request, session, kit)


def entered(
    session: Session, scope: AgencyScope | WorkspaceScope, workspace_id: int | None
) -> WorkspaceScope:
    """Return the caller's scope in a workspace they name; a workspace's own credentials may not.

    Raises:
        NotFound: if it is not one the caller can reach with these credentials.
    """
    if isinstance(scope, WorkspaceScope):
        if workspace_id not in (None, scope.workspace_id):
            raise NotFound("Workspace")
        return scope
    found = authentication.member_scope(session, scope.user_id, workspace_id or 0)
    if found is None:
        raise NotFound("Workspace")
    bind(session, found)
    return found


def mint_code(
    session: Session, scope: WorkspaceScope, limited_to: Collection[Permission]
) -> Minted:
    """Create a code whose session will act for the caller, within these permissions at most."""
    assert scope.user_id is not None
    minted = Minted(random_token(), clock.now() + CODE_LIFETIME)
    session.add(
        AccessToken(
            digest=token_digest(minted.secret),
            user_id=scope.user_id,
            workspace_id=scope.workspace_id,
            kind=TokenKind.EMBED_CODE,
            limited_to=sorted(limited_to),
            expires_at=minted.expires_at,
        )
    )
    session.flush()
    return minted


def exchange(request: Request, session: Session, _: AccessKit) -> Exchanged:
    """Turn the code that a request presents into a session, and prove who acts in it.

    Raises:
        CodeSpent: if the code is not good, any more or at all, or its user is out.
    """
    scheme, _space, code = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != CODE_SCHEME:
        raise CodeSpent
    now, secret = clock.now(), random_token()
    digest, expires_at = token_digest(secret), now + LIFETIME
    if not queries.exchange_code(session, token_digest(code.strip()), now, digest, expires_at):
        raise CodeSpent
    scope = authentication.embed_scope(session, secret)
    return Exchanged(scope, secret, digest, expires_at)
