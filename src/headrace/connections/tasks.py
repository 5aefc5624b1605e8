"""What the worker does with connections: refreshing the account list."""

from sqlalchemy.orm import Session

from headrace.connections import accounts, announcing, followers, service
from headrace.connections.models import AccountsStatus, Connection
from headrace.connections.renewal import renewed_by_itself, while_current
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.runs import service as runs
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register


def refresh(context: RunContext) -> None:
    """Read the source's list of accounts, then store it."""
    connection = renewed_by_itself(
        context.look, context.scope, context.resources, int(context.subject_id)
    )
    connector = service.connector_named(connection.datasource_name)
    access = service.open_access(context.resources, connection)
    with while_current(context.look, connection):
        found = list(connector.accounts(access))
    with context.step() as session:
        connection = service.held(session, context.scope, int(context.subject_id))
        new = accounts.store(session, connection, found)
        followers.tell_opened(session, context.scope, connection, new)
        runs.succeed(context.hold(session), context.now(session))


def refresh_failed(context: RunContext, session: Session, error: OutsideError) -> None:
    """Record that the account list could not be read."""
    connection = session.get_one(Connection, int(context.subject_id))
    connection.accounts_status = AccountsStatus.ERROR
    connection.update_accounts_was_successfull = False
    announcing.accounts_unread(session, connection, error)
    if isinstance(error, Reauthorize):
        announcing.broken(session, connection, error)
        service.mark_broken(connection, error)


register(RunKind(service.REFRESH, carry_out=refresh, failed=refresh_failed))
