"""Gathers the facts that the doctor's checks are about: from the database, disks and ports."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import urllib3

from headrace.doctor.checks import Held, Room, System
from headrace.kit import clock
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.observing import queries
from headrace.settings import Settings

_SECONDS = 2.0
_SHOWN = 5
_SEALED = """
    SELECT split_part(envelope, '.', 2) AS key_id, count(*) FROM (
        SELECT credentials FROM connection WHERE credentials IS NOT NULL
        UNION ALL SELECT params FROM destination_connection
        UNION ALL SELECT secret FROM webhook_endpoint
    ) AS sealed(envelope) GROUP BY 1
"""
_HOLDS = f"""
    SELECT key, extract(epoch FROM until - clock_timestamp())::float8, reason,
        count(*) OVER () AS number
    FROM pause WHERE until > clock_timestamp() ORDER BY until DESC LIMIT {_SHOWN}
"""  # noqa: S608 - a number of ours
_COUNTS = """
    SELECT (SELECT count(*) FROM webhook_endpoint WHERE is_struggling AND status = 'active'),
        (SELECT count(*) FROM webhook_endpoint WHERE status = 'disabled'),
        (SELECT count(*) FROM external_auth_link
         WHERE mail_error IS NOT NULL AND created_at > now() - interval '1 day'),
        (SELECT count(*) FROM run
         WHERE status = 'failed' AND finished_at > now() - interval '1 day'),
        (SELECT sum(numbackends)::int FROM pg_stat_database),
        current_setting('max_connections')::int
"""
_TO_MAIL = "SELECT count(*) FROM external_auth_link WHERE send_email AND mail_status = 'queued'"


def system(connection: psycopg.Connection[Any], settings: Settings, key_id: str) -> System:
    """Ask the database how the installation stands.

    key_id: of the key that seals secrets now.
    """
    queries.bound_time(connection)
    sealed = dict(connection.execute(_SEALED).fetchall())
    holds = connection.execute(_HOLDS).fetchall()
    counts = _row(connection, _COUNTS)
    (there,) = _row(connection, "SELECT clock_timestamp()")
    return System(
        standing=queries.standing(connection, settings.worker_timeout_seconds),
        clock_seconds=(clock.now() - there).total_seconds(),
        holds=tuple(Held(key, seconds, reason) for key, seconds, reason, _ in holds),
        hold_count=holds[0][3] if holds else 0,
        endpoints_failing=counts[0],
        endpoints_disabled=counts[1],
        foreign_secrets=sum(number for used, number in sealed.items() if used != key_id),
        sealed_secrets=sum(sealed.values()),
        failed_mails=counts[2],
        failed_runs=counts[3],
        connections_used=counts[4],
        connections_most=counts[5],
    )


def links_to_mail(connection: psycopg.Connection[Any]) -> int:
    """How many external links wait to be mailed."""
    return int(_row(connection, _TO_MAIL)[0])


def _row(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row


def rooms(*folders: str) -> Iterator[Room]:
    """The room on the disks of those folders that are of this machine, each disk once."""
    seen: set[int] = set()
    for folder in folders:
        path = Path(folder)
        if "://" in folder or not path.is_dir() or path.stat().st_dev in seen:
            continue
        seen.add(path.stat().st_dev)
        usage = shutil.disk_usage(path)
        yield Room(folder, usage.free, usage.total)


def said_at(host: str, port: int) -> str | None:
    """What a port says when it is asked for metrics; empty if nothing, None if nobody listens."""
    http = OutboundHttp(OutboundPolicy(frozenset({host.lower()})), _SECONDS, _SECONDS)
    try:
        answer = http.request("GET", f"http://{host}:{port}/metrics")
    except urllib3.exceptions.NewConnectionError:
        return None
    except urllib3.exceptions.HTTPError:
        return ""
    return answer.data.decode(errors="replace")
