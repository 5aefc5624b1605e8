"""The statements of the dispatcher: making deliveries of events, taking the due, recording results.

They work over all workspaces, in batches. A delivery that is taken is due again when the dispatcher
that took it may be thought dead; so nothing has to look for what dead dispatchers left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_ATTEMPTS_KEPT = 50

# These statements touch a few rows by their ids, in the order in which they name the tables; a
# planner that has no statistics yet does not believe it. And what a crash of the machine takes back,
# the last fraction of a second, is sent again under the same keys: nobody waits for the disk.
_PREPARE = text("""
    SELECT set_config(name, setting, true) FROM (VALUES
        ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
        ('join_collapse_limit', '1'), ('synchronous_commit', 'off')
    ) AS chosen(name, setting)
""")

# Only endpoints of the event's own workspace, active, and subscribed to its type (S13, S94).
_FAN_OUT = text("""
    WITH taken AS (
        DELETE FROM event_outbox WHERE event_id IN (
            SELECT event_id FROM event_outbox ORDER BY event_id
            LIMIT :at_most FOR UPDATE SKIP LOCKED
        )
        RETURNING event_id
    ), made AS (
        INSERT INTO webhook_delivery (workspace_id, endpoint_id, event_id, event_type, status)
        SELECT event.workspace_id, endpoint.id, event.id, event.type, 'pending'
        FROM taken
        JOIN event ON event.id = taken.event_id
        JOIN webhook_subscription AS subscription
          ON subscription.workspace_id = event.workspace_id
         AND subscription.event_type_name = event.type
         AND subscription.created_at <= event.created_at
        JOIN webhook_endpoint AS endpoint
          ON endpoint.id = subscription.endpoint_id
         AND endpoint.workspace_id = event.workspace_id
         AND endpoint.status = 'active'
        ORDER BY event.id
        ON CONFLICT (event_id, endpoint_id) DO NOTHING
        RETURNING id, workspace_id, endpoint_id, created_at
    ), queued AS (
        INSERT INTO webhook_queue (delivery_id, workspace_id, endpoint_id, due_at)
        SELECT id, workspace_id, endpoint_id, created_at FROM made
    )
    SELECT count(*) FROM taken
