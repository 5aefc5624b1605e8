"""What a call to the API may end with instead of an answer."""


class ApiError(Exception):
    """The server answered with an error.

    status: of the answer. details: what is wrong, in words. errors: the same by field, for forms.
    request_id: names the request in the server's log.
    """

    def __init__(
        self,
        status: int,
        details: str,
        errors: dict[str, list[str]] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(f"{status}: {details}")
        self.status = status
        self.details = details
        self.errors = errors or {}
        self.request_id = request_id


class NotFound(ApiError):
    """The object does not exist, or belongs to somebody else."""


class Unauthorized(ApiError):
    """The credentials are wrong, or not of the kind that the operation takes."""


class Forbidden(ApiError):
    """The user's role does not include what the operation needs."""


class Conflict(ApiError):
    """The object's state does not allow it now."""


class TooManyRequests(ApiError):
    """The limit was reached, and stayed so for as long as the client was willing to wait."""


class Unreachable(Exception):
    """The server gave no answer, or none that can be understood."""


BY_STATUS: dict[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
}
"""The errors that callers tell apart; every other status is a plain `ApiError`."""
