"""Parameters of a destination that are replaced while a run still uses the old ones."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy.orm import Session

from headrace.destinations import queries
from headrace.destinations.models import DestinationConnection
from headrace.kit.outcomes import Reauthorize, TryLater
from headrace.kit.told import told


@contextmanager
def while_current(
    look: Callable[[], AbstractContextManager[Session]], used: DestinationConnection
) -> Iterator[None]:
    """Let parameters that were replaced while a block used them fail as a passing fault.

    look: opens a session to read with. used: the connection as the block opened it.

    Raises:
        TryLater: in place of `Reauthorize`, if the connection has other parameters by then.
    """
    try:
        yield
    except Reauthorize as error:
        with look() as session:
            now = queries.params_now(session, used.id)
        if now is None or now == used.params:
            raise
        raise TryLater(told("The destination connection got new parameters meanwhile.")) from error
