"""Puts TLS before a PostgreSQL server that has none, with a certificate of the test's making."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SSL_REQUEST_BYTES = 8  # PostgreSQL manual, "SSLRequest": answered by one byte before TLS begins


@dataclass(frozen=True)
class TlsFront:
    """Where it listens, and the file with the certificate that vouches for it."""

    port: int
    certificate: Path


def certificate(folder: Path, address: str) -> tuple[Path, Path]:
    """Write a self-signed certificate for an address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tls front of a test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "front.crt", folder / "front.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


def _serve(client: socket.socket, context: ssl.SSLContext, server_port: int) -> None:
    client.recv(_SSL_REQUEST_BYTES)
    client.sendall(b"S")
    try:
        secured = context.wrap_socket(client, server_side=True)
    except (ssl.SSLError, OSError):  # the client refused the certificate
        client.close()
        return
    server = socket.create_connection(("127.0.0.1", server_port))
    threading.Thread(target=_forward, args=(secured, server), daemon=True).start()
    _forward(server, secured)


def _forward(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(65_536):
            sink.sendall(chunk)
    except OSError:
        pass
    finally:
        for each in (source, sink):
            each.close()


@contextmanager
def tls_front(server_port: int, folder: Path, address: str = "127.0.0.1") -> Iterator[TlsFront]:
    """Stand before a server for a block, with a certificate that names `address`."""
    vouching, key = certificate(folder, address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(vouching, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(
                target=_serve, args=(client, context, server_port), daemon=True
            ).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield TlsFront(listener.getsockname()[1], vouching)
    finally:
        listener.close()
