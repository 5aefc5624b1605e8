"""Refusals of users and members."""

from collections.abc import Collection

from headrace.kit.told import told
from headrace.rest.errors import AppError


class BeyondOwnRights(AppError, status=403):
    """Nobody gives, changes or takes a role that allows more than they may themselves."""

    def __init__(self, title: str, lacking: Collection[str]) -> None:
        super().__init__(
            told(
                "The role {title} allows what yours does not: {lacking}.",
                title=title,
                lacking=", ".join(sorted(lacking)),
            )
        )


class OwnAccount(AppError, status=403):
    """Nobody changes their own role or keeps themselves out; somebody else must."""

    def __init__(self) -> None:
        super().__init__(
            told("You cannot change your own account or role; ask another administrator.")
        )


class AlreadyMember(AppError, status=409):
    """The user works in the workspace already."""

    def __init__(self, user_id: int) -> None:
        super().__init__(
            told(
                "The user is a member already; change the role with PUT /api/v3/members/{user_id}.",
                user_id=user_id,
            )
        )
