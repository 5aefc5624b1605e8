"""The handshake that proves an endpoint's owner: a challenge sent by GET, and given back (6.2)."""

import hmac
import secrets
from dataclasses import dataclass

import uvloop

from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outbound_async import AsyncOutbound, Failure, NoAnswer
from headrace.kit.told import Told, told
from headrace.webhooks.signing import CHALLENGE_HEADER, TOKEN_HEADER

_BODY_BYTES = 256

UNREACHABLE = told("the receiver gave no answer over HTTPS in time.")
"""One text for all that can keep us from an answer: refused connections, closed ports, names that do
not resolve. Whoever verifies learns nothing of a network that is not theirs (S78)."""

_FORBIDDEN = told("its host may not be contacted; receivers are on public addresses.")
_WRONG = told(
    "the receiver must answer with status 200 and the challenge as the plain text of the body."
)


@dataclass(frozen=True)
class Handshake:
    """What one handshake needs. secret: sent as the token, to this receiver alone."""

    url: str
    secret: str
    policy: OutboundPolicy
    deadline_seconds: float


def problem_with(handshake: Handshake) -> Told | None:
    """Challenge a receiver; return why it failed, or None if it passed. Never holds the secret."""
    return uvloop.run(_challenge(handshake))


async def _challenge(handshake: Handshake) -> Told | None:
    challenge = secrets.token_urlsafe(32)
    headers = {TOKEN_HEADER: handshake.secret, CHALLENGE_HEADER: challenge, "Accept": "text/plain"}
    async with AsyncOutbound(
        handshake.policy, deadline_seconds=handshake.deadline_seconds, body_bytes=_BODY_BYTES
    ) as outbound:
        try:
            answer = await outbound.send("GET", handshake.url, headers)
        except NoAnswer as error:
            return _FORBIDDEN if error.failure is Failure.REFUSED else UNREACHABLE
    given = answer.body.removesuffix(b"\n").removesuffix(b"\r")
    if answer.status == 200 and hmac.compare_digest(given, challenge.encode()):
        return None
    return _WRONG
