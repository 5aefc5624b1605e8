"""What a misbehaving account does to a request before, or to a page after, it is served."""

import math
from email.utils import formatdate

import msgspec

from headrace.kit import clock
from headrace.sandbox.answers import Problem
from headrace.sandbox.network import Misbehaviour, NetworkAccount

_LIMITED_SECONDS = {Misbehaviour.LIMITED: 3, Misbehaviour.LIMITED_LONG: 30}


def refuse_if_in_the_mood(account: NetworkAccount) -> None:
    """Raise what a limited or revoked account answers now.

    A limited account refuses in every other period of its length, by the clock.

    Raises:
        Problem: 429 or 401.
    """
    mood = account.misbehaviour
    if mood is Misbehaviour.REVOKED:
        raise Problem(401, "access_revoked", "The advertiser took back the access to this account.")
    if mood is None or mood not in _LIMITED_SECONDS:
        return
    now = clock.now().timestamp()
    period = _LIMITED_SECONDS[mood]
    if int(now // period) % 2 == 0:
        opens_at = math.ceil((now // period + 1) * period)
        wait = str(max(1, math.ceil(opens_at - now)))
        if mood is Misbehaviour.LIMITED_LONG:
            wait = formatdate(opens_at, usegmt=True)
        raise Problem(429, "rate_limited", "Too many requests.", {"Retry-After": wait})


def page_body(
    account: NetworkAccount, rows_json: str, position: int, next_cursor: str | None, cursor: str
) -> bytes:
    """Write a page; `cursor` is the one it was asked by."""
    mood = account.misbehaviour
    if mood is Misbehaviour.REPEATING and position > 0:
        next_cursor = cursor
    tail = b'],"next_cursor":' + msgspec.json.encode(next_cursor) + b"}"
    body = b'{"data":[' + rows_json.encode() + tail
    if mood is Misbehaviour.CUT_OFF and next_cursor is None:
        return body[: len(body) * 2 // 3]
    return body
