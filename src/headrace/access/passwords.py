"""Hashing passwords: slow on purpose, and with parameters that may grow."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# 19 MiB, two passes, one lane: the OWASP minimum for argon2id, 34 ms on the reference machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_UNKNOWN_USER_HASH = _HASHER.hash(secrets.token_hex(16))

SHORTEST = 8
LONGEST = 1024
"""Characters; more would only make the hash's first step long."""


def hash_password(password: str) -> str:
    """Return the hash under which a password is stored; its parameters are part of it."""
    return _HASHER.hash(password)


def generate_password() -> str:
    """Return a password of 144 random bits."""
    return secrets.token_urlsafe(18)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether a password is the one of a hash; an unknown user (None) takes as long and is false."""
    try:
        good = _HASHER.verify(password_hash or _UNKNOWN_USER_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return good and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)
