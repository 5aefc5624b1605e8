"""Requests that are malformed, too large, or for what cannot be: one clear refusal, never 500."""

from typing import Any

from fakes.callers import AgencyFake
from headrace.rest.body_limit import MAX_BODY_BYTES
from rest.published import OPERATIONS, Everything

BROKEN_BODIES = [
    (b'{"title": "a', "application/json", 400),
    (b"\xff\xfe\x00", "application/json", 400),
    (b"[]", "application/json", 400),
    (b"9" * 5000, "application/json", 400),
    (b'{"a":' * 100_000, "application/json", 400),
    (b"title=a", "application/x-www-form-urlencoded", 415),
    (b"{}", "", 415),
    (b" " * MAX_BODY_BYTES + b"{}", "application/json", 413),
]


def test_broken_bodies_are_refused(everything: Everything) -> None:  # S89
    taken = [operation.name for operation in OPERATIONS if operation.takes_body]
    assert len(taken) > 15
    for name in taken:
        for body, kind, status in BROKEN_BODIES:
            headers = {"Content-Type": kind} if kind else {}
            answer = everything.call(name, content=body, headers=headers)
            assert answer.status_code == status, f"{name} {body[:20]!r}: {answer.text[:200]}"


def test_free_forms_have_a_depth(everything: Everything) -> None:  # S86, S89
    for levels in (40, 400, 900):
        deep = b'{"a":' * levels + b"1" + b"}" * levels
        body = b'{"settings": ' + deep + b"}"
        headers = {"Content-Type": "application/json"}
        answer = everything.call("create_connection", content=body, headers=headers)
        assert answer.status_code == 400, levels
        assert "deep" in answer.json()["details"]


def test_a_body_that_does_not_say_its_length_is_limited_too(agency: AgencyFake) -> None:  # S89
    pieces = (b" " * 65_536 for _ in range(17))
    headers = agency.headers | {"Content-Type": "application/json"}
    answer = agency.client.post("/api/v3/workspaces", headers=headers, content=pieces)
    assert answer.status_code == 413
    assert set(answer.json()) == {"details"}


UNFIT = ('"\\ud800"', '"a\\u0000b"', "NaN", "1e999", "-Infinity", "1" + "0" * 300, '{"\\udfff": 1}')


def test_values_that_cannot_be_kept_are_refused(everything: Everything) -> None:
    free_forms = {
        "create_connection": '{"settings": {"url": "file:///x", "x": %s}}',
        "reauthorize_connection": '{"credentials": {"x": [%s]}}',
        "create_destination_connection": '{"connection_params": {"path": "a.duckdb", "x": %s}}',
        "reauthorize_destination_connection": '{"conenctions_params": {"path": %s}}',
        "update_extract": '{"additional_params": {"x": {"y": %s}}}',
    }
    headers = {"Content-Type": "application/json"}
    for name, template in free_forms.items():
        for value in UNFIT:
            answer = everything.call(name, content=template % value, headers=headers)
            assert answer.status_code == 400, f"{name}: {answer.text}"
            assert "holds" in answer.json()["details"]


WRONG_IDS = ("0", "-1", "x", "1.0", "1_0", "+1", "%201", "٣", str(2**63), "9" * 5000)


def test_ids_that_cannot_be_are_not_found(everything: Everything) -> None:
    for operation in OPERATIONS:
        ids = everything.ids_of(operation)
        body: dict[str, Any] = {"json": []} if operation.takes_body else {}
        for name, value in ids.items():
            if f"{{{name}}}" not in operation.path or isinstance(value, str):
                continue
            for wrong in WRONG_IDS:
                answer = everything.call(operation.name, ids=ids | {name: wrong}, **body)
                assert answer.status_code == 404, f"{operation.path} {wrong[:20]}"
                assert answer.json() == {"details": "Not found."}


PAGES = [
    ("page=1", 200),
    ("page=01&page_size=001", 200),
    ("page_size=1000000000", 200),
    ("page_size=" + "9" * 5000, 200),
    ("page=2", 404),
    ("page=1000000000", 404),
    ("page=" + "9" * 5000, 404),
    ("page=0", 404),
    ("page=-1", 404),
    ("page=x", 404),
    ("page=", 404),
    ("page=1.0", 404),
    ("page_size=0", 404),
    ("page_size=-1", 404),
    ("page_size=text", 404),
]


def test_pages_keep_their_bounds(everything: Everything) -> None:  # S88
    lists = [operation.name for operation in OPERATIONS if operation.takes_pages]
    assert len(lists) > 10
    for name in lists:
        for query, status in PAGES:
            first, second = (everything.call(name, "{}?" + query) for _ in range(2))
            assert first.status_code == status, f"{name} {query[:20]}"
            assert first.content == second.content
            if status == 404:
                assert first.json() == {"details": "Invalid page."}


def test_pages_link_to_their_neighbours(agency: AgencyFake) -> None:
    for number in range(3):
        agency.new_workspace(f"w{number}")
    path = "/api/v3.1/workspaces/?page_size=1&unknown=a%20b"
    seen = []
    while path:
        page = agency.call("GET", path).json()
        seen += page["results"]
        assert page["count"] == 3
        assert (page["previous"] is None) == (len(seen) == 1)
        path = page["next"]
        assert path is None or path.startswith("http://testserver/api/v3.1/workspaces/?page_size=1")
        assert path is None or "unknown=a%20b" in path or "unknown=a+b" in path
    assert [item["id"] for item in seen] == sorted({item["id"] for item in seen})


ODD_METHODS = ("BREW", "TRACE", "CONNECT", "PROPFIND", "OPTIONS", "HEAD")


def test_other_methods_name_those_there_are(everything: Everything) -> None:  # S26
    by_path: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, set()).add(operation.method)
    headers = {"X-HTTP-Method-Override": "GET", "X-Method-Override": "DELETE"}
    for operation in OPERATIONS:
        path = operation.at(everything.ids_of(operation))
        for method in ODD_METHODS:
            answer = everything.workspace.client.request(method, path, headers=headers)
            assert answer.status_code == 405
            assert set(answer.headers["Allow"].split(", ")) >= by_path[operation.path]
            assert answer.headers["X-Request-Id"]
            if method != "HEAD":
                assert set(answer.json()) == {"details"}


def test_line_breaks_in_titles_stay_in_titles(everything: Everything) -> None:  # S84
    title = "Acme\r\nSet-Cookie: dts_session_id=1\r\n\r\n<script>"
    answer = everything.call("create_workspace", json={"title": title})
    assert answer.json()["title"] == title
    assert "set-cookie" not in answer.headers
    renamed = everything.call("update_data_table", json={"title": title})
    assert renamed.json()["title"] == title
    refused = everything.call("create_workspace", json={"title": title})
    assert refused.status_code == 400
    assert "set-cookie" not in refused.headers
