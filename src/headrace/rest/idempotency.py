"""`Idempotency-Key`: a request sent twice is carried out once, whatever breaks in between.

The answer is stored in the transaction of the effect: it exists if and only if the effect does. Only
what committed is stored, since a refused request has no effect and may simply be sent again.
"""

import hashlib
import re
from datetime import timedelta

from fastapi import Request, Response
from sqlalchemy import BigInteger, cast, delete, func, literal, select
from sqlalchemy.orm import Session

from headrace.kit import clock
from headrace.kit.sealing import Vault
from headrace.kit.told import told
from headrace.rest.acts import Act
from headrace.rest.errors import AppError
from headrace.rest.models import IdempotencyRecord

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LIFETIME = timedelta(hours=24)
ONCE = "uq_idempotency_record_digest"
"""The constraint that lets one answer be stored for a key."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_DELETE_AT_ONCE = 1000
_NOT_KEPT = {401, 403, 429}
_SERVER_FAULT = 500


class BadKey(AppError, status=400):
    """The key is not one."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "{header} must be 1 to 255 visible ASCII characters, such as a UUID.", header=HEADER
            )
        )


class BodyChanged(AppError, status=422):
    """The key was used for another request."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "This {header} was used with another body or query in the last 24 hours. Send the "
                "same request to learn its answer, or a new key for a new request.",
                header=HEADER,
            )
        )


class StillAtIt(AppError, status=409):
    """The same request is being carried out at this moment."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "A request with this {header} is being carried out; ask again for its answer.",
                header=HEADER,
            ),
            headers={"Retry-After": "1"},
        )


class Replay(Exception):
    """The request was carried out before; `answer` is what was answered then."""

    def __init__(self, answer: Response) -> None:
        super().__init__("carried out before")
        self.answer = answer


async def read_key(request: Request, act: Act) -> None:
    """Put the request's key, if it has one, and the fingerprint of what it asks into its act.

    Raises:
        BadKey: if the key cannot be one.
    """
    keys = request.headers.getlist(HEADER)
    if not keys or act.is_safe:
        return
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise BadKey
    act.idempotency_key = keys[0]
    asked = request.scope["query_string"] + b"\0" + await request.body()
    act.fingerprint = hashlib.sha256(asked).hexdigest()


def claim(session: Session, act: Act, vault: Vault) -> None:
    """Let a proven act go on if it is the first of its key.

    The lock on the key lasts as long as the transaction: nobody else gets past it before the effect
    and its record are there, or neither.

    Raises:
        Replay: if it was carried out before.
        BodyChanged, StillAtIt: as their names say.
    """
    if act.idempotency_key is None or act.agency_id is None:
        return
    act.key_digest = _digest(act)
    number = int.from_bytes(bytes.fromhex(act.key_digest)[:8], "big", signed=True)
    lock = func.pg_try_advisory_xact_lock(cast(literal(number), BigInteger))
    if not session.scalar(select(lock)):
        raise StillAtIt
    record = session.scalar(
        select(IdempotencyRecord).where(
            IdempotencyRecord.digest == act.key_digest,
            IdempotencyRecord.agency_id == act.agency_id,
        )
    )
    if record is None:
        return
    if record.expires_at <= clock.now():
        session.delete(record)
        session.flush()
        return
    if record.fingerprint != act.fingerprint:
        raise BodyChanged
    raise Replay(_opened(record, vault))


def keep(session: Session, act: Act, vault: Vault) -> None:
    """Store an act's answer beside its effect."""
    answer = act.answer
    if not act.key_digest or answer is None:
        return
    if answer.status_code >= _SERVER_FAULT or answer.status_code in _NOT_KEPT:
        return
    stored = {
        "status": answer.status_code,
        "headers": [
            [name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.raw_headers
        ],
        "body": bytes(answer.body).decode(),
    }
    assert act.agency_id is not None
    session.add(
        IdempotencyRecord(
            digest=act.key_digest,
            agency_id=act.agency_id,
            workspace_id=act.workspace_id,
            fingerprint=act.fingerprint,
            answer=vault.seal_object(stored, _place(act.key_digest)),
            expires_at=clock.now() + LIFETIME,
        )
    )


def delete_expired(session: Session) -> int:
    """Delete a thousand of the answers that are past their time; returns how many there were."""
    old = (
        select(IdempotencyRecord.id)
        .where(IdempotencyRecord.expires_at < clock.now())
        .limit(_DELETE_AT_ONCE)
    )
    gone = delete(IdempotencyRecord).where(IdempotencyRecord.id.in_(old))
    return len(session.execute(gone.returning(IdempotencyRecord.id)).all())


def _digest(act: Act) -> str:
    """What a key is known by: another caller, workspace or operation has keys of its own."""
    caller = (act.agency_id, act.workspace_id, act.user_id)
    parts = (*caller, act.method, act.path, act.idempotency_key)
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()


def _place(digest: str) -> str:
    return f"idempotency_record/{digest}/answer"


def _opened(record: IdempotencyRecord, vault: Vault) -> Response:
    stored: dict[str, object] = vault.open_object(record.answer, _place(record.digest))
    status, body, headers = stored["status"], stored["body"], stored["headers"]
    assert isinstance(status, int)
    assert isinstance(body, str)
    assert isinstance(headers, list)
    answer = Response(body.encode(), status)
    answer.raw_headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
    ]
    answer.raw_headers.append((REPLAYED.lower().encode(), b"true"))
    return answer
