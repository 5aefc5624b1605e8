"""What docs/webhooks.md shows is so: its vectors, and its receiver for Python."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from headrace.client.webhooks import verify, verify_body
from headrace.webhooks.retries import EXTENDED_PAUSES
from headrace.webhooks.signing import Message, signature_headers, standard_secret

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
SENT_AT = 1779357601


def blocks(language: str) -> list[str]:
    """The code that the page shows in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


VECTORS: list[dict[str, Any]] = json.loads(blocks("json")[-1])


@pytest.mark.parametrize("vector", VECTORS)
def test_the_vectors_are_right(vector: dict[str, Any]) -> None:
    body, headers, secret = vector["body"].encode(), vector["headers"], vector["secret"]
    for form in (secret, standard_secret(secret)):
        event = verify(body, headers, form, now=SENT_AT)
    assert verify_body(body, headers, secret).id == event.id
    from datetime import UTC, datetime

    message = Message(headers["webhook-id"], datetime.fromtimestamp(SENT_AT, UTC), body)
    assert signature_headers(message, secret).items() >= headers.items()


def test_the_receiver_for_python_handles_each_key_once(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)
    vector = VECTORS[0]
    names["verify"] = lambda *given: verify(*given, now=SENT_AT)
    seen: set[str] = set()
    for _ in range(2):
        answer = names["on_post"](
            vector["body"].encode(), vector["headers"], vector["secret"], seen
        )
        assert answer == (200, b"")
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert names["on_post"](b"{}", vector["headers"], vector["secret"], seen)[0] == 401
    asked = {"x-improvado-verify-token": vector["secret"], "x-improvado-challenge": "abc"}
    assert names["on_get"](asked, vector["secret"]) == (200, b"abc")


def test_the_page_says_when_attempts_come() -> None:
    hours = [seconds / 3600 for seconds in EXTENDED_PAUSES]
    assert hours == [1 / 12, 1 / 2, 2, 5, 10, 14, 20, 24]
    text = " ".join(PAGE.read_text().split())
    assert "at 0, 2, 5 and 10 seconds" in text
    assert "after 5 and 30 minutes and after 2, 5, 10, 14, 20 and 24 hours" in text
