"""The page that an iframe's URL opens: it exchanges the code, and goes on to the session's pages."""

from fastapi import Response

from headrace.embedding import host_files
from headrace.embedding.service import PAGE
from headrace.pages.guards import AnyoneVisit
from headrace.pages.page_route import page_router
from headrace.pages.rendering import render

router = page_router()
router.include_router(host_files.router)


@router.get(PAGE)
def show_frame(visit: AnyoneVisit) -> Response:
    """Answer the page; only the host page that was named when its URL was minted may show it.

    It spends nothing: the code is in the fragment, which its script brings. The address names the
    session in `session`; whatever the integrator appended to it stands in the query or behind the
    code (`show_account_selection=True` is published).
    """
    return render(visit, "embedding/enter.html")
