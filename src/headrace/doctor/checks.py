"""What facts about an installation mean, in words: each check is a pure function."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from headrace.observing.queries import Standing

Finding = tuple[bool, str]
"""Whether it is well, and what was found; where it is not, what to do."""

_LATE_SECONDS = 300.0
_LONG_QUEUE_SECONDS = 600.0
_LONG_RUN_SECONDS = 6 * 3600.0
_SKEW_SECONDS = 5.0
_LITTLE_DISK_BYTES = 1_000_000_000
_LITTLE_DISK_SHARE = 0.05
_MANY_CONNECTIONS_SHARE = 0.9


@dataclass(frozen=True)
class Held:
    """A pause in force: what is left alone, for how many more seconds, and why."""

    key: str
    seconds: float
    reason: str


@dataclass(frozen=True)
class Room:
    """The room on the disk of a folder, in bytes."""

    folder: str
    free: int
    whole: int


@dataclass(frozen=True)
class System:
    """What the database tells of the whole installation.

    clock_seconds: by how much this machine's clock is ahead of the database's.
    holds: a few of the pauses in force, the longest first; all of them are `hold_count`.
    foreign_secrets: sealed secrets of which this process has no key.
    failed_mails: links whose mail could not be sent in the last day. failed_runs: in the last day.
    """

    standing: Standing = field(default_factory=Standing)
    clock_seconds: float = 0.0
    holds: tuple[Held, ...] = ()
    hold_count: int = 0
    endpoints_failing: int = 0
    endpoints_disabled: int = 0
    foreign_secrets: int = 0
    sealed_secrets: int = 0
    failed_mails: int = 0
    failed_runs: int = 0
    connections_used: int = 0
    connections_most: int = 100


def workers(system: System) -> Iterator[Finding]:
    """Whether there is anybody to do the work."""
    standing = system.standing
    if standing.workers:
        yield True, f"{_number(standing.workers, 'worker')} at work."
    elif standing.queue_age or standing.schedule_lag or standing.webhook_age:
        yield False, "Work waits, and no worker is alive: start `headrace worker` or `headrace up`."
    else:
        yield True, "No worker is alive; nothing waits for one."


def queue(system: System) -> Iterator[Finding]:
    """Whether runs wait too long for a place."""
    age = system.standing.queue_age
    if system.standing.workers and age > _LONG_QUEUE_SECONDS:
        yield (
            False,
            f"A run has been waiting for {_span(age)}: the workers are too few, or a limit holds it "
            "back. Add workers or worker threads, or raise the limits HEADRACE_RUNS_PER_*.",
        )
    else:
        yield True, f"The oldest waiting run has been waiting for {_span(age)}."


def schedules(system: System) -> Iterator[Finding]:
    """Whether schedules start their runs in time."""
    lag = system.standing.schedule_lag
    if system.standing.workers and lag > _LATE_SECONDS:
        yield (
            False,
            f"Schedules are late by {_span(lag)}: the schedulers in the workers do not keep up, or "
            "fail. Their log lines say 'schedule could not start a run' or 'scheduler broke'.",
        )
    else:
        yield True, f"Schedules are late by {_span(lag)}."


def long_runs(system: System) -> Iterator[Finding]:
    """Whether a run has been at it for very long."""
    for count in system.standing.runs:
        seconds = count.running_seconds or 0.0
        if count.state == "running" and seconds > _LONG_RUN_SECONDS:
            yield (
                False,
                f"A run of kind {count.kind} began {_span(seconds)} ago and is not over. Look at its "
                "progress with GET /api/v3/runs; cancel it if it does not move.",
            )


def clocks(system: System) -> Iterator[Finding]:
    """Whether this machine and the database agree on the time."""
    skew = system.clock_seconds
    if abs(skew) > _SKEW_SECONDS:
        side = "ahead of" if skew > 0 else "behind"
        yield (
            False,
            f"This machine's clock is {_span(abs(skew))} {side} the database's: tokens and "
            "signatures end too early or too late. Let both follow a time server.",
        )
    else:
        yield True, "The clocks of this machine and of the database agree."


def pauses(system: System) -> Iterator[Finding]:
    """What the other side asked to be left alone; it passes by itself."""
    for held in system.holds:
        name = ":".join(held.key.split(":")[:2])
        yield True, f"Paused for another {_span(held.seconds)}: {name} ({held.reason})"
    if system.hold_count > len(system.holds):
        yield True, f"{system.hold_count - len(system.holds)} more pauses are in force."


def webhooks(system: System) -> Iterator[Finding]:
    """Whether receivers take what they subscribed to."""
    if system.endpoints_failing:
        yield (
            False,
            f"{_number(system.endpoints_failing, 'webhook endpoint')} did not take the last delivery. "
            "The log of deliveries says what was answered; they are tried again.",
        )
    if system.endpoints_disabled:
        yield (
            False,
            f"{_number(system.endpoints_disabled, 'webhook endpoint')} disabled after lasting "
            "failure: verify each anew when its receiver works.",
        )
    if not (system.endpoints_failing or system.endpoints_disabled):
        yield True, "No webhook endpoint is failing."


def secrets(system: System) -> Iterator[Finding]:
    """Whether the key that is configured opens what is stored."""
    if system.foreign_secrets:
        yield (
            False,
            f"{system.foreign_secrets} of {system.sealed_secrets} stored secrets were sealed with "
            "another key: restore HEADRACE_SECRET_KEY, or secret.key in HOME; otherwise their "
            "owners must connect anew.",
        )
    else:
        yield True, "The key opens every stored secret."


def failures(system: System) -> Iterator[Finding]:
    """What ended badly of late; each workspace sees its own, the operator how many."""
    if system.failed_runs:
        yield True, f"{_number(system.failed_runs, 'run')} failed for good in the last day."
    if system.failed_mails:
        yield (
            False,
            f"{_number(system.failed_mails, 'external link')} could not be mailed in the last day. "
            "Check HEADRACE_SMTP_URL and the worker's log.",
        )


def connections(system: System) -> Iterator[Finding]:
    """Whether the database has connections left."""
    used, most = system.connections_used, system.connections_most
    words = f"{used} of the database's {most} connections are in use"
    if used >= most * _MANY_CONNECTIONS_SHARE:
        yield (
            False,
            f"{words}: raise max_connections, or run fewer processes or threads; each process takes "
            "its threads and about eight more.",
        )
    else:
        yield True, f"{words}."


def disk(room: Room) -> Iterator[Finding]:
    """Whether a folder's disk has room."""
    words = f"{room.free / 1e9:.1f} GB are free at {room.folder}"
    if room.free < min(_LITTLE_DISK_BYTES, room.whole * _LITTLE_DISK_SHARE):
        yield False, f"Only {words}: runs fail when there is none. Make room."
    else:
        yield True, f"{words}."


