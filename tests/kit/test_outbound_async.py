"""The guard for many requests at once: what the one for single requests promises, and deadlines."""

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop

from fakes.certificates import Authority
from fakes.name_server import name_server
from fakes.receiver import Receiver, Reply, receiving
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.kit.outbound_async import Answer, AsyncOutbound, Failure, NoAnswer
from kit.test_outbound import METADATA_ADDRESSES, REFUSED_ADDRESSES

NAME = "hooks.example.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for the receiver."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def receiver(authority: Authority) -> Iterator[Receiver]:
    """A receiver on this machine."""
    with receiving(authority.server("127.0.0.1", NAME)) as running:
        yield running


def _policy(authority: Authority, *opened: str) -> OutboundPolicy:
    return OutboundPolicy(frozenset(opened), str(authority.bundle))


def _post(policy: OutboundPolicy, *urls: str, **options: Any) -> list[Answer | Failure]:
    """Send to each URL in turn through one sender; give answers and failures."""

    async def send() -> list[Answer | Failure]:
        found: list[Answer | Failure] = []
        async with AsyncOutbound(policy, **({"deadline_seconds": 5.0} | options)) as outbound:
            for url in urls:
                try:
                    found.append(await outbound.send("POST", url, {"X-A": "1"}, b"body"))
                except NoAnswer as error:
                    found.append(error.failure)
        return found

    return uvloop.run(send())


def test_what_is_sent_is_what_was_given(authority: Authority, receiver: Receiver) -> None:
    (answer,) = _post(_policy(authority, "127.0.0.1"), receiver.url(path="/a?b=%2F"))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (200, b"ok")
    (got,) = receiver.deliveries
    assert (got.path, got.body, got.header("X-A")) == ("/a?b=%2F", b"body", "1")
    assert "Accept-Encoding" not in got.headers


@pytest.mark.parametrize(
    ("method", "content", "lengths"),
    [("POST", b"body", ["4"]), ("POST", None, ["0"]), ("GET", None, [])],
)
def test_a_request_is_written_at_once_with_no_header_but_ours_and_what_http_asks_for(
    method: str, content: bytes | None, lengths: list[str], authority: Authority
) -> None:
    """One record of TLS holds it all; what aiohttp would add (encodings, types) is not there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}/a?b=%2F"
        heard = ThreadPoolExecutor(1).submit(_hear_once, server, authority)

        async def send() -> None:
            async with AsyncOutbound(_policy(authority, "127.0.0.1"), user_agent="U") as outbound:
                await outbound.send(method, url, {"X-A": "1", "X-B": "ü"}, content)

        uvloop.run(send())
    head, _, body = heard.result().partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    assert first == f"{method} /a?b=%2F HTTP/1.1"
    assert sorted(headers) == sorted(
        [
            f"Host: {url.split('/')[2]}",
            "User-Agent: U",
            "Accept: */*",
            "X-A: 1",
            "X-B: ü",
            *(f"Content-Length: {length}" for length in lengths),
        ]
    )
    assert body == (content or b"")


def _hear_once(
    server: socket.socket,
    authority: Authority,
    reply: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
) -> bytes:
    """Answer one request, and return what came in its first record."""
    files = authority.server("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with context.wrap_socket(server.accept()[0], server_side=True) as client:
        heard = client.recv(65_536)
        client.sendall(reply)
        return heard


@pytest.mark.parametrize("address", [*REFUSED_ADDRESSES, *METADATA_ADDRESSES])
def test_no_name_leads_to_a_special_address(address: str, monkeypatch: Any) -> None:  # S72, S73
    with name_server([address]) as server:
        monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
        assert _post(OutboundPolicy(), f"https://{NAME}/") == [Failure.REFUSED]


@pytest.mark.parametrize("address", [*REFUSED_ADDRESSES, *METADATA_ADDRESSES])
def test_no_special_address_is_dialled_by_number(address: str, monkeypatch: Any) -> None:  # S72
    dialled: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, where: dialled.append(where))
    literal = f"[{address}]" if ":" in address else address
    assert _post(OutboundPolicy(), f"https://{literal}/") == [Failure.REFUSED]
    assert [where for where in dialled if where[0] == address] == []


@pytest.mark.parametrize("opened", ["0.0.0.0/0", "metadata.google.internal", "169.254.169.254"])
def test_metadata_stays_closed_whatever_is_opened(opened: str) -> None:  # S73
    policy = OutboundPolicy(frozenset({opened}))
    urls = ("https://169.254.169.254/", "https://metadata.google.internal/")
    assert set(_post(policy, *urls)) == {Failure.REFUSED}


class _SteppingClock:
    """Goes on by six tenths of a second each time it is read: past what is kept of a name."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        self._now += 0.6
        return self._now


