"""What follows new rows in a data table, without the tables knowing who follows.

Slices above register here what they start when an extraction, or a build, has ended well.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from headrace.tenancy.scope import WorkspaceScope

Follower = Callable[[Session, WorkspaceScope, int], None]
"""Called with the data table's id, in the transaction that ends the run that brought the rows."""

_FOLLOWERS: list[Follower] = []


def register(follower: Follower) -> None:
    """Have a function called whenever the rows of a data table are new; once, however often."""
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


def tell(session: Session, scope: WorkspaceScope, data_table_id: int) -> None:
    """Say that the rows of a data table are new."""
    for follower in _FOLLOWERS:
        follower(session, scope, data_table_id)
