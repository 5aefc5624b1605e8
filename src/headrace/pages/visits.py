"""Who visits a page, where it is mounted, and how it is to look and speak."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from headrace.access.authentication import LIFETIME
from headrace.access.permissions import ALL_PERMISSIONS, Permission
from headrace.pages.languages import Language, Languages
from headrace.pages.looks import Look
from headrace.tenancy.scope import AgencyScope, WorkspaceScope


@dataclass(frozen=True)
class Frame:
    """The iframe that a session was opened for, as `get_iframe_url` was asked for it.

    credential: the digest of the session's secret.
    origin: of the host page, which alone may show the pages and gets their messages; or None.
    connection_id, destination_connection_id: what is to be reconnected or changed, if anything.
    """

    id: UUID
    agency_id: int
    workspace_id: int
    credential: str
    purpose: str
    datasource_name: str | None
    destination_name: str | None
    connection_id: int | None
    destination_connection_id: UUID | None
    origin: str | None
    return_url: str | None
    theme: str
    lang: str | None


@dataclass(frozen=True)
class Section:
    """An entry of the navigation: shown to those who have the permission; None: to everyone.

    title: a text marked with `N_`. path: below the mount, such as `/connections`.
    """

    title: str
    path: str
    permission: Permission | None


@dataclass(frozen=True)
class PagesKit:
    """What all pages need of the slices above them and of the process; one a process.

    frame_of: finds an iframe by its session's id. look_of: finds an agency's branding.
    """

    languages: Languages
    sections: tuple[Section, ...] = ()
    console_sections: tuple[Section, ...] = ()
    frame_of: Callable[[Session, UUID], Frame | None] = lambda _session, _id: None
    look_of: Callable[[Session, int], Look] = lambda _session, _agency_id: Look()


@dataclass(frozen=True)
class Visit:
    """A page being asked for: all that templates need to know of the request.

    base: the path that the pages' own paths are appended to, such as `/workspaces/7`.
    path: what is asked for, below the base. query: the parameters of the address, in order.
    public_origin: of this server. frame: set where the page is shown in an iframe's session.
    nonce: by which the page's own scripts are told from others.
    """

    base: str
    path: str
    query: tuple[tuple[str, str], ...]
    language: Language
    public_origin: str
    request_id: str
    nonce: str
    look: Look = field(default_factory=Look)
    frame: Frame | None = None
    sections: tuple[Section, ...] = ()
    is_signed_in: bool = False

    @property
    def theme(self) -> str:
        """`auto`, `light` or `dark`: what the iframe was minted with, else the agency's."""
        return self.frame.theme if self.frame and self.frame.theme != "auto" else self.look.theme

    @property
    def frame_ancestors(self) -> str:
        """Who may show the page (S43, S44), as the policy says it."""
        return self.frame.origin if self.frame and self.frame.origin else "'none'"

    @property
    def lifetime_seconds(self) -> int:
        """How long the session lives without use."""
        return int(LIFETIME.total_seconds())

    @property
    def said(self) -> str | None:
        """The code of what the page says was just done."""
        return dict(self.query).get("said")

    def may(self, permission: Permission | str) -> bool:  # noqa: ARG002 - others may something
        """Whether the visitor has a permission; in templates: `visit.may("connection.create")`."""
        return False

    def link(self, path: str, /, **query: Any) -> str:
        """Return the address of a page of this mount.

        path: below the base. query: parameters; those that are None are left out, lists repeated.
        """
        given = [(name, value) for name, value in query.items() if value is not None]
        chosen = dict(self.query).get("lang")
        if chosen and "lang" not in query:
            given.append(("lang", chosen))
        text = urlencode(given, doseq=True, quote_via=quote)
        return f"{self.base}{path}" + (f"?{text}" if text else "")

    def here(self, /, **changed: Any) -> str:
        """Return this page's own address with some parameters changed; None takes one out."""
        kept: dict[str, Any] = {}
        for name, value in self.query:
            if name not in changed and name != "said":
                kept.setdefault(name, []).append(value)
        return self.link(self.path, **kept, **changed)


@dataclass(frozen=True)
class WorkspaceVisit(Visit):
    """A visit to a page of a workspace, by whoever the scope proves."""

    scope: WorkspaceScope = field(kw_only=True)

    def may(self, permission: Permission | str) -> bool:
        """Whether the visitor has a permission in the workspace."""
        return permission in self.scope.permissions


@dataclass(frozen=True)
class ConsoleVisit(Visit):
    """A visit to a page of the agency's console, by a user who signed in."""

    scope: AgencyScope = field(kw_only=True)

    def may(self, permission: Permission | str) -> bool:
        """Whether the visitor has a permission in the agency."""
        return permission in self.scope.permissions

    @property
    def is_chief(self) -> bool:
        """Whether the visitor is the agency's chief: nobody else has all permissions there."""
        return self.scope.permissions >= ALL_PERMISSIONS
