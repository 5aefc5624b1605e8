"""Which URLs may be an endpoint's: their shape alone; where the host leads is for the guard."""

import ipaddress
import re
import unicodedata
from collections.abc import Collection
from urllib.parse import urlsplit

from headrace.kit.told import told
from headrace.webhooks.errors import UrlUnfit

MAX_URL_LENGTH = 2_000
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_BRACKETED = re.compile(r"\[[0-9a-f:.]+\](:\d+)?")
_PLAIN = re.compile(r"[\x21-\x7e]+")
# Ends of a name that resolvers read as a number: "127.1", "0x7f.1", "2130706433".
_NUMERIC_END = re.compile(r"(\d+|0x[0-9a-f]*)")


def checked_host(url: str, ports: Collection[int], open_hosts: Collection[str]) -> str:
    """Return the host of a URL that has an acceptable shape, lower case.

    ports: what may be named beside the default; hosts in `open_hosts`, which the operator opened
    by name, may have any.

    Raises:
        UrlUnfit: saying what is wrong with it (contract 6.5).
    """
    if len(url) > MAX_URL_LENGTH:
        raise UrlUnfit(
            told("must be at most {max_url_length} characters long.", max_url_length=MAX_URL_LENGTH)
        )
    if not _PLAIN.fullmatch(url) or "\\" in url:
        raise UrlUnfit(
            told(
                "must be written in ASCII without spaces; write other letters of a host in "
                "punycode, of a path percent-encoded."
            )
        )
    if not url.lower().startswith("https://"):
        raise UrlUnfit(told("must begin with https://; deliveries are never sent unencrypted."))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UrlUnfit(told("is not a URL.")) from None
    if "@" in parts.netloc:
        raise UrlUnfit(told("must hold no user name or password; deliveries are signed instead."))
    if "#" in url:
        raise UrlUnfit(told("must hold no fragment (#); it would never be sent."))
    if parts.netloc.endswith(":"):
        raise UrlUnfit(told("names no port after the colon."))
    _check_host(host, parts.netloc)
    if port is not None and port not in ports and host not in open_hosts:
        allowed = " or ".join(str(item) for item in sorted(ports))
        raise UrlUnfit(
            told(
                "must have the port {allowed}, unless the operator opened the host.",
                allowed=allowed,
            )
        )
    return host


def _check_host(host: str, netloc: str) -> None:
    if netloc.startswith("["):
        if not _BRACKETED.fullmatch(netloc.lower()) or not _is_canonical(host, 6):
            raise UrlUnfit(told("must name an IPv6 address in its usual form, without a zone."))
        return
    if host.endswith("."):
        raise UrlUnfit(told("must not have a dot at the end of its host."))
    labels = host.split(".")
    if _NUMERIC_END.fullmatch(labels[-1]):
        if not _is_canonical(host, 4):
            raise UrlUnfit(told("must name an IPv4 address as four decimal numbers."))
        return
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlUnfit(told("must name a host made of letters, digits and hyphens."))
    if any(_mixes_scripts(label) for label in labels):
        raise UrlUnfit(
            told("has a host that mixes letters of several scripts, or is not punycode.")
        )


def _is_canonical(text: str, version: int) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.version == version and str(address) == text


def _mixes_scripts(label: str) -> bool:
    """Whether a label in punycode stands for letters of several scripts, as look-alikes do."""
    if not label.startswith("xn--"):
        return False
    try:
        letters = label[4:].encode().decode("punycode")
    except UnicodeError:
        return True
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in letters if letter.isalpha()}
    # Japanese is written in three, by everybody.
    if scripts <= {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK"}:
        return False
    return len(scripts) > 1
