"""A mail server that takes mail over real SMTP, with or without TLS, and can be told to refuse."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from fakes.tls_front import certificate

USERNAME, PASSWORD = "mailer", "p@ss: word"


@dataclass
class MailServerFake:
    """A running server. `mails` holds what it took; `logins` the users it let in, over TLS or not.

    refuse_with: the reply to every recipient, such as `550 no such user`, in the place of taking it.
    """

    folder: Path
    mode: str
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, bool]] = field(default_factory=list)
    refuse_with: str = ""

    @property
    def certificate(self) -> Path:
        """The file with the certificate that vouches for it."""
        return self.folder / "front.crt"

    def sent_to(self, address: str) -> EmailMessage:
        """The one mail that an address got."""
        found = [mail for mail in self.mails if mail["To"] == address]
        assert len(found) == 1, [mail["To"] for mail in self.mails]
        return found[0]


@contextmanager
def mail_server(folder: Path, mode: str = "plain") -> Iterator[MailServerFake]:
    """Serve mail for a block. mode: `plain`, `starttls` or `tls` (from the first byte)."""
    fake = MailServerFake(folder, mode)
    context = None
    if mode != "plain":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(folder, "127.0.0.1"))
    with _Server(fake, context) as server:
        fake.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield fake
        server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, fake: MailServerFake, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.fake = fake
        self.context = context

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, as one does that refuses the certificate, is no fault."""


class _Talk(socketserver.BaseRequestHandler):
    """One client's dialogue (RFC 5321)."""

    server: _Server

    def handle(self) -> None:
        self.is_secure = False
        if self.server.fake.mode == "tls":
            self._secure()
        self._listen()
        self._say("220 fake.example.com ready")
        while line := self.lines.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if not getattr(self, f"_do_{verb.lower()}", self._unknown)(rest):
                break

    def _secure(self) -> None:
        assert self.server.context is not None
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.is_secure = True

    def _listen(self) -> None:
        self.lines = self.request.makefile("rb")

    def _say(self, *replies: str) -> bool:
        self.request.sendall("".join(f"{reply}\r\n" for reply in replies).encode())
        return True

    def _unknown(self, _: str) -> bool:
        return self._say("502 what?")

    def _do_ehlo(self, _: str) -> bool:
        offers_tls = self.server.fake.mode == "starttls" and not self.is_secure
        extras = ["250-STARTTLS"] if offers_tls else []
        return self._say("250-fake.example.com", *extras, "250 AUTH PLAIN")

    def _do_starttls(self, _: str) -> bool:
        self._say("220 go ahead")
        self._secure()
        self._listen()
        return True

    def _do_auth(self, rest: str) -> bool:
        _, username, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        if (username, password) != (USERNAME, PASSWORD):
            return self._say("535 wrong")
        self.server.fake.logins.append((username, self.is_secure))
        return self._say("235 welcome")

    def _do_mail(self, _: str) -> bool:
        return self._say("250 ok")

    def _do_rcpt(self, _: str) -> bool:
        return self._say(self.server.fake.refuse_with or "250 ok")

    def _do_rset(self, _: str) -> bool:
        return self._say("250 ok")

    def _do_data(self, _: str) -> bool:
        self._say("354 go on")
        text = b""
        while (line := self.lines.readline()) not in (b".\r\n", b""):
            text += line[1:] if line.startswith(b".") else line
        mail = message_from_bytes(text, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.server.fake.mails.append(mail)
        return self._say("250 taken")

    def _do_quit(self, _: str) -> bool:
        self._say("221 bye")
        return False
