"""One attempt at a delivery: sign, send, and say what follows."""

import time
from functools import lru_cache
from typing import Any

from headrace.kit import clock, tracing
from headrace.kit.outbound_async import Answer, AsyncOutbound, NoAnswer
from headrace.kit.sealing import Vault
from headrace.webhooks.queue import Result, Taken
from headrace.webhooks.retries import FIRST_TRIES, Next, Step, retry_after, step_after
from headrace.webhooks.signing import Message, idempotency_key, signature_headers

BODY_BYTES = 1024
_MASK = "********"
_OUTCOMES = {
    Next.DELIVERED: "delivered",
    Next.RETRY: "retry",
    Next.GIVE_UP: "failed",
    Next.DISABLE: "failed",
}


class Secrets:
    """Opens sealed secrets, and remembers those in use."""

    def __init__(self, vault: Vault) -> None:
        self.opened = lru_cache(10_000)(vault.open)

    def of(self, taken: Taken) -> tuple[str, str | None]:
        """Return the secret and, while its grace lasts, the one before it."""
        place = f"workspace/{taken.workspace_id}/webhook_endpoint/{taken.endpoint_uid}/secret"
        before = taken.previous_secret
        return self.opened(taken.secret, place), before and self.opened(before, place)


async def attempt(outbound: AsyncOutbound, secrets: Secrets, taken: Taken) -> Result:
    """Send a delivery once. Never raises: what goes wrong is the result."""
    started_at, began = clock.now(), time.monotonic()
    secret, previous = secrets.of(taken)
    content = taken.body.encode()
    headers = request_headers(taken, Message(_key(taken), started_at, content), secret, previous)
    answer: Answer | None = None
    failure: str | None = None
    with tracing.span("webhook attempt", kind="client", server__address=taken.host) as span:
        try:
            answer = await outbound.send("POST", taken.url, headers, content)
        except NoAnswer as error:
            failure = error.failure.value
            span.fail(failure)
        status = answer.status if answer else None
        span.note(
            http__response__status_code=status,
            headrace__delivery_id=taken.delivery_id,
            headrace__endpoint_id=taken.endpoint_id,
            headrace__workspace_id=taken.workspace_id,
            headrace__tries=taken.tries + 1,
        )
    tried = {
        "started_at": started_at,
        "duration_ms": int((time.monotonic() - began) * 1000),
        "response_status": status,
        "response_body": _shown(answer.body, secret, previous) if answer else None,
        "error": failure,
        "is_redelivery": taken.is_redelivery,
    }
    return _result(taken, answer, tried)


def request_headers(
    taken: Taken, message: Message, secret: str, previous: str | None
) -> dict[str, str]:
    """Return every header of an attempt."""
    headers = signature_headers(message, secret, previous)
    headers["Content-Type"] = "application/json"
    headers["X-Headrace-Attempt"] = str(taken.tries + 1)
    if taken.is_redelivery:
        headers["X-Headrace-Redelivery"] = "true"
    if taken.is_test:
        headers["X-Headrace-Test"] = "true"
    return headers


def _key(taken: Taken) -> str:
    return idempotency_key(taken.event_uid, taken.endpoint_id)


def _result(taken: Taken, answer: Answer | None, tried: dict[str, Any]) -> Result:
    tries = taken.tries + 1
    step = _step(taken, answer, tries)
    return Result(
        delivery_id=taken.delivery_id,
        endpoint_id=taken.endpoint_id,
        claims=taken.claims,
        outcome=_OUTCOMES[step.next],
        pause_seconds=step.pause_seconds,
        hold_seconds=step.hold_seconds,
        response_status=answer.status if answer else None,
        attempt=tried,
        is_setback=tries == FIRST_TRIES and step.next is not Next.DELIVERED,
        is_gone=step.next is Next.DISABLE,
    )


def _step(taken: Taken, answer: Answer | None, tries: int) -> Step:
    wish = answer.headers.get("Retry-After") if answer else None
    asked = None if wish is None else retry_after(wish, clock.now())
    return step_after(
        answer.status if answer else None,
        tries,
        extended=taken.extended_retries,
        retry_after_seconds=asked,
    )


def _shown(body: bytes, *secrets: str | None) -> str:
    """The beginning of an answer as text that can be stored, without what must stay secret."""
    text = body.decode(errors="replace").replace("\0", "")
    for secret in secrets:
        if secret:
            text = text.replace(secret, _MASK)
    return text
