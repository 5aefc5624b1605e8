"""Proof that a caller holds a link: what they may do with it, and nothing else (S56)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from headrace.access.authentication import AccessKit, member_scope
from headrace.access.guards import Guard
from headrace.access.on_behalf import OnBehalf
from headrace.access.permissions import Permission
from headrace.external_links import queries
from headrace.external_links.errors import LinkDead
from headrace.kit import clock
from headrace.kit.sealing import token_digest

SCHEME = "link"
"""The authorization scheme under which a link's secret is presented: `Authorization: Link <secret>`."""


@dataclass(frozen=True)
class LinkHolder(OnBehalf):
    """Whoever holds a link that can be used. scope: that of the user who made it."""

    link_id: UUID


def link_holder(request: Request, session: Session, _: AccessKit) -> LinkHolder:
    """Prove that a request comes from the holder of a link; this does not spend it.

    Raises:
        LinkDead: if the link cannot be used, or who made it may not make such links any more.
    """
    scheme, _space, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME:
        raise LinkDead
    link = queries.pending_link(session, token_digest(secret.strip()), clock.now())
    if link is None:
        raise LinkDead
    scope = member_scope(session, link.created_by, link.workspace_id)
    if scope is None or Permission.CONNECTION_CREATE not in scope.permissions:
        raise LinkDead
    if not queries.allows_links(session, scope.agency_id):
        raise LinkDead
    return LinkHolder(scope, link.id)


def allows_link_holder() -> Any:
    """Ask for the secret of a link; gives a `LinkHolder`."""
    return Depends(Guard(link_holder, (SCHEME,), Permission.CONNECTION_CREATE))
