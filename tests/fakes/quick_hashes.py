"""Passwords that cost next to nothing: nobody guesses a test's, and nearly every test signs in."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from argon2 import PasswordHasher

from headrace.access import passwords

_AS_SERVERS_DO = (passwords._HASHER, passwords._UNKNOWN_USER_HASH)
_QUICK = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)


def hashing_quickly() -> AbstractContextManager[None]:
    """Hash in microseconds for a while, with next to the least that Argon2 takes."""
    return _hashing(_QUICK, _QUICK.hash("of nobody"))


def hashing_slowly() -> AbstractContextManager[None]:
    """Hash as servers do for a while."""
    return _hashing(*_AS_SERVERS_DO)


@contextmanager
def _hashing(hasher: PasswordHasher, unknown_user_hash: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", hasher)
        patch.setattr(passwords, "_UNKNOWN_USER_HASH", unknown_user_hash)
        yield
