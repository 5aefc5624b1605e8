"""Writes the audit trail: beside the act in its transaction, or apart where it was refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from headrace.audit import entries, queries
from headrace.db.engine import transaction
from headrace.rest.acts import Act
from headrace.rest.addresses import neighbourhood
from headrace.rest.changes import SEVERAL, Change, collect
from headrace.rest.errors import AppError
from headrace.rest.rate_limits import TokenBuckets

log = structlog.get_logger(__name__)

_COMMAND_LINE = "command line"
# Anyone can be refused as often as they like; the trail takes in so much of it.
_REFUSALS_A_MINUTE = 30


class Recorder:
    """The process's witness of acts (`rest.acts.Witness`)."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._room = TokenBuckets(_REFUSALS_A_MINUTE, _REFUSALS_A_MINUTE)

    def wants(self, act: Act) -> bool:
        """Whether an act that succeeded belongs into the trail."""
        return act.agency_id is not None and entries.is_told(act)

    def succeeded(self, session: Session, act: Act) -> None:
        """Write an act down; it commits with what it tells of."""
        own: dict[str, Any] = {
            "agency_id": act.agency_id,
            "workspace_id": entries.workspace_of(act),
            "user_id": act.user_id,
            "outcome": entries.SUCCEEDED,
            "details": "",
            "changes": entries.changes_of(act),
        }
        queries.add(session, own | entries.columns_of(act))

    def refused(self, act: Act, refusal: AppError) -> None:
        """Write a refusal down in a transaction of its own, within bounds; never fails the request.

        A name that nobody has takes the same statements as a wrong password, so that the time it
        takes does not tell the two apart.
        """
        if not entries.is_told_refused(act, refusal.status):
            return
        if act.agency_id is None and act.credential != "basic":
            return
        if not self._room.take(neighbourhood(act.address).encode()).granted:
            log.warning("refusal not written down: too many", address=act.address)
            return
        try:
            with transaction(self._sessions) as session:
                queries.add(session, self._refusal(session, act, refusal))
        except SQLAlchemyError:
            log.exception("refusal could not be written down", action=act.operation)

    def _refusal(self, session: Session, act: Act, refusal: AppError) -> dict[str, Any]:
        own: dict[str, Any] = {
            "agency_id": act.agency_id,
            "workspace_id": act.workspace_id,
            "user_id": act.user_id,
            "outcome": entries.REFUSED,
            "details": refusal.details,
            "changes": [],
        }
        if act.agency_id is None:
            name = entries.plain_name(act.claimed_username)
            found = queries.user_named(session, name)
            user_id, agency_id = found or (None, None)
            own |= {"username": name, "user_id": user_id, "agency_id": agency_id}
        return own | entries.columns_of(act)


@contextmanager
def command_line(sessions: sessionmaker[Session], action: str) -> Iterator[Session]:
    """Give the transaction of one command; what it changes, if anything, is told when it commits.

    action: the command, such as `agency create`.
    """
    with transaction(sessions) as session:
        changes = collect(session)
        yield session
        session.flush()
        if not len(changes):
            return
        act = Act(action, "", "", credential=_COMMAND_LINE, changes=changes)
        own: dict[str, Any] = {
            "agency_id": _agency_of(session, list(changes)),
            "workspace_id": entries.workspace_of(act),
            "user_id": None,
            "username": _COMMAND_LINE,
            "outcome": entries.SUCCEEDED,
            "details": "",
            "changes": entries.changes_of(act),
        }
        queries.add(session, own | entries.columns_of(act))


def _agency_of(session: Session, changes: list[Change]) -> int | None:
    """The agency that a command was about: named by a row it changed, or owning it."""
    for row in [*session.new, *session.dirty, *session.identity_map.values()]:
        agency_id = getattr(row, "agency_id", None)
        if agency_id is not None:
            return int(agency_id)
    for change in changes:
        if change.table == "agency" and change.id != SEVERAL:
            return int(change.id)
    return None
