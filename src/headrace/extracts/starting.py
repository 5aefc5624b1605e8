"""Queueing runs of extracts; a request that joins a waiting run widens it to what it asks for."""

from typing import Any

from sqlalchemy.orm import Session

from headrace.connections import limits
from headrace.connections.models import Connection
from headrace.extracts.models import Extract
from headrace.extracts.queries import KIND
from headrace.extracts.windows import joined_params
from headrace.runs import service as runs
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope


def start(
    session: Session, scope: WorkspaceScope, extract: Extract, trigger: str, **params: Any
) -> None:
    """Queue a run of an extract: of the usual days, or of those that `params` say.

    params: `date_from` and `date_to` of a dated run, `lookback_window` of a scheduled one; what is
        None is left out.
    """
    runs.start(
        session,
        scope,
        NewRun(
            kind=KIND,
            subject_id=str(extract.id),
            **limits.keys_of(session.get_one(Connection, extract.connection_id)),
            account_key=f"account:{extract.account_id}",
            trigger=trigger,
            params={name: value for name, value in params.items() if value is not None},
        ),
        joined_params,
    )
