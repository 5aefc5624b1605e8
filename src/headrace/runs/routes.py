"""Runs over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.kit.told import told
from headrace.rest.api_route import ApiRoute
from headrace.rest.errors import Invalid
from headrace.rest.filters import comma_list
from headrace.rest.ids import Id
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.paging import Page, Paging
from headrace.rest.session import DbSession
from headrace.runs import control, history
from headrace.runs.control_queries import Lost
from headrace.runs.history import RunFilter
from headrace.runs.models import RunStatus
from headrace.runs.schemas import ReplayIn, ReplayOut, RunDetail, RunOut
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3/runs", tags=["Runs"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.EXTRACT_VIEW)]
# What else a kind of run asks for, `control` asks for.
Runner = Annotated[WorkspaceScope, allows(Permission.EXTRACT_RUN)]


def _moment(meaning: str) -> Any:
    return Query(description=f"{meaning}, as 2026-06-01T00:00:00Z.")


def _statuses(text: str | None) -> list[str]:
    names = comma_list(text)
    for name in names:
        if name not in set(RunStatus):
            raise Invalid(
                "status",
                told("{name!r} is none; there are {known}.", name=name, known=", ".join(RunStatus)),
            )
    return names


@router.get("", response_model=Page[RunOut], openapi_extra=EXTENSION, responses=answers(400))
def list_runs(
    session: DbSession,
    scope: Viewer,
    paging: Paging,
    kind: Annotated[
        str | None, Query(description="What they are of.", examples=["extract"])
    ] = None,
    subject_id: Annotated[
        str | None, Query(description="Id of what the runs are of; with `kind`.")
    ] = None,
    status: Annotated[
        str | None, Query(description="One or a comma list.", examples=["failed"])
    ] = None,
    trigger: Annotated[
        str | None, Query(description="What started them.", examples=["schedule"])
    ] = None,
    error_class: Annotated[
        str | None, Query(description="How they failed last.", examples=["TryLater"])
    ] = None,
    created_since: Annotated[AwareDatetime | None, _moment("Asked for then or later")] = None,
    created_until: Annotated[AwareDatetime | None, _moment("Asked for before then")] = None,
    finished_since: Annotated[AwareDatetime | None, _moment("Ended then or later")] = None,
    finished_until: Annotated[AwareDatetime | None, _moment("Ended before then")] = None,
) -> Response:
    """List the runs of the workspace, newest first."""
    wanted = RunFilter(
        kind=kind,
        subject_id=subject_id,
        statuses=_statuses(status),
        trigger=trigger,
        error_class=error_class,
        created_since=created_since,
        created_until=created_until,
        finished_since=finished_since,
        finished_until=finished_until,
    )
    return history.page(session, paging, scope, wanted)


@router.post("/replay", response_model=ReplayOut, openapi_extra=EXTENSION, responses=answers(409))
def replay_runs(body: ReplayIn, session: DbSession, scope: Runner) -> dict[str, Any]:
    """Do failed runs again, at most a hundred at a time: of each thing its last run, if it failed."""
    return control.replay(session, scope, Lost(**body.model_dump()))


@router.get("/{run_id}", response_model=RunDetail, openapi_extra=EXTENSION)
def get_run(run_id: Id, session: DbSession, scope: Viewer) -> dict[str, Any]:
    """Read one run with its windows and attempts."""
    return history.detail(session, scope, run_id)


@router.post(
    "/{run_id}/cancel", response_model=RunDetail, openapi_extra=EXTENSION, responses=answers(409)
)
def cancel_run(run_id: Id, session: DbSession, scope: Runner) -> dict[str, Any]:
    """Cancel a run; what it stored stays. A worker at it stops within seconds."""
    return control.cancel(session, scope, run_id)


@router.post(
    "/{run_id}/retry", response_model=RunDetail, openapi_extra=EXTENSION, responses=answers(409)
)
def retry_run(run_id: Id, session: DbSession, scope: Runner) -> dict[str, Any]:
    """Do a failed or cancelled run again, for the same days, as a new run."""
    return control.retry(session, scope, run_id)