""")

# One dispatcher at a time takes deliveries, so that the limits of hosts are exact.
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtext('headrace webhook claims'))")

# The first part hops from endpoint to endpoint along the index: its cost is that of the endpoints
# that have something due, not of what waits. Then each endpoint gives as much as it may, and those
# that give least come first.
_CLAIM = text("""
    WITH RECURSIVE waiting(endpoint_id) AS (
        SELECT min(endpoint_id) FROM webhook_queue WHERE NOT is_given_up
        UNION ALL
        SELECT (
            SELECT min(endpoint_id) FROM webhook_queue
            WHERE endpoint_id > waiting.endpoint_id AND NOT is_given_up
        )
        FROM waiting WHERE endpoint_id IS NOT NULL
    ), known AS (
        SELECT * FROM unnest(
            CAST(:known_ids AS bigint[]), CAST(:allowances AS int[]), CAST(:are_proven AS bool[])
        ) AS known(endpoint_id, allowance, is_proven)
    ), open AS (
        SELECT endpoint.id, endpoint.host, coalesce(known.is_proven, false) AS is_proven,
            coalesce(
                known.allowance, CASE WHEN endpoint.is_struggling THEN 1 ELSE :for_unknown END
            ) AS allowance
        FROM waiting
        JOIN webhook_endpoint AS endpoint ON endpoint.id = waiting.endpoint_id
        LEFT JOIN known ON known.endpoint_id = endpoint.id
        WHERE endpoint.status = 'active'
          AND (endpoint.hold_until IS NULL OR endpoint.hold_until <= clock_timestamp())
    ), due AS (
        SELECT item.delivery_id, item.due_at, open.host, open.is_proven,
            row_number() OVER (PARTITION BY open.id ORDER BY item.due_at) AS place
        FROM open CROSS JOIN LATERAL (
            SELECT delivery_id, due_at FROM webhook_queue
            WHERE endpoint_id = open.id AND NOT is_given_up AND due_at <= clock_timestamp()
            ORDER BY due_at LIMIT open.allowance
        ) AS item
    ), budget AS (
        SELECT due.host, max(CASE
            WHEN host.host IS NULL THEN :host_burst
            ELSE least(:host_burst, host.tokens + :host_rate * extract(
                epoch FROM clock_timestamp() - host.refilled_at))
        END) AS tokens
        FROM due LEFT JOIN webhook_host AS host ON host.host = due.host
        WHERE :host_rate > 0
        GROUP BY due.host
    ), allowed AS (
        SELECT due.*,
            row_number() OVER (PARTITION BY due.host ORDER BY due.place, due.due_at) AS in_host,
            row_number() OVER (PARTITION BY due.is_proven ORDER BY due.place, due.due_at) AS in_pool
        FROM due
    ), chosen AS (
        SELECT allowed.delivery_id, allowed.host
        FROM allowed LEFT JOIN budget ON budget.host = allowed.host
        WHERE (budget.tokens IS NULL OR allowed.in_host <= floor(budget.tokens))
          AND allowed.in_pool <= CASE WHEN allowed.is_proven THEN :room ELSE :room_unproven END
    ), spent AS (
        INSERT INTO webhook_host (host, tokens, refilled_at)
        SELECT budget.host, budget.tokens - count(chosen.delivery_id), clock_timestamp()
        FROM budget LEFT JOIN chosen ON chosen.host = budget.host
        GROUP BY budget.host, budget.tokens
        ON CONFLICT (host) DO UPDATE
        SET tokens = excluded.tokens, refilled_at = excluded.refilled_at
    ), taken AS (
        UPDATE webhook_queue AS item
        SET due_at = clock_timestamp() + make_interval(secs => :lease_seconds),
            claims = item.claims + 1
        FROM chosen WHERE item.delivery_id = chosen.delivery_id
        RETURNING item.*
    )
    SELECT taken.delivery_id, taken.claims, taken.tries, taken.is_redelivery,
        endpoint.id AS endpoint_id, CAST(endpoint.uid AS text) AS endpoint_uid,
        endpoint.workspace_id,
        endpoint.url, endpoint.host, endpoint.secret, endpoint.extended_retries,
        CASE WHEN endpoint.previous_secret_until > clock_timestamp()
            THEN endpoint.previous_secret END AS previous_secret,
        event.uid AS event_uid, event.body, event.is_test
    FROM taken
    JOIN webhook_delivery AS delivery ON delivery.id = taken.delivery_id
    JOIN webhook_endpoint AS endpoint ON endpoint.id = delivery.endpoint_id
    JOIN event ON event.id = delivery.event_id
    ORDER BY taken.delivery_id
""")

# A success counts whoever holds the delivery by now: the receiver has it. A failure is for the
# holder alone to record; the attempt shows in the log all the same.
_RECORD = text("""
    WITH result AS (
        SELECT * FROM jsonb_to_recordset(CAST(:results AS jsonb)) AS result(
            delivery_id bigint, claims int, outcome text, pause_seconds float8,
            response_status int, attempt jsonb
        )
    ), gone AS (
        DELETE FROM webhook_queue AS item USING result
        WHERE item.delivery_id = result.delivery_id AND result.outcome = 'delivered'
    ), kept AS (
        UPDATE webhook_queue AS item
        SET tries = item.tries + CASE WHEN result.outcome = 'put_back' THEN 0 ELSE 1 END,
            is_given_up = result.outcome = 'failed',
            due_at = clock_timestamp() + make_interval(secs => result.pause_seconds)
        FROM result
        WHERE item.delivery_id = result.delivery_id AND item.claims = result.claims
          AND result.outcome <> 'delivered'
        RETURNING item.delivery_id
    )
    UPDATE webhook_delivery AS delivery
    SET status = CASE
            WHEN result.outcome = 'delivered' THEN 'delivered'
            WHEN result.outcome = 'failed' AND kept.delivery_id IS NOT NULL THEN 'failed'
            ELSE delivery.status
        END,
        finished_at = CASE
            WHEN result.outcome = 'delivered' OR kept.delivery_id IS NOT NULL
                AND result.outcome = 'failed' THEN clock_timestamp()
            ELSE delivery.finished_at
        END,
        response_status = coalesce(result.response_status, delivery.response_status),
        attempts = CASE
            WHEN jsonb_array_length(delivery.attempts) < :most THEN delivery.attempts
            ELSE delivery.attempts - 0
        END || (result.attempt || jsonb_build_object('number', coalesce(
            CAST(delivery.attempts -> -1 ->> 'number' AS int), 0) + 1))
    FROM result LEFT JOIN kept ON kept.delivery_id = result.delivery_id
    WHERE delivery.id = result.delivery_id AND result.attempt IS NOT NULL
