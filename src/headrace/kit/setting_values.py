"""Reading the values of settings: lists, origins, addresses; what is wrong with one, in words."""

import ipaddress
import json
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, Field, SecretStr

_WEB = {"http", "https"}


class OAuthClientValue(BaseModel):
    """An OAuth client that the operator registered at a platform."""

    client_id: str = Field(min_length=1)
    client_secret: SecretStr


def listed(value: Any) -> Any:
    """Read a list written with commas, as people write them in environments, or as JSON."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(",") if part.strip()]
    return json.loads(value) if isinstance(value, str) else value


def urls_by_name(value: Any) -> Any:
    """Read a JSON object of name to URL.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, str):
        return value
    read = None
    with suppress(json.JSONDecodeError):
        read = json.loads(value)
    if not isinstance(read, dict):
        raise ValueError('not a JSON object such as {"facebook": "http://127.0.0.1:9000"}')  # noqa: TRY004
    for name, url in read.items():
        if urlsplit(str(url)).scheme not in _WEB:
            raise ValueError(f"the URL of {name!r} must begin with http:// or https://")
    return read


def objects_by_name(value: Any) -> Any:
    """Read a JSON object of name to object; the message of a bad one repeats nothing of it.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, str):
        return value
    with suppress(json.JSONDecodeError):
        read = json.loads(value)
        if isinstance(read, dict):
            return read
    raise ValueError("not a JSON object of name to object")


def network(text: str) -> str:
    """Read an address or a network of addresses, as a network.

    Raises:
        ValueError: if it is neither.
    """
    return str(ipaddress.ip_network(text, strict=False))


def origin(text: str) -> str:
    """Check that a text is an origin: scheme, host and perhaps a port.

    Raises:
        ValueError: if it is not.
    """
    parts = urlsplit(text)
    is_web = parts.scheme in _WEB and parts.hostname and _has_port(parts)
    if not is_web or any([parts.path.strip("/"), parts.query, parts.fragment, parts.username]):
        raise ValueError(f"{text!r} must be an origin alone, like https://app.example.com")
    return text


def web_address(text: str) -> str:
    """Check that a text is empty or the address of a web server.

    Raises:
        ValueError: if it is not.
    """
    parts = urlsplit(text)
    if text and (parts.scheme not in _WEB or not parts.hostname):
        raise ValueError("must begin with http:// or https:// and name a host")
    return text


def check_postgresql_url(url: str) -> None:
    """Check that a URL is one of PostgreSQL.

    Raises:
        ValueError: if it is not; the URL, which may hold a password, is not repeated.
    """
    parts = urlsplit(url)
    if parts.scheme.split("+")[0] not in {"postgresql", "postgres"} or not _has_port(parts):
        raise ValueError("must look like postgresql://user:password@host:port/database")


def _has_port(parts: SplitResult) -> bool:
    """Whether the port of a URL, if it names one, is a number."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
