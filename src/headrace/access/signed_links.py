"""Links that carry their own right to one thing: whose, what and until when is locked in them.

A link is an envelope under the server's own keys (`kit.sealing`), so that nothing in it can be read
or changed; it holds for as long as its maker still has the right, and dies with the keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session

from headrace.access import authentication
from headrace.access.authentication import AccessKit
from headrace.access.on_behalf import OnBehalf
from headrace.access.permissions import Permission
from headrace.kit import clock
from headrace.kit.sealing import CannotOpen, Vault
from headrace.rest.errors import NotFound
from headrace.rest.resources import Resources
from headrace.tenancy.scope import WorkspaceScope

LINK_NAME = "link"
"""The parameter of the path that holds the link."""
_PLACE = "signed link"
_MOST_CHARACTERS = 8000


@dataclass(frozen=True)
class Linked(OnBehalf):
    """A link that is good: in whose name it asks, and what for."""

    content: Mapping[str, Any]


def mint_link(
    vault: Vault,
    scope: WorkspaceScope,
    permission: Permission,
    content: Mapping[str, Any],
    expires_at: datetime,
) -> str:
    """Return a link, fit for an address, that asks for `content` in the caller's name.

    permission: all that the link may do, as long as the caller may too.
    """
    locked = {
        "workspace": scope.workspace_id,
        "user": scope.user_id,
        "permission": permission.value,
        "until": int(expires_at.timestamp()),
        "content": dict(content),
    }
    return vault.seal_object(locked, _PLACE)


def linked(request: Request, session: Session, _: AccessKit) -> Linked:
    """Prove what the link in a request's path allows.

    Raises:
        NotFound: if it is not good, any more or at all; or its maker lost the right to what it shows.
    """
    resources: Resources = request.app.state.resources
    text = str(request.path_params.get(LINK_NAME, ""))
    try:
        locked: Any = resources.vault.open_object(text[:_MOST_CHARACTERS], _PLACE)
    except CannotOpen:
        raise NotFound("Picture") from None
    if locked["until"] <= clock.now().timestamp():
        raise NotFound("Picture")
    scope = authentication.member_scope(session, locked["user"], locked["workspace"])
    if scope is None or locked["permission"] not in scope.permissions:
        raise NotFound("Picture")
    only = frozenset({str(locked["permission"])})
    narrowed = WorkspaceScope(scope.agency_id, scope.workspace_id, scope.user_id, only)
    return Linked(narrowed, locked["content"])
