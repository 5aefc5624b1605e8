"""How every page is carried out: as an operation of the API is, but refusals are pages too."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from headrace.kit.told import Told
from headrace.pages.guards import CONSOLE, visit_of
from headrace.pages.languages import N_
from headrace.pages.policies import page_headers
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import SEE_OTHER, render
from headrace.pages.visits import Visit
from headrace.rest.acts import SAFE_METHODS
from headrace.rest.api_route import ApiRoute
from headrace.rest.errors import AppError

log = structlog.get_logger(__name__)

_SIGNED_OUT = 401
# These concern the visitor or the thing, not what was typed: they are pages of their own.
_OF_THE_VISIT = {401, 403, 404}
_TITLES = {
    401: N_("This session has ended"),
    403: N_("You may not do this"),
    404: N_("This is not here"),
    409: N_("This is not possible now"),
    429: N_("Too often"),
    503: N_("The server is busy"),
}


class ShownAgain(Exception):
    """A form goes back to its visitor; what it did so far is undone."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


@contextmanager
def shown_again(show: Callable[[Refusal], Response]) -> Iterator[None]:
    """Show a page again if what a form asks for, done in this block, is refused.

    The request's transaction is rolled back then. Refusals of the visitor rather than of the form
    (no right to, not there) are not caught: they are pages of their own.

    show: makes the answer of the refusal; it should carry the refusal's status.
    """
    try:
        yield
    except AppError as error:
        if error.status in _OF_THE_VISIT:
            raise
        raise ShownAgain(show(Refusal.of_error(error))) from error
    except ValidationError as error:
        raise ShownAgain(show(Refusal.of_validation(error))) from error


class PageRoute(ApiRoute):
    """A page: its transaction, its retries and its place in the audit trail are an operation's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap what carries out an operation."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except ShownAgain as again:
                return again.answer
            except AppError as error:
                return _refused(visit_of(request), request, error.status, error.message)
            except RequestValidationError:
                return _refused(visit_of(request), request, 404, "")
            except HTTPException as error:
                return _refused(visit_of(request), request, error.status_code, str(error.detail))
            except DBAPIError as error:
                # Text that PostgreSQL cannot hold, numbers beyond its types: an id that none can be.
                if isinstance(error.orig, psycopg.DataError):
                    return _refused(visit_of(request), request, 404, "")
                log.warning("a page could not be made", path=request.url.path, exc_info=error)
                return _refused(visit_of(request), request, 503, "")
            except Exception as error:
                log.exception("page failed", path=request.url.path, exc_info=error)
                return _refused(visit_of(request), request, 500, "")

        return answer


def page_router() -> APIRouter:
    """Return a router for pages; `iframe.routes` or `console.routes` mounts it."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def _refused(visit: Visit, request: Request, status: int, details: Told | str) -> Response:
    if status == _SIGNED_OUT and visit.is_signed_in:
        return _to_sign_in(visit, request)
    title = _TITLES.get(status, N_("Something went wrong"))
    return render(
        visit, "kit/refused.html", status=status, code=status, title=title, details=details
    )


def _to_sign_in(visit: Visit, request: Request) -> Response:
    """Ask the visitor to sign in, and bring them back to where they wanted to look."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    then = f"?next={quote(wanted)}" if request.method in SAFE_METHODS else ""
    headers = page_headers(visit.nonce, visit.frame_ancestors)
    return Response(
        status_code=SEE_OTHER, headers={**headers, "Location": f"{CONSOLE}/login{then}"}
    )
