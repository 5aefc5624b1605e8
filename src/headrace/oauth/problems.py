"""The ways an authorization can fail: one row each, with what to tell whom (data, no branches)."""

from dataclasses import dataclass
from enum import StrEnum

from headrace.pages.languages import N_


class ProblemCode(StrEnum):
    """What went wrong, for programs."""

    PROVIDER_DENIED = "provider_denied"
    PROVIDER_ERROR = "provider_error"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    ISSUER_MISMATCH = "issuer_mismatch"
    PROVIDER_MIXED_UP = "provider_mixed_up"
    CODE_REFUSED = "code_refused"
    SCOPE_MISSING = "scope_missing"
    CONNECTION_REFUSED = "connection_refused"
    RIGHTS_LOST = "rights_lost"
    EXPIRED = "expired"
    POPUP_BLOCKED = "popup_blocked"
    POPUP_CLOSED = "popup_closed"
    SESSION_EXPIRED = "session_expired"


@dataclass(frozen=True)
class Problem:
    """What is said of a failure.

    error_type: `authorization`, `connection`, `browser` or `session`. display_message: for the person
    at the screen, in English; pages translate it. retryable: whether to try the same again may help.
    """

    error_type: str
    display_message: str
    retryable: bool


PROBLEMS: dict[ProblemCode, Problem] = {
    ProblemCode.PROVIDER_DENIED: Problem(
        "authorization",
        N_("Access was not allowed, so nothing was connected. Try again, and allow access."),
        True,
    ),
    ProblemCode.PROVIDER_ERROR: Problem(
        "authorization", N_("The platform could not authorise you. Try again in a moment."), True
    ),
    ProblemCode.PROVIDER_UNREACHABLE: Problem(
        "authorization", N_("The platform does not answer at the moment. Try again later."), True
    ),
    ProblemCode.ISSUER_MISMATCH: Problem(
        "authorization",
        N_("The answer did not come from the platform that was asked. Nothing was connected."),
        False,
    ),
    ProblemCode.PROVIDER_MIXED_UP: Problem(
        "authorization",
        N_("The answer came back for another platform than was asked. Nothing was connected."),
        True,
    ),
    ProblemCode.CODE_REFUSED: Problem(
        "authorization",
        N_("The platform did not complete the authorisation. Try again."),
        True,
    ),
    ProblemCode.SCOPE_MISSING: Problem(
        "authorization",
        N_(
            "Not all of the permissions that are needed were given. Try again, and leave all of them "
            "ticked."
        ),
        True,
    ),
    ProblemCode.CONNECTION_REFUSED: Problem(
        "connection",
        N_("The platform let you in, but your accounts could not be read."),
        True,
    ),
    ProblemCode.RIGHTS_LOST: Problem(
        "session", N_("You may no longer connect this here. Ask whoever sent you for help."), False
    ),
    ProblemCode.EXPIRED: Problem(
        "authorization", N_("That took too long, so it was called off. Try again."), True
    ),
    ProblemCode.POPUP_BLOCKED: Problem(
        "browser", N_("Your browser blocked the window. Open it with the link below."), True
    ),
    ProblemCode.POPUP_CLOSED: Problem(
        "browser", N_("The window was closed before access was allowed. Open it again."), True
    ),
    ProblemCode.SESSION_EXPIRED: Problem(
        "session", N_("This page was open for too long. Go back and open it anew."), False
    ),
}
