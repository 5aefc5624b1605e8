"""A receiver for developers: takes challenges, verifies and prints deliveries, forwards them."""

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3.exceptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy.orm import Session

from headrace import events
from headrace.client.webhooks import WebhookInvalid, challenge_answer, verify
from headrace.events.catalogue import EVENT_TYPES
from headrace.kit import clock
from headrace.kit.outbound import OutboundHttp, OutboundPolicy, OutboundRefused
from headrace.rest.errors import NotFound
from headrace.tenancy.models import Workspace
from headrace.webhooks.errors import EventTypeUnknown
from headrace.webhooks.signing import TOKEN_HEADER

Say = Callable[[str], None]
_DAYS_VALID = 365
_MOST_BYTES = 1_048_576
# What an HTTP client makes anew for each hop.
_NOT_FORWARDED = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}


class Forwarding:
    """Sends what was verified on to the developer's own program."""

    def __init__(self, url: str) -> None:
        self._url = url
        host = (urlsplit(url).hostname or "").lower()
        # The developer named it: that is what allows it.
        self._http = OutboundHttp(OutboundPolicy(frozenset({host})), read_seconds=10.0)

    def send(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a delivery on; returns the status to answer with, 502 if nobody answers."""
        kept = {key: value for key, value in headers.items() if key.lower() not in _NOT_FORWARDED}
        try:
            return self._http.request("POST", self._url, content=body, headers=kept).status
        except (OutboundRefused, urllib3.exceptions.HTTPError):
            return 502


class Listener:
    """A running receiver. certificate: the file with which the sender can trust it."""

    def __init__(self, http: ThreadingHTTPServer, certificate: Path) -> None:
        self._http = http
        self.certificate = certificate
        self.port: int = http.server_address[1]

    def wait(self) -> None:
        """Receive until Ctrl-C."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


@contextmanager
def listener(
    folder: Path, host: str, port: int, secret: str, forward_to: str, say: Say
) -> Iterator[Listener]:
    """Receive for a block. folder: where its certificate is kept. secret: empty to learn it."""
    certificate, key = _certificate(folder, host)
    forwarding = Forwarding(forward_to) if forward_to else None
    http = ThreadingHTTPServer((host, port), _handler(secret, forwarding, say))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.1,))
    thread.start()
    try:
        yield Listener(http, certificate)
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Receiver:
    """Verifies what arrives with the endpoint's secret, tells of it, and passes it on."""

    def __init__(self, secret: str, forwarding: Forwarding | None, say: Say) -> None:
        self._secret = secret
        self._forwarding = forwarding
        self._say = say

    def answer_challenge(self, headers: dict[str, str]) -> tuple[int, bytes]:
        """Return status and body for a challenge; a good one tells the secret too."""
        token = headers.get(TOKEN_HEADER, "")
        try:
            body = challenge_answer(headers, self._secret or token)
        except WebhookInvalid as error:
            self._say(f"challenge refused: {error}")
            return 401, b""
        self._secret = token
        self._say("challenge answered; deliveries are verified with this endpoint's secret")
        return 200, body

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Return the status for a delivery: the forwarded one's, or 200."""
        try:
            event = verify(body, headers, self._secret)
        except WebhookInvalid as error:
            self._say(f"refused: {error}")
            return 401
        status = self._forwarding.send(body, headers) if self._forwarding else 200
        sent = f" forwarded: {status}" if self._forwarding else ""
        self._say(f"{event.timestamp} {event.type} {event.key}{sent}")
        self._say(body.decode(errors="replace"))
        return status


def _handler(secret: str, forwarding: Forwarding | None, say: Say) -> type[BaseHTTPRequestHandler]:
    receiver = _Receiver(secret, forwarding, say)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(*receiver.answer_challenge(dict(self.headers.items())))

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > _MOST_BYTES:
                self._answer(413, b"")
                return
            body = self.rfile.read(int(length))
            self._answer(receiver.take(body, dict(self.headers.items())), b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Make a certificate for an address of this machine, and its key; kept while it is valid."""
    folder.mkdir(parents=True, exist_ok=True)
    name = host.replace(":", "_")
    certificate, private = folder / f"listen-{name}.pem", folder / f"listen-{name}.key"
    now = clock.now()
    if certificate.exists() and private.exists():
        known = x509.load_pem_x509_certificate(certificate.read_bytes())
        if known.not_valid_after_utc > now:
            return certificate, private
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "headrace webhooks listen")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_DAYS_VALID))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return certificate, private


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def publish_sample(session: Session, workspace_id: int, event_type: str) -> None:
    """Let the sample of an event type happen in a workspace.

    Raises:
        EventTypeUnknown, NotFound: as their names say.
    """
    if event_type not in EVENT_TYPES:
        raise EventTypeUnknown(event_type)
    if session.get(Workspace, workspace_id) is None:
        raise NotFound("Workspace")
    events.publish(session, workspace_id, event_type, EVENT_TYPES[event_type].sample_facts())
