"""Bodies that are JSON by the letter, and cannot be kept or are read differently elsewhere."""

import json
from typing import Any

import pytest

from fakes.callers import AgencyFake
from headrace.rest.strict_json import UnfitJson, strict_value
from rest.published import OPERATIONS, Everything

UNFIT = [
    ('{"a": 1, "a": 2}', "twice"),
    ('[{"b": {"a": 1, "a": 1}}]', "twice"),
    ('{"a": NaN}', "finite"),
    ('{"a": Infinity}', "finite"),
    ('{"a": -Infinity}', "finite"),
    ('{"a": 1e999}', "finite"),
    ('{"a": 9223372036854775808}', "64 bits"),
    ('{"a": -99999999999999999999}', "64 bits"),
    ('{"a": "\\u0000"}', "NUL"),
    ('{"a\\u0000": 1}', "NUL"),
    ('{"a": "\\ud800"}', "Unicode"),
    ('{"\\udfff": 1}', "Unicode"),
    ("[" * 65 + "]" * 65, "deep"),
    ("[" * 100_000 + "]" * 100_000, "deep"),
]


@pytest.mark.parametrize(("text", "says"), UNFIT)
def test_unfit_json_is_refused_in_words(text: str, says: str) -> None:  # S86, S89
    with pytest.raises(UnfitJson, match=says):
        strict_value(text.encode())


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe{}", b"{}{}", b"'a'", b"9" * 5000])
def test_what_is_no_json_is_refused(raw: bytes) -> None:  # S89
    with pytest.raises(ValueError):  # noqa: PT011 - json and codecs raise kinds of it
        strict_value(raw)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, -2.5, null, true, "ü\\n\\ud83d\\ude00"]}',
        '{"a": 9223372036854775807, "b": -9223372036854775807}',
        '[{"a": 1}, {"a": 2}]',
        "[" * 64 + "]" * 64,
        '\ufeff{"a": 1}',
    ],
)
def test_fit_json_is_read_as_it_is(text: str) -> None:
    assert strict_value(text.encode()) == json.loads(text.removeprefix("\ufeff"))


HEADERS = {"Content-Type": "application/json"}
_MARK = '"unknown": '


def test_every_operation_reads_strictly(everything: Everything) -> None:  # S86, S89
    taken = [operation.name for operation in OPERATIONS if operation.takes_body]
    assert len(taken) > 15
    for name in taken:
        for value in ("NaN", '"\\u0000"', '"\\ud800"', "1" + "0" * 30, '{"a": 1, "a": 1}'):
            body = "{" + _MARK + value + "}"
            answer = everything.call(name, content=body, headers=HEADERS)
            assert answer.status_code == 400, f"{name} {value}: {answer.text[:200]}"
            assert " holds " in answer.json()["details"], name


def test_a_refusal_names_the_member() -> None:
    with pytest.raises(UnfitJson, match=r"^400: title: holds text"):
        strict_value(b'{"a": {"title": ["ok", "\\u0000"]}}')


def test_long_queries_and_odd_letters_are_no_fault(everything: Everything) -> None:  # S89
    """Whatever an address carries: refused or ignored, never a fault."""
    lists = [operation.name for operation in OPERATIONS if operation.takes_pages]
    odd = ("%00", "%ff%fe", "%ed%a0%80", "a" * 30_000, "%27%22;--", "1e400", "-1", str(2**64))
    for name in lists:
        described = {
            item["name"]
            for operation in OPERATIONS
            if operation.name == name
            for item in operation.described["parameters"]
            if item["in"] == "query"
        } - {"page", "page_size"}
        for parameter in {*described} | {"unknown"}:
            for value in odd:
                answer = everything.call(name, "{}?" + f"{parameter}={value}")
                assert answer.status_code in {200, 400, 404}, f"{name} {parameter}={value[:20]}"


@pytest.mark.parametrize(
    "override",
    ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"],
)
def test_a_method_cannot_be_smuggled(override: str, agency: AgencyFake) -> None:  # S26
    before = agency.call("GET", "/api/v3/workspaces").json()
    headers = agency.headers | {override: "POST"}
    for method in ("GET", "PUT"):
        path = "/api/v3/workspaces?_method=POST"
        answer = agency.client.request(method, path, headers=headers, json={"title": "smuggled"})
        assert answer.status_code in {200, 405}
    assert agency.call("GET", "/api/v3/workspaces").json() == before


# What a client may not set, whatever it sends (S27).

FORBIDDEN: dict[str, Any] = {
    "id": 1,
    "uid": "00000000-0000-4000-8000-000000000000",
    "workspace": 1,
    "workspace_id": 1,
    "agency_id": 1,
    "is_system": True,
    "is_chief": True,
    "status": "active",
    "secret": "0" * 64,
    "consecutive_failures": 0,
    "created_at": "2000-01-01T00:00:00Z",
    "accounts_number": 99,
    "error_text": "planted",
}
_CHANGES = {
    "update_workspace": ({"title": "Plain"}, "get_workspace"),
    "update_extract": ({}, "get_extract"),
    "update_data_table": ({}, "get_data_table"),
    "update_load": ({"run_policy": "manual"}, "get_load"),
    "update_destination_connection": ({}, "get_destination_connection"),
}


def test_what_is_not_for_clients_is_not_applied(everything: Everything) -> None:  # S27
    for name, (body, reader) in _CHANGES.items():
        before = everything.call(reader).json()
        answer = everything.call(name, json=FORBIDDEN | body)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        after = everything.call(reader).json()
        kept = set(FORBIDDEN) & set(before)
        assert kept, name
        assert {key: after[key] for key in kept} == {key: before[key] for key in kept}, name
