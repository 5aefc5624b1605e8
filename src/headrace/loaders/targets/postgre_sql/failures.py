"""Tells what should happen next from what PostgreSQL or libpq said.

Codes: https://www.postgresql.org/docs/18/errcodes-appendix.html. While a connection is being made
libpq hands on the server's sentence without its code, so that sentence is read instead.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, TryLater
from headrace.kit.told import Told, told
from headrace.loaders.targets.postgre_sql.settings import Server

_Verdict = tuple[type[Reauthorize] | type[Refused] | type[TryLater], Told]

_CONNECT: tuple[tuple[tuple[str, ...], _Verdict], ...] = (
    (
        ("authentication method requirement",),
        (Refused, told("asks for a kind of login that is not used, or for the bare password without "
         "sure encryption; choose the SSL mode require or stronger")),
    ),
    (
        ("authentication failed", "no password supplied", "is not permitted to log in",
         'role "" does not exist'),
        (Reauthorize, told("does not accept this user and password; enter them again")),
    ),
    (
        ("no pg_hba.conf entry",),
        (Refused, told("does not let this machine, user or database in; ask its administrator")),
    ),
    (
        ("does not exist", "permission denied for database", "not currently accepting"),
        (Refused, told("has no such database, or not for this user; check its name and rights")),
    ),
    (
        ("too many connections", "too many clients", "remaining connection slots"),
        (TryLater, told("has no connection free")),
    ),
    (
        ("certificate",),
        (Refused, told("shows a certificate that is not trusted for this host; give it one that is")),
    ),
    (
        ("ssl", "tls"),
        (Refused, told("does not offer the encryption that was asked for; check the SSL mode")),
    ),
    (
        ("definition of service",),
        (Refused, told("was not reached: PGSERVICE is set where Headrace runs; the operator unsets it")),
    ),
)  # fmt: skip

_CODES: dict[str, _Verdict] = {
    "25006": (
        Refused,
        told("the database is read-only; name the primary server, or make it writable"),
    ),
    "42501": (Refused, told("the user has not got the right; grant it, or use the table's owner")),
    "3F000": (Refused, told("the schema does not exist; create it, or name another")),
    "42P01": (TryLater, told("the table disappeared while it was written to")),
    "42703": (TryLater, told("the table's columns were changed while it was written to")),
    "2BP01": (TryLater, told("something was made on top of the table while it was replaced")),
    "53100": (TryLater, told("the server's disk is full; make room there")),
    "53200": (TryLater, told("the server is out of memory")),
    "53300": (TryLater, told("the server has no connection free")),
    "55000": (Refused, told("the table is not in a state for it")),
    "55006": (TryLater, told("the table is in use")),
    "55P03": (TryLater, told("another session holds the table locked; end it, or wait")),
    "57014": (
        TryLater,
        told("the server cancelled the statement; its statement_timeout may be short"),
    ),
    "40001": (TryLater, told("another session changed the same rows")),
    "40P01": (TryLater, told("another session waited for the same rows")),
    "23502": (Refused, told("a column of the table accepts no nulls, but rows hold some")),
    "22P05": (Refused, told("the database's encoding cannot hold some characters; use UTF8")),
    "0A000": (Refused, told("the server does not support it")),
}
_CLASSES: dict[str, _Verdict] = {
    "08": (TryLater, told("the connection was lost")),
    "22": (Refused, told("a value does not fit its column")),
    "23": (Refused, told("the rows break a constraint of the table")),
    "28": (Reauthorize, told("the user is no longer accepted; enter user and password again")),
    "42": (Refused, told("the server does not accept the statement")),
    "53": (TryLater, told("the server lacks resources")),
    "54": (Refused, told("a limit of the server is exceeded")),
    "57": (TryLater, told("the server is shutting down or was stopped")),
    "58": (TryLater, told("the server cannot use its storage")),
}
_LOST: _Verdict = (TryLater, told("the connection was lost"))
_UNKNOWN: _Verdict = (TryLater, told("the server failed"))


def connect_failure(error: psycopg.Error, server: Server) -> OutsideError:
    """What a failed attempt to connect means."""
    said = _said(error)
    # What is quoted are names of hosts, users and databases: they say nothing of the failure.
    sentence = re.sub(r'"[^"]*"', '""', said.lower())
    for signs, (outcome, meaning) in _CONNECT:
        if any(sign in sentence for sign in signs):
            return outcome(
                told(
                    "PostgreSQL at {server} {meaning}. It said: {said}",
                    server=str(server),
                    meaning=meaning,
                    said=said,
                )
            )
    return TryLater(
        told("PostgreSQL at {server} cannot be reached. {said}", server=str(server), said=said)
    )


def write_failure(error: psycopg.Error, what: Told) -> OutsideError:
    """What an error after connecting means; `what` names the table or act it happened to."""
    code = error.sqlstate
    if code is None:
        outcome, meaning = _LOST
    else:
        outcome, meaning = _CODES.get(code) or _CLASSES.get(code[:2]) or _UNKNOWN
    column = error.diag.column_name
    where = told("{what}, column {column!r}", what=what, column=column) if column else what
    return outcome(
        told(
            "{where}: {meaning}. PostgreSQL said: {said}",
            where=where,
            meaning=meaning,
            said=_said(error),
        )
    )


@contextmanager
def explained(what: Told) -> Iterator[None]:
    """Turn the driver's errors in a block into outcomes."""
    try:
        yield
    except psycopg.Error as error:
        raise write_failure(error, what) from error


def _said(error: psycopg.Error) -> str:
    """The server's own sentence, without details: those may quote rows."""
    text = error.diag.message_primary or str(error)
    return " ".join(text.split())[:300].rstrip(".") + "."
