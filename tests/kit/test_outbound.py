"""The guard of every outbound socket: which addresses, which names, which answers."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3

from headrace.kit.outbound import (
    HostUnknown,
    OutboundHttp,
    OutboundPolicy,
    OutboundRefused,
    connect,
    operator_hosts,
    vetted_addresses,
)

CLOSED = OutboundPolicy()


def _words(text: str) -> list[str]:
    return text.split()


REFUSED_ADDRESSES = _words("""
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.255.255.254
    169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1
    198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255
    :: ::1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 ::8.8.8.8 ::ffff:0:8.8.8.8
    64:ff9b::10.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1
    2002:808:808::1 3fff::1 3fff:fff::1 5f00::1 fc00::1 fdff::1 fe80::1 febf::1 fec0::1 ff02::1
""")
PUBLIC_ADDRESSES = _words("""
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    169.253.255.255 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255
    198.20.0.0 223.255.255.255 2606:4700:4700::1111 2a00:1450:4001::1
""")
METADATA_ADDRESSES = _words("""
    169.254.169.254 169.254.170.2 169.254.170.23 100.100.100.200 192.0.0.192 168.63.129.16
    fd00:ec2::254 fd00:ec2::23 fd20:ce::254
    ::ffff:169.254.169.254 ::169.254.169.254 64:ff9b::169.254.169.254 2002:a9fe:a9fe::1
