"""How the network answers: JSON, errors with a code, and who may ask."""

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response


def json_answer(content: object, status: int = 200) -> Response:
    """Answer with JSON."""
    return raw_json(msgspec.json.encode(content), status)


def raw_json(body: bytes | str, status: int = 200) -> Response:
    """Answer with JSON that is already written."""
    return Response(body, status, media_type="application/json")


class Problem(HTTPException):
    """An error as the network reports it: `{"error": {"code", "message"}}`."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.code = code


def problem_answer(_request: Request, problem: Exception) -> Response:
    """Render a problem, or what the framework itself refused."""
    if not isinstance(problem, HTTPException):
        raise problem
    code = problem.code if isinstance(problem, Problem) else "invalid_request"
    content = {"error": {"code": code, "message": problem.detail}}
    answer = json_answer(content, problem.status_code)
    answer.headers.update(problem.headers or {})
    return answer
