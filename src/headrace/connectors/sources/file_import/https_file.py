"""One file behind an https address."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import urllib3

from headrace.connectors.contract import Access, Account
from headrace.connectors.sources.file_import import spool
from headrace.connectors.sources.file_import.http_answers import body_chunks, get, slow_down
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, TryLater
from headrace.kit.told import told


class HttpsFile:
    """A single file and its single account: host and path, without the query.

    The query of an address often is a signature: it appears in no message and in no id.
    """

    def __init__(self, access: Access, url: str) -> None:
        self._access = access
        self._url = url
        host, path = vetted_url(url, access.policy)
        self._place = host
        name = PurePosixPath(unquote(path)).name or host
        self._account = Account(remote_id=f"{host}{path}", title=name)

    def check(self) -> None:
        """Ask for the file and look at the answer's first bytes only."""
        response = self._answer()
        try:
            next(body_chunks(response, self._place), None)
        finally:
            response.close()

    def accounts(self) -> Iterator[Account]:
        """Yield the one account, without asking the server."""
        yield self._account

    @contextmanager
    def open(self, remote_id: str) -> Iterator[BinaryIO]:
        """Fetch the file into a temporary one.

        Raises:
            Refused, Reauthorize, SlowDown, TryLater: as the server answers.
        """
        if remote_id != self._account.remote_id:
            raise Refused(
                told(
                    "{remote_id!r} does not match the address of this connection.",
                    remote_id=remote_id,
                )
            )
        with spool.temporary_file() as local:
            response = self._answer()
            try:
                spool.fill(local, body_chunks(response, self._place))
            finally:
                response.close()
            yield local

    def _answer(self) -> urllib3.BaseHTTPResponse:
        response = get(self._access.http, self._url, self._place)
        if response.status == 200:
            return response
        response.close()
        raise self._fault(response)

    def _fault(self, response: urllib3.BaseHTTPResponse) -> OutsideError:
        status = response.status
        if status in {401, 403}:
            return Reauthorize(
                told(
                    "{place} answered {status}: the address needs a new link or permission.",
                    place=self._place,
                    status=status,
                )
            )
        if 300 <= status < 400:
            return Refused(
                told(
                    "{place} answered with a redirect ({status}), and redirects are not followed. "
                    "Give the final address of the file.",
                    place=self._place,
                    status=status,
                )
            )
        if status == 429:
            return slow_down(response, self._place)
        if status >= 500 or status in {408, 425}:
            return TryLater(told("{place} answered {status}.", place=self._place, status=status))
        if status in {404, 410}:
            return Refused(
                told(
                    "{place} has no such file (it answered {status}).",
                    place=self._place,
                    status=status,
                )
            )
        return Refused(
            told("{place} answered {status} instead of the file.", place=self._place, status=status)
        )


def vetted_url(url: str, policy: OutboundPolicy) -> tuple[str, str]:
    """Check the shape of an address; return its host (with port) and path.

    Plain http is for hosts the operator named, which are not on the public internet.

    Raises:
        Refused: if the shape is not that of a plain https address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Refused(told("The setting url is not a valid address.")) from None
    if not host or any(character.isspace() or ord(character) < 32 for character in url):
        raise Refused(told("The setting url is not a valid address."))
    if parts.username is not None or parts.password is not None:
        raise Refused(told("The address must not hold a user name or password."))
    if parts.fragment:
        raise Refused(told("The address must not hold a fragment (#)."))
    if parts.scheme.lower() != "https" and not _is_named_by_operator(host, policy):
        raise Refused(
            told("{host} must be asked over https, not {scheme}.", host=host, scheme=parts.scheme)
        )
    return (host if port is None else f"{host}:{port}"), parts.path or "/"


def _is_named_by_operator(host: str, policy: OutboundPolicy) -> bool:
    try:
        return policy.allows_private(host, ipaddress.ip_address(host))
    except ValueError:
        return host in policy.allowed_private_hosts
