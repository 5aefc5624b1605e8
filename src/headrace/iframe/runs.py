"""Pages of runs: what was done, what goes on, and what can be done about it."""

from typing import Annotated

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.iframe import statuses
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router
from headrace.pages.rendering import redirect, render
from headrace.pages.said import say
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.ids import Id
from headrace.rest.session import DbSession
from headrace.runs import control, history
from headrace.runs.history import RunFilter

say(
    cancelled=N_("The run is cancelled; what it had stored stays."),
    replayed=N_("It is done again, by this run."),
)
router = page_router()
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.EXTRACT_VIEW)]
Runner = Annotated[WorkspaceVisit, page_visit(Permission.EXTRACT_RUN)]
_SUBJECTS = {"extract": "/extracts/", "load": "/loads/"}


@router.get("/runs")
def show_runs(
    visit: Viewer, session: DbSession, kind: str = "", status: str = "", subject_id: str = ""
) -> Response:
    """Answer the runs of the workspace, newest first, narrowed as asked."""
    wanted = RunFilter(
        kind=kind or None,
        subject_id=subject_id or None,
        statuses=[status] if status in statuses.OF_RUN else (),
    )
    found = listed(session, visit, history.run_list(visit.scope, wanted))
    return render(
        visit,
        "runs/list.html",
        list=found,
        kind=kind,
        wanted_status=status,
        subject_id=subject_id,
        is_live=any(row.status in statuses.UNFINISHED for row in found.rows),
        statuses=statuses,
    )


@router.get("/runs/{run_id}")
def show_run(run_id: Id, visit: Viewer, session: DbSession) -> Response:
    """Answer one run: how far it is, what went wrong, and what can be done."""
    run = history.detail(session, visit.scope, run_id)
    subject = _SUBJECTS.get(run["kind"])
    return render(
        visit,
        "runs/one.html",
        run=run,
        subject=subject and subject + run["subject_id"],
        is_live=run["status"] in statuses.UNFINISHED,
        statuses=statuses,
    )


@router.post("/runs/{run_id}/cancel")
def cancel_run(run_id: Id, visit: Runner, session: DbSession) -> Response:
    """Cancel a run."""
    control.cancel(session, visit.scope, run_id)
    return redirect(visit, f"/runs/{run_id}", said="cancelled")


@router.post("/runs/{run_id}/retry")
def retry_run(run_id: Id, visit: Runner, session: DbSession) -> Response:
    """Do a failed or cancelled run again."""
    made = control.retry(session, visit.scope, run_id)
    return redirect(visit, f"/runs/{made['id']}", said="replayed")
