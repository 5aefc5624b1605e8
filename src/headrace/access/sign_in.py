"""Signing in with Basic credentials: verified before the request takes a turn at the database.

Verifying is slow on purpose, and a flood of wrong passwords makes it slower still: whoever waits
for it must keep neither a turn, nor a connection, nor a thread from requests that need none of it.
"""

import asyncio
import base64
import binascii
import math
import secrets
import time
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session, sessionmaker

from headrace.access import passwords, queries
from headrace.access.errors import BadPassword, BasicRequired, TooManyFailures
from headrace.access.throttle import Failures
from headrace.kit.sealing import keyed_digest
from headrace.rest.addresses import address_of, neighbourhood

_SECONDS_REMEMBERED = 60.0
_SECONDS_KNOWN = 24 * 3600.0
_MOST_PAIRS = 10_000
_AT_ONCE = 2
"""Verifications under way in a process: a flood of them must not take all processors."""


@dataclass(frozen=True)
class Pair:
    """A username and a password, as somebody claims them."""

    username: str
    password: str


@dataclass(frozen=True)
class Verified:
    """What was found out about a pair ahead of the request's turn.

    password_hash: the stored hash that the password fits; None if it fits none.
    better_hash: one with today's parameters, if that one's are outdated.
    wait_seconds: how long its account or its address has to wait, if they failed too often.
    """

    pair: Pair
    password_hash: str | None
    better_hash: str | None = None
    wait_seconds: int = 0


class VerifiedPairs:
    """Pairs that were found right, with the hash they fit; by a digest that dies with the process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._fitted: dict[str, tuple[str, float]] = {}

    def _entry(self, pair: Pair) -> str:
        return keyed_digest(self._key, f"{pair.username}\0{pair.password}")

    def remember(self, pair: Pair, password_hash: str) -> None:
        """Remember that a pair fits a hash."""
        if len(self._fitted) >= _MOST_PAIRS:
            self._fitted.clear()
        self._fitted[self._entry(pair)] = (password_hash, time.monotonic())

    def forget(self, pair: Pair) -> None:
        """Forget a pair that fits no more."""
        self._fitted.pop(self._entry(pair), None)

    def hash_of(self, pair: Pair) -> str | None:
        """Return the hash that a pair was found to fit within the last minute."""
        return self._found(pair, _SECONDS_REMEMBERED)

    def knows(self, pair: Pair) -> bool:
        """Whether a pair was right within the last day: then presenting it is not guessing."""
        return self._found(pair, _SECONDS_KNOWN) is not None

    def _found(self, pair: Pair, seconds: float) -> str | None:
        password_hash, since = self._fitted.get(self._entry(pair), (None, 0.0))
        return password_hash if time.monotonic() - since < seconds else None


class SignIns:
    """Verifies Basic credentials for one process, and slows down those who guess."""

    def __init__(self, failures: Failures | None = None) -> None:
        self._pairs = VerifiedPairs()
        self._failures = failures or Failures()
        self._verifying = asyncio.Semaphore(_AT_ONCE)

    async def before_turn(self, request: Request) -> None:
        """Verify the Basic credentials of a request, if it has any; `verified` gives the outcome."""
        if _scheme(request) == "basic":
            pair = read_pair(request.headers["authorization"])
            request.state.sign_in = await self.outcome(request, pair)

    async def outcome(self, request: Request, pair: Pair | None) -> Verified:
        """Verify a pair that a request brings, None if it brings none; before it has a turn."""
        address = "address " + neighbourhood(address_of(request.scope))
        if pair is None:
            self._failures.note(address)
            return Verified(Pair("", ""), None)
        if (remembered := self._pairs.hash_of(pair)) is not None:
            return Verified(pair, remembered)
        keys = (address, "account " + pair.username)
        async with self._verifying:
            # Another request may have brought the same pair while this one waited.
            if (remembered := self._pairs.hash_of(pair)) is not None:
                return Verified(pair, remembered)
            # Who knows the password is let in however many others guess it.
            wait = self._failures.wait_seconds(*keys)
            if wait > 0 and not self._pairs.knows(pair):
                return Verified(pair, None, wait_seconds=math.ceil(wait))
            verified = await self._verify(request, pair)
            if verified.password_hash is None:
                self._failures.note(*keys)
        return verified

    async def _verify(self, request: Request, pair: Pair) -> Verified:
        state = request.app.state
        async with state.turns:
            stored = await run_in_threadpool(_stored_hash, state.sessions, pair.username)
        verified = await run_in_threadpool(_verified, pair, stored)
        if verified.password_hash is not None:
            self._pairs.remember(pair, verified.password_hash)
        return verified

    def verified(self, request: Request) -> Verified:
        """Return what was found out about a request's Basic credentials.

        Raises:
            BasicRequired: if it has none.
            TooManyFailures: if its account or its address failed too often.
            BadPassword: if they fit nobody.
        """
        if _scheme(request) != "basic":
            raise BasicRequired
        return insist(request.state.sign_in)

    def fits(self, verified: Verified, password_hash: str) -> bool:
        """Whether a verified pair fits a hash that may be newer than the one it was verified with."""
        if verified.password_hash == password_hash:
            return True
        if not passwords.verify(password_hash, verified.pair.password):
            self._pairs.forget(verified.pair)
            return False
        self._pairs.remember(verified.pair, password_hash)
        return True

    def renewed(self, verified: Verified) -> None:
        """Take note that the better hash has been stored."""
        assert verified.better_hash is not None
        self._pairs.remember(verified.pair, verified.better_hash)


def insist(outcome: Verified) -> Verified:
    """Return the outcome of verifying a pair that fits somebody.

    Raises:
        TooManyFailures: if its account or its address failed too often.
        BadPassword: if it fits nobody.
    """
    if outcome.wait_seconds:
        raise TooManyFailures(outcome.wait_seconds)
    if outcome.password_hash is None:
        raise BadPassword
    return outcome


def read_pair(header: str) -> Pair | None:
    """Return the pair in an `Authorization: Basic` header; None if there is none in it."""
    try:
        text = base64.b64decode(header.partition(" ")[2].strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    username, _, password = text.partition(":")
    return None if "\0" in text else Pair(username, password)


def _scheme(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[0].lower()


def _stored_hash(sessions: sessionmaker[Session], username: str) -> str | None:
    with sessions() as session:
        found: Any = queries.user_by_name(session, username)
        return found[0].password_hash if found else None


def _verified(pair: Pair, stored: str | None) -> Verified:
    if not passwords.verify(stored, pair.password):
        return Verified(pair, None)
    assert stored is not None
    better = passwords.hash_password(pair.password) if passwords.is_outdated(stored) else None
    return Verified(pair, stored, better)
