"""How every operation of the API is carried out: `APIRouter(route_class=ApiRoute, ...)`.

One place around all endpoints for what concerns them all: bodies are read strictly, a request with
an idempotency key is carried out once, a transaction that lost to another is tried again, and the
audit trail learns of refusals.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import structlog
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from headrace.rest import acts, idempotency
from headrace.rest.acts import Act, Witness
from headrace.rest.errors import AppError
from headrace.rest.strict_json import StrictRequest

log = structlog.get_logger(__name__)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.02
_REFUSALS = {401, 403}
_UNDONE = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


class ApiRoute(APIRoute):
    """A route of the API."""

    def get_route_handler(self) -> Handler:
        """Wrap what FastAPI makes of the endpoint."""
        handle = super().get_route_handler()
        name = self.name

        async def answer(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            for attempt in range(1, _ATTEMPTS + 1):
                act = acts.begin(strict, name)
                try:
                    return await _attempt(strict, act, handle)
                except idempotency.Replay as replay:
                    return replay.answer
                except AppError as refusal:
                    await _tell(strict, act, refusal)
                    raise
                except (DBAPIError, StaleDataError) as error:
                    if not _lost_to_another(error) or attempt == _ATTEMPTS:
                        raise
                    log.info("lost to another transaction; once more", operation=name)
                longest = _FIRST_PAUSE_SECONDS * 2**attempt
                await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311
            raise AssertionError("an attempt returns or raises")

        return answer


def _lost_to_another(error: DBAPIError | StaleDataError) -> bool:
    """Whether the transaction was undone for the sake of another one and may simply be repeated."""
    if isinstance(error, StaleDataError):
        return True  # a row was deleted since it was read: the next attempt finds it gone
    cause = error.orig
    if isinstance(cause, psycopg.errors.UniqueViolation):
        # A request that calls out holds its key's lock only until then; its twin may overtake it.
        return cause.diag.constraint_name == idempotency.ONCE
    return isinstance(cause, _UNDONE)


async def _attempt(request: Request, act: Act, handle: Handler) -> Response:
    """Carry the request out in one transaction, which has committed when this returns."""
    await idempotency.read_key(request, act)
    # The stack that FastAPI ends function-scoped dependencies with, the transaction among them. One
    # of our own for each attempt, so that the answer is there to be stored before the commit.
    outer = request.scope["fastapi_function_astack"]
    try:
        async with AsyncExitStack() as stack:
            request.scope["fastapi_function_astack"] = stack
            act.answer = await handle(request)
    finally:
        request.scope["fastapi_function_astack"] = outer
    return act.answer


async def _tell(request: Request, act: Act, refusal: AppError) -> None:
    witness: Witness | None = getattr(request.app.state, "witness", None)
    if witness is not None and refusal.status in _REFUSALS:
        act.claimed_username = acts.claimed_username(request)
        await run_in_threadpool(witness.refused, act, refusal)
