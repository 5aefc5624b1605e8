"""Sending mail by SMTP: over the outbound guard, never in plain text unless the operator says so."""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from headrace.kit.outbound import HostUnknown, OutboundPolicy, OutboundRefused, connect
from headrace.kit.outcomes import Refused, TryLater

_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_SECONDS = 30.0
_READY = 220
# RFC 5322 3.2.3 (a dot-atom) and the names of hosts; the standard library's parser takes far more.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_ADDRESS = 254
_PERMANENT = 500  # RFC 5321, 4.2.1: replies of 5xx say no for good, those of 4xx for now


@dataclass(frozen=True)
class MailServer:
    """The server that takes mail, and the address mail comes from."""

    scheme: str
    host: str
    port: int
    username: str
    password: str = field(repr=False)
    sender: str
    ca_bundle: str = ""

    @classmethod
    def from_url(cls, url: str, sender: str, ca_bundle: str = "") -> "MailServer":
        """Read the URL of a server.

        `smtps://user:password@host:465` is TLS, `smtp://user:password@host:587` STARTTLS, without
        which nothing is sent, `smtp+plain://host:25` neither TLS nor password. `ca_bundle` is a file
        of certificates that are trusted beside the system's.

        Raises:
            ValueError: if it is none of these, or the sender is no address; says what to write.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(
                "must look like smtps://user:password@host:465, smtp://user:password@host:587 "
                "(STARTTLS), or smtp+plain://host:25 inside a network you trust"
            )
        if parts.scheme == "smtp+plain" and parts.password is not None:
            raise ValueError("a password does not travel without TLS; use smtps:// or smtp://")
        if not is_address(parseaddr(sender)[1]) or not sender.isprintable():
            raise ValueError('the sender must look like "Acme <no-reply@example.com>"')
        return cls(
            parts.scheme,
            parts.hostname,
            parts.port or _PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            sender,
            ca_bundle,
        )

    @property
    def sender_domain(self) -> str:
        """The domain that mail comes from."""
        return parseaddr(self.sender)[1].rpartition("@")[2]

    @property
    def policy(self) -> OutboundPolicy:
        """The server may be inside the operator's network, who named it; nothing else may."""
        return OutboundPolicy(frozenset({self.host.lower()}), self.ca_bundle)


def is_address(text: str) -> bool:
    """Whether a text is the plain address of one mailbox: no name, no quotes, no comment."""
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def one_line(text: str) -> str:
    """Make a text fit for a header: line breaks and other controls become spaces (S84)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def written(sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    """Return a mail of plain text. The subject and the sender's name may hold any characters."""
    name, address = parseaddr(sender)
    username, _, domain = address.rpartition("@")
    mail = EmailMessage()
    mail["From"] = Address(name, username, domain)
    mail["To"] = recipient
    mail["Subject"] = one_line(subject)
    mail["Message-ID"] = make_msgid(domain=domain)
    # Answering machines keep still (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail


class _Client(smtplib.SMTP):
    """A client whose connection passes the guard, and is under TLS before anything is said in it."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._context = server.policy.tls_context()
        # A name of our own, since the default asks the resolver for this machine's.
        super().__init__(local_hostname=server.sender_domain, timeout=_SECONDS)
        self._host = server.host  # what STARTTLS checks the certificate for

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        plain = connect(host, port, self._server.policy, timeout)
        if self._server.scheme == "smtps":
            return self._context.wrap_socket(plain, server_hostname=host)
        return plain

    def open(self) -> None:
        """Connect, secure the connection, and log in."""
        code, said = self.connect(self._server.host, self._server.port)
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        if self._server.scheme == "smtp":
            self.starttls(context=self._context)
        if self._server.username:
            self.login(self._server.username, self._server.password)


def send(server: MailServer, mail: EmailMessage) -> None:
    """Hand a mail to the server; when this returns, the server has taken it.

    Raises:
        TryLater: if the server is out of reach or says no for now.
        Refused: if it says no for good, offers no TLS, has a bad certificate or refuses the login.
    """
    try:
        with _Client(server) as client:
            client.open()
            client.send_message(mail)
    except ssl.SSLCertVerificationError as error:
        raise Refused(
            f"The mail server's certificate is not good: {error.verify_message}."
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Refused("The mail server refuses the login in HEADRACE_SMTP_URL.") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(f"The mail server cannot do what is asked of it: {error}") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise _by_code(next(iter(error.recipients.values()))) from error
    except smtplib.SMTPResponseException as error:
        raise _by_code((error.smtp_code, error.smtp_error)) from error
    except OutboundRefused as error:
        raise Refused(str(error)) from error
    except (smtplib.SMTPException, OSError, HostUnknown) as error:
        raise TryLater(f"The mail server {server.host}:{server.port} does not answer.") from error


def _by_code(reply: tuple[int, bytes | str]) -> Refused | TryLater:
    code, said = reply
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    shown = f"The mail server says: {code} {one_line(text)[:300]}"
    return Refused(shown) if code >= _PERMANENT else TryLater(shown)
