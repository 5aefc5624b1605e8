"""Those who act in somebody else's name, within what that one may do in a workspace."""

from dataclasses import dataclass

from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class OnBehalf:
    """Whoever holds a link, a code or a session that a user made. scope: what it allows of theirs.

    It has what a guard and the audit trail read of any scope.
    """

    scope: WorkspaceScope

    @property
    def agency_id(self) -> int:
        """The agency of the user."""
        return self.scope.agency_id

    @property
    def workspace_id(self) -> int:
        """The workspace it is of."""
        return self.scope.workspace_id

    @property
    def user_id(self) -> int | None:
        """The user in whose name the holder acts."""
        return self.scope.user_id

    @property
    def permissions(self) -> frozenset[str]:
        """What the holder may do."""
        return self.scope.permissions