def test_a_name_that_moves_inside_is_refused_at_the_next_attempt(
    authority: Authority, receiver: Receiver, monkeypatch: Any
) -> None:  # S74
    """The first answer is open to the operator's eyes, the second is not: zero time to live."""
    url = f"https://{NAME}:{receiver.port}/"
    with name_server(["127.0.0.1"], ["127.0.0.5"]) as server:
        monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
        monkeypatch.setattr("headrace.kit.outbound_async.time", _SteppingClock())
        first, second = _post(_policy(authority, "127.0.0.1"), url, url)
        assert isinstance(first, Answer)
        # The connection is still open and leads to the right place: it is not used all the same.
        assert second is Failure.REFUSED
        assert len(receiver.deliveries) == 1
        assert server.asked[0] == NAME


def test_the_vetted_address_is_the_one_dialled(
    authority: Authority, receiver: Receiver, monkeypatch: Any
) -> None:  # S74
    """Whatever the name says once it was vetted, nothing asks it again before connecting."""
    with name_server(["127.0.0.1"], ["127.0.0.5"]) as server:
        monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
        (answer,) = _post(_policy(authority, "127.0.0.1"), f"https://{NAME}:{receiver.port}/")
        assert isinstance(answer, Answer)
        assert server.asked == [NAME]


