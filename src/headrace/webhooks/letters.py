"""The mail that tells an agency's chief of a disabled endpoint: what it says, in plain text."""

from dataclasses import dataclass

from headrace.kit.mail import one_line


@dataclass(frozen=True)
class Notice:
    """What a mail is about. host: of the endpoint, whose whole URL may hold a secret of its own.

    reason: a sentence. page_url: where the endpoint is looked at and verified again.
    """

    workspace_title: str
    endpoint_id: int
    host: str
    reason: str
    page_url: str


def subject(notice: Notice) -> str:
    """Return the subject line: which receiver hears nothing any more."""
    return one_line(f"Webhooks to {notice.host} have stopped ({notice.workspace_title})")


def text(notice: Notice) -> str:
    """Return the mail's text."""
    parts = [
        "Hello,",
        f"webhook endpoint {notice.endpoint_id} ({notice.host}) of the workspace "
        f"{one_line(notice.workspace_title)} has been disabled. {notice.reason}",
        "Nothing is sent to it until it is verified again. What it missed is kept for a while and "
        "can be replayed then:",
        notice.page_url,
    ]
    return "\n\n".join(parts) + "\n"
