"""What one request is doing, as far as it is proven: who acts, with which right, on what."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastapi import Request, Response
from sqlalchemy.orm import Session

from headrace.rest.addresses import address_of
from headrace.rest.changes import Changes, collect
from headrace.rest.errors import AppError
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_COOKIE = "cookie"


@dataclass
class Act:
    """One attempt at a request. Scope and permission are there once the guard has seen it.

    key_digest, fingerprint: of the request's idempotency key and of its body, if it has a key.
    answer: there once the endpoint has made it.
    """

    operation: str
    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    credential: str = ""
    claimed_username: str = ""
    address: str = ""
    request_id: str = ""
    permission: str | None = None
    agency_id: int | None = None
    workspace_id: int | None = None
    user_id: int | None = None
    idempotency_key: str | None = None
    fingerprint: str = ""
    key_digest: str = ""
    answer: Response | None = None
    changes: Changes = field(default_factory=Changes)

    @property
    def is_safe(self) -> bool:
        """Whether the method promises to change nothing."""
        return self.method in SAFE_METHODS

    @property
    def is_privileged(self) -> bool:
        """Whether it takes more than the right to look."""
        return self.permission is not None and not self.permission.endswith(".view")

    def prove(self, session: Session, scope: AgencyScope | WorkspaceScope | None) -> None:
        """Write down who acts, and collect from now on what they change."""
        if scope is not None:
            self.agency_id = scope.agency_id
            self.user_id = scope.user_id
            self.workspace_id = getattr(scope, "workspace_id", None)
        self.changes = collect(session)


class Witness(Protocol):
    """Who is told of acts; the audit trail."""

    def wants(self, act: Act) -> bool:
        """Whether an act that succeeded is worth noting."""

    def succeeded(self, session: Session, act: Act) -> None:
        """Note an act in its own transaction, before that commits."""

    def refused(self, act: Act, refusal: AppError) -> None:
        """Note an act that was refused, in a transaction apart."""


def begin(request: Request, operation: str) -> Act:
    """Begin an act; it is found again with `acting`."""
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    act = Act(
        operation=operation,
        method=request.method,
        path=request.scope["path"],
        params=request.path_params,
        credential=scheme or (_COOKIE if request.cookies else ""),
        address=address_of(request.scope),
        request_id=getattr(request.state, "request_id", ""),
    )
    request.state.act = act
    return act


def claimed_username(request: Request) -> str:
    """Return the name a request claims with Basic credentials; empty if it cannot be read."""
    _, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def acting(request: Request) -> Act | None:
    """Return the act of a request; None where nobody has to prove anything."""
    return getattr(request.state, "act", None)
