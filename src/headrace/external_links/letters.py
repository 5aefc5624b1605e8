"""The mail that asks somebody for credentials: what it says, in plain text."""

from dataclasses import dataclass
from datetime import datetime

from headrace.kit.mail import one_line


@dataclass(frozen=True)
class Request:
    """What a mail is about. asker: who asks, as they sign in; platform: the data source's title."""

    asker: str
    agency_title: str
    platform: str
    message: str | None
    is_reconnect: bool
    url: str
    expires_at: datetime


def subject(asked: Request) -> str:
    """Return the subject line: who asks, and for which platform (contract 4.8)."""
    verb = "reconnect" if asked.is_reconnect else "connect"
    return one_line(f"{asked.asker} asks you to {verb} {asked.platform}")


def text(asked: Request) -> str:
    """Return the mail's text."""
    again = " again" if asked.is_reconnect else ""
    who = f"{one_line(asked.asker)} ({one_line(asked.agency_title)})"
    parts = [
        "Hello,",
        f"{who} asks you to connect your {asked.platform} account{again}.",
        *([asked.message.strip()] if asked.message and asked.message.strip() else []),
        f"Open this link to do so. It works once, until {asked.expires_at:%d %B %Y %H:%M} UTC:",
        asked.url,
        f"The page asks for what {asked.platform} needs and for nothing else. If you did not expect "
        "this, leave the link alone, and tell the sender.",
    ]
    return "\n\n".join(parts) + "\n"