def mail(has_server: bool, links_to_mail: int) -> Iterator[Finding]:
    """Whether links that are to be mailed can be."""
    if links_to_mail and not has_server:
        yield (
            False,
            f"{_number(links_to_mail, 'external link')} should be mailed and no mail server is "
            "configured: set HEADRACE_SMTP_URL and HEADRACE_MAIL_FROM.",
        )


def metrics_port(port: int, answer: str | None) -> Iterator[Finding]:
    """Whether metrics are shown.

    answer: what the port said; empty if nothing of use, None if nobody listens there.
    """
    if answer is None:
        yield True, f"Nobody listens on port {port} for metrics; a running server would."
    elif "headrace_" in answer:
        yield True, f"Metrics are shown on port {port}."
    else:
        yield (
            False,
            f"Another program holds port {port}, where metrics should be shown: choose another "
            "HEADRACE_METRICS_PORT.",
        )


CHECKS: tuple[Callable[[System], Iterator[Finding]], ...] = (
    workers, queue, schedules, long_runs, clocks, pauses, webhooks, secrets, failures, connections,
)  # fmt: skip


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _span(seconds: float) -> str:
    """A duration in the words of people, rounded."""
    whole = timedelta(seconds=math.ceil(max(0.0, seconds)))
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if whole.total_seconds() >= 2 * size:
            return _number(int(whole.total_seconds() // size), name)
    return _number(int(whole.total_seconds()), "second")
