"""What is shown of changed rows: everything that differs, and no secret."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, Text

from headrace.models import metadata
from headrace.rest.changes import SECRET, Change, Changes, is_secret, told

PLAIN = Column("settings", Text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (Decimal("1.50"), "1.50"),
        ({"url": "https://u:p@h/x?sig=abc#f"}, {"url": f"https://{SECRET}@h/x?{SECRET}"}),
        ({"api_key": "x", "access_token": None}, {"api_key": SECRET, "access_token": None}),
        ({"a": [{"client_secret": "x", "b": 1}]}, {"a": [{"client_secret": SECRET, "b": 1}]}),
        ("v1.0a1b2c3d.QUJD.REVG", SECRET),
        ("x" * 600, "x" * 500 + "…"),
        (b"raw", "(bytes)"),
    ],
)  # fmt: skip
def test_values_are_shown_without_their_secrets(value: Any, shown: Any) -> None:  # S28, S30
    assert told(PLAIN, value) == shown


def test_columns_that_hold_secrets_are_known() -> None:  # S28
    """Whoever adds a column for a secret names it so, or declares it: info={"secret": True}."""
    secret = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if is_secret(column)
    }
    assert {
        "app_user.password_hash",
        "access_token.digest",
        "browser_session.digest",
        "connection.credentials",
        "destination_connection.params",
        "idempotency_record.answer",
    } <= secret
    assert told(Column("secret_sealed", Text), "x") == SECRET
    assert not is_secret(Column("hashed_fields", Text))


def test_changes_of_one_row_are_one() -> None:
    changes = Changes()
    changes.add(Change("load", "1", "created", {}, {"title": "a", "mode": "x"}))
    changes.add(Change("load", "1", "changed", {"title": "a"}, {"title": "b"}))
    changes.add(Change("load", "2", "changed", {"title": "c"}, {"title": "d"}))
    changes.add(Change("load", "2", "changed", {"title": "d"}, {"title": "e"}))
    shown = [(item.verb, item.before, item.after) for item in changes]
    assert shown[0] == ("created", {}, {"title": "b", "mode": "x"})
    assert shown[1] == ("changed", {"title": "c"}, {"title": "e"})


def test_beyond_fifty_rows_their_number_is_kept() -> None:
    changes = Changes()
    for number in range(80):
        changes.add(Change("account", str(number), "changed"))
    assert len(changes) == 50
    assert changes.untold == 30
