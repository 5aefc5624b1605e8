"""Whether the process lives and can work; for load balancers, so without credentials."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from headrace.rest.json_answers import json_response

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> Response:
    """The process lives."""
    return json_response({"status": "ok"})


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """The process can reach its database."""
    try:
        with request.app.state.sessions() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return json_response({"status": "database unreachable"}, 503)
    return json_response({"status": "ok"})
