"""One guarded GET whose answers and faults are told by what should happen next."""

from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

import urllib3

from headrace.connectors.sources.file_import.spool import CHUNK_BYTES
from headrace.kit import clock
from headrace.kit.outbound import OutboundHttp, OutboundRefused
from headrace.kit.outcomes import Refused, SlowDown, TryLater
from headrace.kit.told import told, told_by

DOWNLOAD_DEADLINE = timedelta(hours=6)
"""A body that drips slower than this is given up."""
_DEFAULT_WAIT_SECONDS = 60.0
_LONGEST_WAIT_SECONDS = 3600.0


def get(
    http: OutboundHttp, url: str, place: str, headers: Mapping[str, str] | None = None
) -> urllib3.BaseHTTPResponse:
    """Send a GET and return the answer with its body unread, whatever its status.

    `place` names the source in messages; the URL itself may hold a token and is never shown.

    Raises:
        Refused: if the host may not be contacted or shows a bad certificate.
        TryLater: if there is no answer.
    """
    try:
        return http.request("GET", url, headers=headers, stream=True)
    except OutboundRefused as error:
        raise Refused(told_by(error)) from None
    except urllib3.exceptions.SSLError:
        raise Refused(told("{place} did not show a valid certificate.", place=place)) from None
    except urllib3.exceptions.LocationParseError:
        raise Refused(told("The setting url is not a valid address.")) from None
    except urllib3.exceptions.HTTPError as error:
        raise TryLater(
            told("{place} does not answer ({kind}).", place=place, kind=type(error).__name__)
        ) from None


def body_chunks(response: urllib3.BaseHTTPResponse, place: str) -> Iterator[bytes]:
    """Yield the body as it was sent, a piece at a time, and make sure that it is whole.

    Raises:
        TryLater: if the body is cut off, stalls, or takes longer than `DOWNLOAD_DEADLINE`.
    """
    deadline = clock.now() + DOWNLOAD_DEADLINE
    promised = response.headers.get("Content-Length")
    received = 0
    try:
        # `read1` returns what has come: `read` would wait for a whole piece from a slow sender.
        while chunk := response.read1(CHUNK_BYTES, decode_content=False):
            received += len(chunk)
            yield chunk
            if clock.now() > deadline:
                raise TryLater(
                    told("{place} sent the file too slowly; it was given up.", place=place)
                )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise TryLater(
            told(
                "{place} broke off after {received:,} bytes ({kind}).",
                place=place,
                received=received,
                kind=type(error).__name__,
            )
        ) from None
    if promised is not None and promised.isdigit() and int(promised) != received:
        raise TryLater(
            told(
                "{place} sent {received:,} bytes of {promised:,} and broke off.",
                place=place,
                received=received,
                promised=int(promised),
            )
        )


def slow_down(response: urllib3.BaseHTTPResponse, place: str) -> SlowDown:
    """Describe an answer that asks for patience; the wait is at most an hour."""
    seconds = retry_after_seconds(response.headers.get("Retry-After"))
    return SlowDown(
        told("{place} asks for fewer requests.", place=place),
        after_seconds=seconds,
    )


def retry_after_seconds(header: str | None) -> float:
    """Read a Retry-After header: seconds or a date; a minute if absent or unreadable."""
    if header is None:
        return _DEFAULT_WAIT_SECONDS
    if header.strip().isdigit():
        seconds = float(header)
    else:
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return _DEFAULT_WAIT_SECONDS
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - clock.now()).total_seconds()
    return min(max(seconds, 1.0), _LONGEST_WAIT_SECONDS)
