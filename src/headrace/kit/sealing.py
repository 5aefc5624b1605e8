"""Sealing secrets for rest: AES-256-GCM envelopes bound to the place they are kept in.

Each text is encrypted under a fresh data key, the data key under the master key; the id of the
master key is stored, so that keys can be rotated by rewrapping. The place (workspace, table, row,
column) is authenticated with it: an envelope moved elsewhere does not open.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from headrace.kit.told import told

_NONCE_BYTES = 12
_VERSION = "v1"


class CannotOpen(Exception):
    """An envelope does not open: wrong key, wrong place, or damaged. Says no more on purpose."""


class Vault:
    """Seals and opens texts under one or more master keys; the first seals, all open."""

    def __init__(self, *master_keys: bytes) -> None:
        self._keys = {_key_id(key): key for key in master_keys}
        self._sealing_id = _key_id(master_keys[0])

    @property
    def key_id(self) -> str:
        """The id of the key that seals, as it stands in the second part of an envelope."""
        return self._sealing_id

    def seal(self, text: str, place: str) -> str:
        """Return an envelope of `text` that opens only at `place`."""
        data_key = AESGCM.generate_key(256)
        wrapped = _encrypt(self._keys[self._sealing_id], data_key, place)
        body = _encrypt(data_key, text.encode(), place)
        return ".".join((_VERSION, self._sealing_id, _text(wrapped), _text(body)))

    def open(self, envelope: str, place: str) -> str:
        """Return the text of an envelope.

        Raises:
            CannotOpen: if the key, the place or the envelope is not the one it was sealed with.
        """
        try:
            version, key_id, wrapped, body = envelope.split(".")
            if version != _VERSION:
                raise CannotOpen
            data_key = _decrypt(self._keys[key_id], _bytes(wrapped), place)
            return _decrypt(data_key, _bytes(body), place).decode()
        except (ValueError, KeyError, InvalidTag) as error:
            raise CannotOpen(
                told("A stored secret cannot be opened with the configured key.")
            ) from error

    def seal_object(self, value: Mapping[str, object], place: str) -> str:
        """Seal a JSON object."""
        return self.seal(msgspec.json.encode(value).decode(), place)

    def open_object(self, envelope: str, place: str) -> dict[str, object]:
        """Open a JSON object sealed by `seal_object`; raises `CannotOpen` as `open` does."""
        return msgspec.json.decode(self.open(envelope, place), type=dict[str, object])

    def fingerprint(self, secret: str) -> str:
        """Return a short digest by which equal secrets are known, of no use without the key.

        It changes with the sealing key.
        """
        return keyed_digest(self._keys[self._sealing_id], f"fingerprint of {secret}")[:32]


def random_token() -> str:
    """Return an unguessable token of 256 random bits, safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """Return the digest under which a random token is stored; enough because tokens are random."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_digest(key: bytes, text: str) -> str:
    """Return a digest of a guessable text that cannot be checked without the key."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"headrace key id" + key).hexdigest()[:8]


def _encrypt(key: bytes, plain: bytes, place: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def _decrypt(key: bytes, sealed: bytes, place: str) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
