"""Runs over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.openapi import EXTENSION
from headrace.rest.session import DbSession
from headrace.runs import service
from headrace.runs.schemas import RunDetail
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3/runs", tags=["Runs"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.EXTRACT_VIEW)]


@router.get("/{run_id}", response_model=RunDetail, openapi_extra=EXTENSION)
def get_run(run_id: Id, session: DbSession, scope: Viewer) -> dict[str, Any]:
    """Read one run with its windows."""
    return service.run_row(session, scope, run_id)
