"""Certificates of a test's own making: an authority, and servers that it vouches for."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class ServerFiles:
    """What a TLS server needs, and the authority that vouches for it."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates. `bundle` is the file that makes others trust it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("authority of a test")
        self._made = 0
        certificate = (
            self._builder(self._name, self._key, -_DAY, _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(
        self,
        *names: str,
        valid_from: dt.timedelta = -_DAY,
        valid_to: dt.timedelta = _DAY,
    ) -> ServerFiles:
        """Make a certificate for host names and addresses; its days count from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(_name("receiver of a test"), key, valid_from, valid_to)
            .add_extension(
                x509.SubjectAlternativeName([_alternative(each) for each in names]), False
            )
            .sign(self._key, hashes.SHA256())
        )
        self._made += 1
        files = ServerFiles(
            self._folder / f"server{self._made}.pem", self._folder / f"server{self._made}.key"
        )
        files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files

    def _builder(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        valid_from: dt.timedelta,
        valid_to: dt.timedelta,
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + valid_from)
            .not_valid_after(now + valid_to)
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
