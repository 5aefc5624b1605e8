"""What an answer that is not good means: one table from Meta's codes to what happens next.

Facts: Meta's pages on Graph and Marketing API errors and on rate limiting, and what published
connectors met in production: wrong `is_transient` flags, error bodies with a second JSON value
after the first, bodies cut off under status 200.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from headrace.connectors.sources.facebook.usage import read_usage
from headrace.connectors.sources.facebook.version import API_VERSION
from headrace.kit.outcomes import OutsideError, Pauses, Reauthorize, Refused, SlowDown, TryLater
from headrace.kit.told import Told, as_said, joined, told, with_texts


class Fault(StrEnum):
    """What kind of trouble an answer is."""

    CREDENTIALS = "credentials"
    PERMISSION = "permission"
    CONFIGURATION = "configuration"
    LIMITED = "limited"
    TRANSIENT = "transient"
    TOO_BIG = "too big"
    SUNSET = "sunset"


@dataclass(frozen=True)
class Verdict:
    """The meaning of a bad answer.

    tries: how often the request may be sent in all before giving up.
    then: what it counts as when the tries are used up.
    after_seconds: for `LIMITED`, when to come back. pauses: what that limit is of.
    """

    fault: Fault
    message: Told
    tries: int = 1
    then: Fault | None = None
    after_seconds: float = 0.0
    pauses: Pauses = Pauses.ACCOUNT
    code: int | None = None
    subcode: int | None = None


MISSING_OBJECT = 33
"""Subcode of code 100: the object does not exist, or may not be seen."""

TRANSIENT_TRIES = 5
DEFAULT_WAIT_SECONDS = 600.0
_BLOCK_WAIT_SECONDS = 3600.0
_LONGEST_WAIT_SECONDS = 86400.0
_SHOWN_CHARACTERS = 500


@dataclass(frozen=True)
class Rule:
    """One row of the table; a None matches anything."""

    fault: Fault
    codes: frozenset[int] | None = None
    subcodes: frozenset[int] | None = None
    words: str | None = None
    tries: int = 1
    then: Fault | None = None
    wait_seconds: float = DEFAULT_WAIT_SECONDS
    pauses: Pauses = Pauses.ACCOUNT

    def matches(self, code: int | None, subcode: int | None, message: str) -> bool:
        """Whether an error is the one this row speaks of."""
        return (
            (self.codes is None or code in self.codes)
            and (self.subcodes is None or subcode in self.subcodes)
            and (self.words is None or self.words in message.lower())
        )


def _of(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


# The first row that matches decides; subcodes are more telling than codes.
RULES: tuple[Rule, ...] = (
    Rule(Fault.TOO_BIG, subcodes=_of(1487534, 1504018, 1504038)),
    Rule(Fault.TRANSIENT, subcodes=_of(1504044), tries=3, then=Fault.TOO_BIG),
    Rule(Fault.TOO_BIG, codes=_of(1), words="reduce the amount of data"),
    # What a limit is of, by Meta's pages on rate limits: 4 of the app, also where Insights say that
    # they are too busy for it; 17 of the person and 32 of the person at a page; the others, with
    # their subcodes, of one ad account.
    Rule(Fault.LIMITED, subcodes=_of(2446079), wait_seconds=_BLOCK_WAIT_SECONDS),
    Rule(Fault.LIMITED, subcodes=_of(1487742)),
    Rule(Fault.LIMITED, subcodes=_of(1504022, 1504039), pauses=Pauses.APP),
    Rule(Fault.LIMITED, codes=_of(4), pauses=Pauses.APP),
    Rule(Fault.LIMITED, codes=_of(17, 32), pauses=Pauses.CREDENTIAL),
    Rule(Fault.LIMITED, codes=_of(613, *range(80000, 80015))),
    Rule(Fault.CREDENTIALS, codes=_of(190, 102)),
    Rule(Fault.CREDENTIALS, subcodes=_of(458, 460, 463, 467)),
    Rule(Fault.PERMISSION, codes=_of(3, 10, *range(200, 300))),
    Rule(Fault.PERMISSION, codes=_of(100), subcodes=_of(MISSING_OBJECT)),
    Rule(
        Fault.TRANSIENT,
        codes=_of(100),
        words="in summary param",
        tries=2,
        then=Fault.CONFIGURATION,
    ),
    # A wrong or missing proof means that the app secret is wrong or missing.
    Rule(Fault.CREDENTIALS, codes=_of(100), words="appsecret_proof"),
    Rule(Fault.SUNSET, codes=_of(2635)),
    Rule(Fault.CONFIGURATION, codes=_of(3018)),
    Rule(Fault.TRANSIENT, codes=_of(1, 2, 960), tries=TRANSIENT_TRIES),
)
_TRANSIENT = Rule(Fault.TRANSIENT, tries=TRANSIENT_TRIES)
_BY_STATUS = {
    401: Rule(Fault.CREDENTIALS),
    403: Rule(Fault.PERMISSION),
    429: Rule(Fault.LIMITED),
}

_ADVICE = {
    Fault.CREDENTIALS: told("Meta no longer accepts this connection's access token. Reconnect it."),
    Fault.PERMISSION: told(
        "Meta does not let this connection see what was asked for. Give the person or system user "
        "who connected it access to the ad account with the permission ads_read."
    ),
    Fault.CONFIGURATION: told("Meta refused the request. Change the fields, breakdowns or dates."),
    Fault.LIMITED: told("Meta's rate limit is reached."),
    Fault.TRANSIENT: told("Meta failed for the moment."),
    Fault.TOO_BIG: told("Meta found the answer too big."),
    Fault.SUNSET: told(
        "Meta no longer serves version {version} of its API, which this connector speaks. The "
        "operator has to upgrade Headrace.",
        version=API_VERSION,
    ),
}
_SUBCODE_ADVICE = {
    458: told("The person removed the app."),
    460: told("The person changed the password."),
    463: told("The token expired."),
    467: told("The token was made invalid."),
}
_CODE_ADVICE = {3018: told("Insights reach back 37 months: choose a later start.")}
_SECRETS = re.compile(
    r"EAA[A-Za-z0-9]{8,}|\b\d{5,}\|[\w-]{8,}|((?:access_token|_proof|secret)=)[^&\s\"']+"
)


def without_tokens(text: str) -> str:
    """Blank out whatever looks like a token: Meta repeats malformed ones in its messages."""
    return _SECRETS.sub(lambda match: (match.group(1) or "") + "***", text)


def classify(status: int, body: bytes, headers: Mapping[str, str]) -> Verdict | None:
    """Tell what an answer means; None if it is a good one, as far as it can be read.

    A body under status 200 that is not whole JSON is a transient fault: it was cut off on its way.
    Of an error body with several JSON values the first counts.
    """
    content = _first_value(body)
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict):
        return judge(status, error, headers)
    if 200 <= status < 300:
        if _is_whole(body):
            return None
        return _verdict(_TRANSIENT, {}, told("the answer was cut off"), headers)
    rule = _BY_STATUS.get(status) or _by_default(status, {})
    return _verdict(rule, {}, told("HTTP status {status}", status=status), headers)


def judge(status: int, error: Mapping[str, Any], headers: Mapping[str, str]) -> Verdict:
    """Tell what Meta's error object means; also used for what a failed report says of itself."""
    code, subcode = _whole_number(error.get("code")), _whole_number(error.get("error_subcode"))
    said = error.get("error_user_msg") or error.get("message")
    message = str(error.get("message") or said or "")
    rule = next(
        (rule for rule in RULES if rule.matches(code, subcode, message)), _by_default(status, error)
    )
    words = as_said(str(said)) if said else told("no message")
    verdict = _verdict(rule, {"code": code, "error_subcode": subcode}, words, headers)
    return replace(verdict, code=code, subcode=subcode)


