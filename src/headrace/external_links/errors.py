"""Refusals of external authentication links."""

from headrace.kit.told import named, told
from headrace.rest.errors import AppError, Invalid


class LinksOff(AppError, status=403):
    """The agency may not ask people outside."""

    def __init__(self) -> None:
        super().__init__(told("External authentication links are not enabled for this agency."))


class NobodyNamed(Invalid):
    """A mail was asked for, but nobody to send it to."""

    def __init__(self) -> None:
        super().__init__("emails", told("name 1 to 50 recipients, or set send_email to false."))


class AddressUnfit(Invalid):
    """One of the recipients is no mail address."""

    def __init__(self, address: str) -> None:
        super().__init__(
            "emails", told("{address!r} is not a mail address.", address=address[:100])
        )


class MailOff(Invalid):
    """The server cannot send mail."""

    def __init__(self) -> None:
        super().__init__(
            "send_email",
            told(
                "this server sends no mail: its operator sets HEADRACE_SMTP_URL and "
                "HEADRACE_MAIL_FROM. Or set send_email to false and deliver the links yourself."
            ),
        )


class LinkEnded(AppError, status=400):
    """A link that is of no more use cannot be revoked."""

    def __init__(self, status: str) -> None:
        super().__init__(
            told("The link is {status}; only pending links can be revoked.", status=named(status))
        )


class LinkDead(AppError, status=401):
    """The link is unknown, used, expired or revoked, or who sent it may not ask any more."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "The link was used or revoked, or has expired; ask whoever sent it for a new one. "
                "Send its secret as Authorization: Link <secret>."
            ),
            headers={"WWW-Authenticate": "Link"},
        )
