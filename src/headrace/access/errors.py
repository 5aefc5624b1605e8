"""Refusals of access."""

from headrace.kit.told import told
from headrace.rest.errors import AppError

_BASIC = {"WWW-Authenticate": 'Basic realm="embedded", charset="UTF-8"'}
_BEARER = {"WWW-Authenticate": "Bearer"}


class BadPassword(AppError, status=401):
    """The Basic pair is wrong; unknown users and wrong passwords look the same."""

    def __init__(self) -> None:
        super().__init__(told("The username or the password is wrong."), headers=_BASIC)


class TooManyFailures(AppError, status=429):
    """The account or the address failed to sign in too often just now."""

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(
            told(
                "Too many wrong passwords; try again in {wait_seconds} s.",
                wait_seconds=wait_seconds,
            ),
            headers={"Retry-After": str(wait_seconds)},
        )


class BasicRequired(AppError, status=401):
    """The operation takes Basic credentials and got something else."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "This operation takes Basic credentials: Authorization: Basic "
                "base64(username:password)."
            ),
            headers=_BASIC,
        )


class BearerRequired(AppError, status=401):
    """The operation takes a workspace token or a session cookie and got something else."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "This operation takes a workspace token: create one with POST /api/v3/token and "
                "send Authorization: Bearer <token>; or send the dts_session_id cookie with "
                "X-IM-WORKSPACE-ID."
            ),
            headers=_BEARER,
        )


class TokenExpired(AppError, status=401):
    """The bearer token is unknown or past its life; the two look the same."""

    def __init__(self) -> None:
        super().__init__(
            told("The token is unknown or has expired; create a new one with POST /api/v3/token."),
            headers=_BEARER,
        )


class SessionExpired(AppError, status=401):
    """The session cookie is unknown or past its life."""

    def __init__(self) -> None:
        super().__init__(
            told("The session is unknown or has expired; sign in again."), headers=_BEARER
        )


class CodeSpent(AppError, status=401):
    """The code of an iframe URL is unknown, used, or past its life; they look the same."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "The code is unknown, was used or has expired; ask for a new URL with "
                "POST /api/v3/get_iframe_url, and send its code as Authorization: Code <code>."
            ),
            headers={"WWW-Authenticate": "Code"},
        )


class WorkspaceHeaderMissing(AppError, status=400):
    """Cookie mode names its workspace in a header; there is no default."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "With the dts_session_id cookie, send X-IM-WORKSPACE-ID: <workspace id>, a whole "
                "number."
            )
        )


class WorkspaceClosed(AppError, status=403):
    """The session's user may not enter the workspace, or it does not exist."""

    def __init__(self) -> None:
        super().__init__(told("You have no access to this workspace."))


class CrossSite(AppError, status=403):
    """A page of another site tried to write with the visitor's cookie."""

    def __init__(self) -> None:
        super().__init__(
            told("Requests that change something must come from this server's own pages.")
        )


class PermissionMissing(AppError, status=403):
    """The caller's role does not include what the operation needs."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            told("Your role does not include the permission {permission}.", permission=permission)
        )


class ChiefRequired(AppError, status=403):
    """The operation is the agency chief's alone (contract 4.16)."""

    def __init__(self) -> None:
        super().__init__(told("Only the chief of the agency may do this."))


class ExternalAuthOff(AppError, status=403):
    """The agency may not use external authentication links."""

    def __init__(self) -> None:
        super().__init__(told("External authentication links are not enabled for this agency."))


class EmbeddedApiOff(AppError, status=403):
    """The agency may not use the API."""

    def __init__(self) -> None:
        super().__init__(told("The embedded API is not enabled for this agency."))


class LastChief(AppError, status=409):
    """The agency would be left without a chief."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "This is the agency's only chief. To keep the whole agency out, the operator "
                "switches can_use_embedded_api off: headrace agency set-flag."
            )
        )


class UsernameTaken(AppError, status=400):
    """Usernames are unique on a server, since they are what one signs in with."""

    def __init__(self, username: str) -> None:
        super().__init__(
            told("The username {username!r} is taken; choose another.", username=username)
        )


class AgencyTitleTaken(AppError, status=400):
    """Two agencies of one server would have the same title."""

    def __init__(self, title: str) -> None:
        super().__init__(told("An agency {title!r} exists; choose another title.", title=title))