def test_mixed_answers_are_not_trusted(
    authority: Authority, receiver: Receiver, monkeypatch: Any
) -> None:  # S74
    with name_server(["127.0.0.1", "10.0.0.1"]) as server:
        monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
        url = f"https://{NAME}:{receiver.port}/"
        assert _post(_policy(authority, "127.0.0.1"), url) == [Failure.REFUSED]
        assert receiver.deliveries == []


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_proxy_variables_are_ignored(
    name: str, authority: Authority, receiver: Receiver, monkeypatch: Any
) -> None:  # S76
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    (answer,) = _post(_policy(authority, "127.0.0.1"), receiver.url())
    assert isinstance(answer, Answer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers(
    status: int, authority: Authority, receiver: Receiver
) -> None:  # S75
    receiver.planned = [Reply(status, {"Location": receiver.url(path="/elsewhere")})]
    (answer,) = _post(_policy(authority, "127.0.0.1"), receiver.url())
    assert isinstance(answer, Answer)
    assert (answer.status, len(receiver.deliveries)) == (status, 1)


def test_connections_are_kept_open(authority: Authority, receiver: Receiver) -> None:
    _post(_policy(authority, "127.0.0.1"), *[receiver.url()] * 5)
    assert (len(receiver.deliveries), receiver.connections) == (5, 1)


@pytest.mark.parametrize("size", [101, 200_000, 10**7])
def test_long_answers_are_cut(size: int, authority: Authority, receiver: Receiver) -> None:  # S77
    """And their connection is used no more, whether the rest has come or not."""
    receiver.planned = [Reply(200, body=b"x" * size), Reply(200, body=b"y" * 100)]
    long, short = _post(_policy(authority, "127.0.0.1"), *[receiver.url()] * 2, body_bytes=100)
    assert isinstance(long, Answer)
    assert isinstance(short, Answer)
    assert (long.body, short.body) == (b"x" * 100, b"y" * 100)
    assert receiver.connections == 2


def test_what_comes_before_the_answer_is_passed_over(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}/"
        replies = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
        heard = ThreadPoolExecutor(1).submit(_hear_once, server, authority, replies)
        (answer,) = _post(_policy(authority, "127.0.0.1"), url)
        heard.result()
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize(
    "headers", [{"X-Long": "x" * 20_000}, {f"X-{n}": "y" * 1000 for n in range(200)}]
)
def test_endless_headers_are_refused(
    headers: dict[str, str], authority: Authority, receiver: Receiver
) -> None:  # S77
    receiver.planned = [Reply(200, headers)]
    assert _post(_policy(authority, "127.0.0.1"), receiver.url()) == [Failure.PROTOCOL]


@pytest.mark.parametrize(
    "reply", [Reply(hang=True), Reply(200, body=b"x" * 1000, drip_seconds=0.05)]
)
def test_one_deadline_is_for_everything(
    reply: Reply, authority: Authority, receiver: Receiver
) -> None:  # S77
    receiver.planned = [reply]
    policy = _policy(authority, "127.0.0.1")
    assert _post(policy, receiver.url(), deadline_seconds=0.5) == [Failure.TIMEOUT]


def test_a_resolver_that_hangs_is_under_the_deadline_too(monkeypatch: Any) -> None:  # S77
    released = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        released.wait()
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        found = _post(OutboundPolicy(), f"https://{NAME}/", deadline_seconds=0.2)
        assert found == [Failure.TIMEOUT]
    finally:
        released.set()


@pytest.mark.parametrize(
    ("names", "days"),
    [(("elsewhere.example",), (-1, 1)), (("127.0.0.1",), (-9, -1)), (("127.0.0.1",), (1, 9))],
)
def test_bad_certificates_fail(
    names: tuple[str, ...], days: tuple[int, int], authority: Authority
) -> None:  # S80
    files = authority.server(
        *names, valid_from=timedelta(days=days[0]), valid_to=timedelta(days=days[1])
    )
    with receiving(files) as impostor:
        policy = _policy(authority, "127.0.0.1")
        assert _post(policy, impostor.url()) == [Failure.TLS]
        with pytest.raises(Exception, match=r"(?i)certificate"):
            OutboundHttp(policy).request("POST", impostor.url())
        assert impostor.deliveries == []


def test_only_a_known_authority_is_trusted(receiver: Receiver, tmp_path: Path) -> None:  # S80
    for policy in (
        OutboundPolicy(frozenset({"127.0.0.1"})),
        _policy(Authority(tmp_path), "127.0.0.1"),
    ):
        assert _post(policy, receiver.url()) == [Failure.TLS]
    assert receiver.deliveries == []


def test_both_senders_trust_the_operators_bundle(authority: Authority, receiver: Receiver) -> None:
    policy = _policy(authority, "127.0.0.1")
    assert OutboundHttp(policy).request("POST", receiver.url(), content=b"x").status == 200


def test_plain_text_is_no_way_out_of_tls(authority: Authority) -> None:  # S80
    """A server that speaks no TLS gets nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        heard: list[bytes] = []

        def serve() -> None:
            client, _ = server.accept()
            heard.append(client.recv(1000))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            client.close()

        thread = threading.Thread(target=serve)
        thread.start()
        assert _post(_policy(authority, "127.0.0.1"), f"https://127.0.0.1:{port}/") == [Failure.TLS]
        thread.join()
    assert b"body" not in heard[0]


def test_nobody_there_and_no_such_name(authority: Authority) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    urls = (f"https://127.0.0.1:{port}/", "https://no-such-host.invalid/")
    assert _post(_policy(authority, "127.0.0.1"), *urls) == [Failure.CONNECTION, Failure.DNS]
