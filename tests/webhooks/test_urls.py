"""Which URLs may be an endpoint's, by their shape."""

import pytest

from headrace.webhooks.errors import UrlUnfit
from headrace.webhooks.urls import checked_host

PORTS = (443, 8443)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/", "HTTP://hooks.example.com/", "ftp://hooks.example.com/",
        "hooks.example.com", "//hooks.example.com/", "https:/hooks.example.com", "https://", "",
        "https:///path", "https://user@hooks.example.com/", "https://u:p@hooks.example.com/",
        "https://@hooks.example.com/", "https://hooks.example.com#x", "https://hooks.example.com/#",
        "https://hooks.example.com./", "https://hooks..example.com/", "https://.example.com/",
        "https://-hooks.example.com/", "https://hooks-.example.com/", "https://" + "a" * 64 + ".com/",
        "https://" + "a." * 127 + "example/", "https://hooks.example.com:22/",
        "https://hooks.example.com:80/", "https://hooks.example.com:99999/",
        "https://hooks.example.com:x/", "https://hooks.example.com:/", "https://hooks.example.com:-1/",
        "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
        "https://127.1/", "https://10.0.0.256/", "https://1.2.3.4.5/", "https://1.2.3.04/",
        "https://example.0x/", "https://example.1/", "https://[::1", "https://[::1]x/",
        "https://::1/", "https://[fe80::1%25eth0]/", "https://[::ffff:7f00:0001]/", "https://[1.2.3.4]/",
        "https://[0:0:0:0:0:0:0:1]/", "https://hooks.exa mple.com/", "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX: 1", "https://hooks.example.com\\@evil.test/",
        "https://hooks.example.com/\\..", "https://hööks.example.com/", "https://ex%61mple.com/",
        "https://exa\tmple.com/", "https://example.com\0/", "https://p\u0430ypal.com/",
        "https://xn--pypal-4ve.com/", "https://xn--a-.com/", "https://" + "a" * 2000 + ".com/",
    ],
)  # fmt: skip
def test_odd_shapes_are_refused(url: str) -> None:  # S71, S84
    with pytest.raises(UrlUnfit):
        checked_host(url, PORTS, frozenset())


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hooks.example.com", "hooks.example.com"),
        ("https://Hooks.Example.COM:8443/a/b?c=d&e=%20", "hooks.example.com"),
        ("HTTPS://hooks.example.com:443/", "hooks.example.com"),
        ("https://localhost/hook", "localhost"),
        ("https://8.8.8.8/", "8.8.8.8"),
        ("https://[2606:4700:4700::1111]:443/", "2606:4700:4700::1111"),
        ("https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example"),
        ("https://xn--eckwd4c7cu47r2wf.jp/", "xn--eckwd4c7cu47r2wf.jp"),
        ("https://a_b.example.com/", "a_b.example.com"),
    ],
)
def test_usual_shapes_are_taken(url: str, host: str) -> None:
    assert checked_host(url, PORTS, frozenset()) == host


def test_hosts_that_the_operator_opened_may_have_any_port() -> None:
    assert checked_host("https://10.1.2.3:9000/", PORTS, {"10.1.2.3"}) == "10.1.2.3"
    with pytest.raises(UrlUnfit, match="443 or 8443"):
        checked_host("https://10.1.2.4:9000/", PORTS, {"10.1.2.3"})
