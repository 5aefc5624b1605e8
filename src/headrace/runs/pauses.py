"""Leaving alone what the other side wants left alone, and nothing else, for as long as it says.

A limit may be one of a remote account, of an authorization, or of a whole application or place. What
was met pauses the key it is of (see `runs.limits`): admission starts nothing under a paused key,
runs under way go on until they meet the limit themselves, and all else goes on. Pauses end by the
database's clock.
"""

import math
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from headrace.db.roles import as_server
from headrace.kit.outcomes import Pauses, SlowDown
from headrace.kit.told import told
from headrace.runs import admission
from headrace.runs.models import Pause, Run

_SHORTEST_SECONDS = 1.0
_LONGEST_SECONDS = 86_400.0
_UNREADABLE_SECONDS = 60.0
_REASONS = {
    Pauses.ACCOUNT: told("The other side asked for fewer requests for this account."),
    Pauses.CREDENTIAL: told("The other side asked for fewer requests with this authorization."),
    Pauses.APP: told("The other side asked for fewer requests of this application."),
}
"""Without its words: those may be about another customer."""


def bounded(seconds: float) -> timedelta:
    """Return how long to wait when so much is asked for: some say 0, some the year 9999."""
    if math.isnan(seconds):
        seconds = _UNREADABLE_SECONDS
    return timedelta(seconds=min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, seconds)))


def paused_key(run: Run, pauses: Pauses | None) -> str | None:
    """Tell what to leave alone: the key named, or the next narrower one the run has; None: nothing."""
    if pauses is None:
        return None
    if pauses is Pauses.ACCOUNT:
        return run.account_key
    if pauses is Pauses.APP and run.system_key is not None:
        return run.system_key
    return run.credential_key or run.limit_key


def pause(session: Session, run: Run, error: SlowDown, until: datetime) -> None:
    """Leave alone what a limit that a run met is of."""
    key = paused_key(run, error.pauses)
    if key is None or error.pauses is None:
        return
    with as_server(session):  # pauses are of no tenant
        admission.pause_key(session, key, until, str(_REASONS[error.pauses]))
        admission.delete_ended_pauses(session)


def pause_of(session: Session, run: Run) -> Pause | None:
    """Return the pause that keeps a run waiting, if there is one."""
    keys = [run.limit_key, run.credential_key, run.system_key, run.account_key]
    with as_server(session):
        return admission.pause_over(session, [key for key in keys if key is not None])
