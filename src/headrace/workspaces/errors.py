"""Refusals of workspaces."""

from headrace.kit.told import told
from headrace.rest.errors import Invalid


class WorkspaceTitleTaken(Invalid):
    """The agency has a workspace of that title."""

    def __init__(self, title: str) -> None:
        super().__init__(
            "title", told("a workspace {title!r} exists; choose another title.", title=title)
        )


class TooManyWorkspaces(Invalid):
    """The agency has as many workspaces as the operator allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "title",
            told(
                "the agency has {limit} workspaces, as many as this server allows; the operator "
                "can raise HEADRACE_WORKSPACES_PER_AGENCY.",
                limit=limit,
            ),
        )