""")

# In the order of ids, as everybody locks them. Endpoints to which all goes well are not written.
_NOTE_HEALTH = text("""
    WITH noted AS (
        SELECT * FROM jsonb_to_recordset(CAST(:noted AS jsonb)) AS noted(
            endpoint_id bigint, has_succeeded bool, is_failing bool, failures int,
            hold_seconds float8
        )
    ), held AS (
        SELECT id FROM webhook_endpoint
        WHERE id IN (SELECT endpoint_id FROM noted) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE webhook_endpoint AS endpoint
    SET consecutive_failures = noted.failures
            + CASE WHEN noted.has_succeeded THEN 0 ELSE endpoint.consecutive_failures END,
        failing_since = CASE
            WHEN NOT noted.is_failing THEN NULL
            WHEN noted.has_succeeded THEN clock_timestamp()
            ELSE coalesce(endpoint.failing_since, clock_timestamp())
        END,
        is_struggling = noted.is_failing,
        hold_until = CASE WHEN noted.hold_seconds > 0
            THEN clock_timestamp() + make_interval(secs => noted.hold_seconds) END
    FROM noted JOIN held ON held.id = noted.endpoint_id
    WHERE endpoint.id = held.id AND (
        noted.is_failing OR endpoint.consecutive_failures > 0 OR endpoint.is_struggling
        OR endpoint.failing_since IS NOT NULL OR endpoint.hold_until IS NOT NULL
    )
""")

_DISABLE = text("""
    UPDATE webhook_endpoint AS endpoint
    SET status = 'disabled', updated_at = clock_timestamp(), disabled_reason = CASE
        WHEN id = ANY(CAST(:gone AS bigint[])) THEN 'The receiver answered 410: gone.'
        WHEN :most_failures > 0 AND consecutive_failures >= :most_failures
            THEN 'Deliveries failed ' || consecutive_failures || ' times in a row.'
        ELSE 'Every attempt failed for ' || :most_days || ' days.'
    END
    WHERE id = ANY(CAST(:failing AS bigint[])) AND status = 'active' AND (
        id = ANY(CAST(:gone AS bigint[]))
        OR :most_failures > 0 AND consecutive_failures >= :most_failures
        OR :most_days > 0 AND failing_since < clock_timestamp() - make_interval(days => :most_days)
    )
    RETURNING id, workspace_id, url, disabled_reason
""")

_GIVE_UP = text("""
    WITH given_up AS (
        UPDATE webhook_queue SET is_given_up = true
        WHERE endpoint_id = ANY(CAST(:endpoint_ids AS bigint[])) AND NOT is_given_up
        RETURNING delivery_id
    )
    UPDATE webhook_delivery AS delivery SET status = 'failed', finished_at = clock_timestamp()
    FROM given_up WHERE delivery.id = given_up.delivery_id
""")


@dataclass(frozen=True)
class Wanted:
    """What a dispatcher can take in hand now.

    known_ids, allowances, are_proven: endpoints it has to do with, how many more each may give, and
    whether each has answered well of late. for_unknown: the allowance of other endpoints.
    room, room_unproven: how many may be taken of proven and of all other endpoints together.
    """

    known_ids: list[int]
    allowances: list[int]
    are_proven: list[bool]
    for_unknown: int
    room: int
    room_unproven: int


class Taken(NamedTuple):
    """A delivery that may be tried now, with all that is needed: the columns of `_CLAIM`."""

    delivery_id: int
    claims: int
    tries: int
    is_redelivery: bool
    endpoint_id: int
    endpoint_uid: str
    workspace_id: int
    url: str
    host: str
    secret: str
    extended_retries: bool
    previous_secret: str | None
    event_uid: str
    body: str
    is_test: bool

    def put_back(self) -> "Result":
        """The result of not trying it."""
        return Result(self.delivery_id, self.endpoint_id, self.claims, "put_back")


class Result(msgspec.Struct, frozen=True):
    """What became of a taken delivery. outcome: delivered, retry, failed or put_back (not tried).

    attempt: as the log keeps it, without its number. hold_seconds: as the receiver asked.
    is_setback: whether the first phase of attempts has ended in vain. is_gone: answered 410.
    """

    delivery_id: int
    endpoint_id: int
    claims: int
    outcome: str
    pause_seconds: float = 0.0
    hold_seconds: float = 0.0
    response_status: int | None = None
    attempt: Mapping[str, Any] | None = None
    is_setback: bool = False
    is_gone: bool = False


def prepare(session: Session) -> None:
    """Set a transaction up for the statements that follow."""
    session.execute(_PREPARE)


def fan_out(session: Session, at_most: int) -> int:
    """Make deliveries of the events in the outbox, oldest first; returns how many events.

    An endpoint gets what happened since it subscribed, however late the outbox is looked at.
    """
    return int(session.execute(_FAN_OUT, {"at_most": at_most}).scalar_one())


def claim(session: Session, wanted: Wanted, *, lease_seconds: float, host_rate: int) -> list[Taken]:
    """Take due deliveries, with all that is needed to send them, under every limit.

    lease_seconds: after this others may take them. host_rate: deliveries a second to one host.
    """
    session.execute(_TAKE_TURN)
    numbers = {"lease_seconds": lease_seconds, "host_rate": host_rate, "host_burst": host_rate}
    rows = session.execute(_CLAIM, asdict(wanted) | numbers).all()
    return [Taken._make(row) for row in rows]


def record(session: Session, results: Sequence[Result]) -> None:
    """Write down what became of deliveries, in the log, in the queue and at their endpoints."""
    if not results:
        return
    rows = msgspec.json.encode(results).decode()
    session.execute(_RECORD, {"results": rows, "most": MOST_ATTEMPTS_KEPT})
    noted = list(_health(results).values())
    if noted:
        session.execute(_NOTE_HEALTH, {"noted": msgspec.json.encode(noted).decode()})


def _health(results: Sequence[Result]) -> dict[int, dict[str, Any]]:
    """What results say of each endpoint, in the order in which they came."""
    noted: dict[int, dict[str, Any]] = {}
    for each in results:
        if each.outcome == "put_back":
            continue
        health = noted.setdefault(
            each.endpoint_id, {"endpoint_id": each.endpoint_id, "has_succeeded": False}
        )
        if each.outcome == "delivered":
            health |= {"has_succeeded": True, "is_failing": False, "failures": 0, "hold_seconds": 0}
        else:
            health["is_failing"] = True
            health["failures"] = health.get("failures", 0) + each.is_setback
            health["hold_seconds"] = max(health.get("hold_seconds", 0), each.hold_seconds)
    return noted


def disable_hopeless(
    session: Session, results: Sequence[Result], *, most_days: int, most_failures: int
) -> Sequence[Any]:
    """Disable endpoints that have failed for too long, or said that they are gone.

    Returns their `id`, `workspace_id`, `url` and `disabled_reason`; what was queued for them is
    given up, and can be asked for again once they are verified.
    """
    failing = {each.endpoint_id for each in results if each.is_setback or each.is_gone}
    if not failing:
        return []
    limits = {"most_days": most_days, "most_failures": most_failures}
    gone = [each.endpoint_id for each in results if each.is_gone]
    rows = session.execute(_DISABLE, {"failing": sorted(failing), "gone": gone} | limits).all()
    if rows:
        session.execute(_GIVE_UP, {"endpoint_ids": [row.id for row in rows]})
    return rows