def outcome(verdict: Verdict) -> OutsideError:
    """Return the error of `kit.outcomes` that makes the right thing happen next."""
    match verdict.fault:
        case Fault.CREDENTIALS:
            return Reauthorize(verdict.message)
        case Fault.LIMITED:
            return SlowDown(verdict.message, verdict.after_seconds, verdict.pauses)
        case Fault.TRANSIENT:
            return TryLater(verdict.message)
        case _:
            return Refused(verdict.message)


def exhausted(verdict: Verdict) -> Verdict:
    """Return what a verdict amounts to once its tries are used up."""
    if verdict.then is None:
        return verdict
    message = _with_advice(verdict.message, _ADVICE[verdict.fault], _ADVICE[verdict.then])
    return replace(verdict, fault=verdict.then, then=None, message=message)


def _with_advice(message: Told, before: Told, after: Told) -> Told:
    """Return a message that gives other advice, wherever in it that stands."""
    if message == before:
        return after
    values = (
        (name, _with_advice(value, before, after) if isinstance(value, Told) else value)
        for name, value in message.values
    )
    return replace(message, values=tuple(values))


def _by_default(status: int, error: Mapping[str, Any]) -> Rule:
    if error.get("is_transient") is True or status >= 500:
        return _TRANSIENT
    return Rule(Fault.CONFIGURATION)


def _verdict(
    rule: Rule, error: Mapping[str, Any], said: Told, headers: Mapping[str, str]
) -> Verdict:
    numbers = "/".join(str(error[key]) for key in ("code", "error_subcode") if error.get(key))
    reason = _SUBCODE_ADVICE.get(error.get("error_subcode") or 0) or _CODE_ADVICE.get(
        error.get("code") or 0
    )
    shown = with_texts(said, lambda text: without_tokens(text)[:_SHOWN_CHARACTERS])
    parts = [_ADVICE[rule.fault], reason, told("Meta said: {said}", said=shown)]
    message = joined((part for part in parts if part), " ")
    if numbers:
        message = told("{message} (error {numbers})", message=message, numbers=numbers)
    after = _wait(rule, headers) if rule.fault is Fault.LIMITED else 0.0
    return Verdict(rule.fault, message, rule.tries, rule.then, after, rule.pauses)


def _wait(rule: Rule, headers: Mapping[str, str]) -> float:
    regain = read_usage(headers).regain_seconds
    retry_after = headers.get("retry-after") or ""
    if not regain and retry_after.isdigit():
        regain = float(retry_after)
    return min(regain or rule.wait_seconds, _LONGEST_WAIT_SECONDS)


def _first_value(body: bytes) -> Any:
    try:
        return json.JSONDecoder().raw_decode(body.decode("utf-8", "replace").lstrip())[0]
    except ValueError:
        return None


def _is_whole(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _whole_number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() else None
