"""The audit trail over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from headrace.access.guards import allows_administrator
from headrace.access.permissions import Permission
from headrace.audit import service
from headrace.audit.schemas import AuditEntryOut, ExportFormat, Outcome
from headrace.audit.service import Asked
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import IdIn
from headrace.rest.openapi import EXTENSION
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

router = APIRouter(prefix="/api/v3/audit-log", tags=["Audit log"], route_class=ApiRoute)
Administrator = Annotated[
    AgencyScope | WorkspaceScope, allows_administrator(Permission.WORKSPACE_MANAGE_USERS)
]
_TYPES = {ExportFormat.JSONL: "application/x-ndjson", ExportFormat.CSV: "text/csv; charset=utf-8"}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The entries, oldest first.",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"id": 1}\n'},
            "text/csv": {"schema": {"type": "string"}, "example": "id,occurred_at\r\n"},
        },
    }
}


def asked(
    action: Annotated[str | None, Query(description="An operation's id or a command.")] = None,
    user: Annotated[str | None, Query(description="A username.")] = None,
    object_type: Annotated[str | None, Query(description="Such as load or connection.")] = None,
    object_id: Annotated[str | None, Query(description="An object's id.")] = None,
    outcome: Annotated[Outcome | None, Query(description="How it ended.")] = None,
    workspace_id: Annotated[
        IdIn | None, Query(description="Of an agency's entries, those of one workspace.")
    ] = None,
    since: Annotated[AwareDatetime | None, Query(description="From this moment on.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this moment.")] = None,
) -> Asked:
    """Read the filters."""
    return Asked(action, user, object_type, object_id, outcome, workspace_id, since, until)


Filters = Annotated[Asked, Depends(asked)]


@router.get("", response_model=Page[AuditEntryOut], openapi_extra=EXTENSION)
def list_audit_entries(
    session: DbSession, scope: Administrator, paging: Paging, wanted: Filters
) -> Response:
    """List privileged acts, newest first.

    With a workspace's token or cookie, those in the workspace; with Basic credentials of the
    agency's chief, those of the agency and all its workspaces.
    """
    return page_of_rows(session, paging, service.select_entries(scope, wanted))


@router.get("/export", response_class=StreamingResponse, responses=_FILE, openapi_extra=EXTENSION)
def export_audit_log(
    resources: AppResources,
    scope: Administrator,
    wanted: Filters,
    form: Annotated[
        ExportFormat, Query(alias="format", description="JSON lines, or CSV.")
    ] = ExportFormat.JSONL,
) -> StreamingResponse:
    """Export the entries that the list would show, oldest first, as one file."""
    lines = service.export(resources.sessions, scope, wanted, form)
    name = f'attachment; filename="audit-log.{form}"'
    return StreamingResponse(lines, media_type=_TYPES[form], headers={"Content-Disposition": name})