""")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Make every name answer these addresses, one list at each question; returns the questions."""
    asked: list[str] = []

    def answer_with(*answers: list[str]) -> list[str]:
        pending = list(answers)

        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            asked.append(host)
            addresses = pending.pop(0) if len(pending) > 1 else pending[0]
            return [
                (
                    socket.AF_INET6 if ":" in item else socket.AF_INET,
                    socket.SOCK_STREAM,
                    6,
                    "",
                    (item, port),
                )
                for item in addresses
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return answer_with


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_special_addresses_are_refused(address: str, resolver: Callable[..., Any]) -> None:  # S72
    resolver([address])
    with pytest.raises(OutboundRefused, match="HEADRACE_ALLOWED_PRIVATE_HOSTS"):
        vetted_addresses("vendor.example", 443, CLOSED)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_their_public_neighbours_are_not(address: str, resolver: Callable[..., Any]) -> None:  # S72
    resolver([address])
    assert vetted_addresses("vendor.example", 443, CLOSED) == [address]


@pytest.mark.parametrize("address", METADATA_ADDRESSES)
@pytest.mark.parametrize("entry", ["vendor.example", "0.0.0.0/0", "::/0"])
def test_metadata_addresses_stay_closed_whatever_is_opened(  # S73
    address: str, entry: str, resolver: Callable[..., Any]
) -> None:
    resolver([address])
    with pytest.raises(OutboundRefused, match="metadata"):
        vetted_addresses("vendor.example", 80, OutboundPolicy(frozenset({entry, "0.0.0.0/0"})))


@pytest.mark.parametrize("name", ["metadata.google.internal", "Metadata.Google.Internal."])
def test_metadata_names_stay_closed(name: str, resolver: Callable[..., Any]) -> None:  # S73
    questions = resolver(["8.8.8.8"])
    with pytest.raises(OutboundRefused, match="metadata"):
        vetted_addresses(name, 80, OutboundPolicy(frozenset({name.lower(), "8.8.8.8"})))
    assert questions == []


@pytest.mark.parametrize(
    "answers", [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2a00:1450::1", "::1"]]
)
def test_mixed_answers_are_not_trusted(  # S74
    answers: list[str], resolver: Callable[..., Any]
) -> None:
    resolver(answers)
    with pytest.raises(OutboundRefused):
        vetted_addresses("vendor.example", 443, CLOSED)


def test_the_vetted_address_is_the_one_connected_to(  # S74
    server: "Server", resolver: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first answer is the open one; a second question would lead elsewhere.
    questions = resolver(["127.0.0.1"], ["127.9.9.9"])
    dialled: list[Any] = []
    real = socket.create_connection

    def create_connection(address: Any, **options: Any) -> socket.socket:
        dialled.append(address)
        monkeypatch.undo()
        return real(address, **options)

    monkeypatch.setattr(socket, "create_connection", create_connection)
    policy = OutboundPolicy(frozenset({"127.0.0.1"}))
    connect("rebinding.example", server.port, policy, 5).close()
    assert questions == ["rebinding.example"]
    assert dialled == [("127.0.0.1", server.port)]


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "LOCALHOST", "[::1]"]
)
def test_other_spellings_of_this_machine_are_refused(host: str) -> None:  # S71
    with pytest.raises((OutboundRefused, HostUnknown)):
        vetted_addresses(host, 80, CLOSED)


@pytest.mark.parametrize("host", ["", "a" * 64 + ".example", "bad\0name", "-.invalid"])
def test_what_is_no_name_does_not_resolve(host: str) -> None:
    with pytest.raises((HostUnknown, OutboundRefused)):
        vetted_addresses(host, 80, CLOSED)


@pytest.mark.parametrize(
    ("entry", "is_open"),
    [
        ("db.internal", True),
        ("10.1.2.3", True),
        ("10.1.0.0/16", True),
        ("10.2.0.0/16", False),
        ("internal", False),
        ("fd00::/8", False),
    ],
)
def test_the_operator_opens_by_name_address_or_network(
    entry: str, is_open: bool, resolver: Callable[..., Any]
) -> None:
    resolver(["10.1.2.3"])
    policy = OutboundPolicy(frozenset({entry}))
    if is_open:
        assert vetted_addresses("DB.internal.", 5432, policy) == ["10.1.2.3"]
    else:
        with pytest.raises(OutboundRefused):
            vetted_addresses("DB.internal.", 5432, policy)


def test_configured_urls_open_their_hosts() -> None:
    urls = ["http://127.0.0.1:9000/x", "https://Mirror.Example", "nonsense"]
    assert operator_hosts(urls) == {"127.0.0.1", "mirror.example"}


class Server:
    """A web server that answers by a table of paths and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                outer.asked.append((self.command, self.path, dict(self.headers)))
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                code = int(self.path.strip("/").split("?")[0] or 200)
                self.send_response(code)
                if 300 <= code < 400:
                    self.send_header("Location", f"http://127.0.0.1:{outer.port}/200")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST = _answer  # noqa: N815 - the server's own names

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """A running web server."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def http() -> OutboundHttp:
    """A client that may reach this machine."""
    return OutboundHttp(OutboundPolicy(frozenset({"127.0.0.1"})))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirects_are_answers_not_instructions(  # S75
    status: int, method: str, server: Server, http: OutboundHttp
) -> None:
    answer = http.request(method, f"{server.url}/{status}")
    assert answer.status == status
    assert [path for _, path, _ in server.asked] == [f"/{status}"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_proxy_variables_are_ignored(  # S76
    name: str, server: Server, http: OutboundHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    assert http.request("GET", f"{server.url}/200").data == b"ok"


def test_this_machine_is_closed_unless_opened(server: Server) -> None:
    with pytest.raises(OutboundRefused):
        OutboundHttp(CLOSED).request("GET", f"{server.url}/200")
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1", "//127.0.0.1/x", ""]
)
def test_only_http_is_spoken(url: str, http: OutboundHttp) -> None:
    with pytest.raises(OutboundRefused, match="http and https"):
        http.request("GET", url)


def test_what_is_sent_is_what_was_asked(server: Server, http: OutboundHttp) -> None:
    http.request("GET", f"{server.url}/200?a=1", query={"b": "x y&z"})
    http.request("POST", f"{server.url}/200", form={"c": "ü"}, headers={"X-A": "1"})
    (_, path, _), (method, _, headers) = server.asked
    assert path == "/200?a=1&b=x+y%26z"
    assert method == "POST"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (headers["User-Agent"], headers["X-A"]) == ("headrace", "1")


@pytest.mark.parametrize("value", ["EAAB…", "a\r\nX-B: 1", "a\n", "a\0b", "é"])
def test_headers_that_cannot_be_sent_are_refused(  # S84
    value: str, server: Server, http: OutboundHttp
) -> None:
    with pytest.raises(OutboundRefused, match="Authorization") as refused:
        http.request("GET", f"{server.url}/200", headers={"Authorization": f"Bearer {value}"})
    assert value not in str(refused.value)


def test_nobody_there_is_an_error_of_the_client_library(http: OutboundHttp) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        http.request("GET", f"http://127.0.0.1:{port}/")
