"""Checking passwords: slow on purpose once, then remembered for a minute under a keyed digest."""

import secrets
import threading
import time

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from headrace.kit.sealing import keyed_digest

_CACHE_SECONDS = 60.0
_CACHE_SIZE = 10_000
# 19 MiB, two passes, one lane: the OWASP minimum for argon2id, 34 ms on the reference machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_UNKNOWN_USER_HASH = _HASHER.hash(secrets.token_hex(16))


class PasswordCheck:
    """Verifies passwords; at most two at once, so that a flood cannot take all processors."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._verified: dict[str, float] = {}
        self._turns = threading.BoundedSemaphore(2)

    def matches(self, password_hash: str | None, username: str, password: str) -> bool:
        """Whether a password is the user's; an unknown user (None) takes as long and is false."""
        entry = keyed_digest(self._key, f"{password_hash}\0{username}\0{password}")
        if self._verified.get(entry, 0.0) > time.monotonic():
            return True
        with self._turns:
            good = _verify(password_hash or _UNKNOWN_USER_HASH, password)
        if not good or password_hash is None:
            return False
        if len(self._verified) >= _CACHE_SIZE:
            self._verified.clear()
        self._verified[entry] = time.monotonic() + _CACHE_SECONDS
        return True


def hash_password(password: str) -> str:
    """Return the hash under which a password is stored; its parameters are part of it."""
    return _HASHER.hash(password)


def generate_password() -> str:
    """Return a password of 144 random bits."""
    return secrets.token_urlsafe(18)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
