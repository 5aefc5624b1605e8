"""Refusals of workspaces."""

from headrace.rest.errors import Invalid


class WorkspaceTitleTaken(Invalid):
    """The agency has a workspace of that title."""

    def __init__(self, title: str) -> None:
        super().__init__("title", f"a workspace {title!r} exists; choose another title.")
