"""The pages on which a data source is connected, without scripts: what each form does."""

import re
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from fakes.ads_network import AdsNetwork
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.persons import PersonFake, receipt_of, served_by
from fakes.visitors import Visitor, in_frame, signed_in
from headrace.connections.models import Connection, ConnectionDraft
from headrace.settings import Settings

ORIGIN = "https://app.example.com"


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork) -> Settings:
    return served_by(settings, network)


@pytest.fixture
def visitor(agency: AgencyFake, workspace: WorkspaceFake) -> Visitor:
    """The agency's chief, signed in."""
    return here(signed_in(workspace, agency.username))


def here(visitor: Visitor) -> Visitor:
    """A visitor whose browser calls the server by its public name."""
    visitor.headers["Origin"] = "http://localhost:8080"
    return visitor


def send(visitor: Visitor, path: str, form: dict[str, Any] | None = None) -> Response:
    return visitor.post(path, form, headers={"Origin": "http://localhost:8080"})


def went(answer: Response, visitor: Visitor) -> str:
    """Where an answer leads, below the mount."""
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].removeprefix(visitor.base)


def way_of(page: Response) -> tuple[str, str]:
    """The address of the platform on a page that waits for it, and where to go on."""
    assert page.status_code == 200, page.text
    found = re.search(r'id="open" href="([^"]+)"', page.text)
    finish = re.search(r'data-finish="([^"]+)"', page.text)
    assert found
    assert finish
    return found[1].replace("&amp;", "&"), finish[1]


def connections(workspace: WorkspaceFake, source: str = "demo_ads") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = workspace.get(f"/api/v3/datasources/{source}/connections")[
        "results"
    ]
    return rows


def test_platforms_are_found_by_name_and_category(visitor: Visitor) -> None:
    everything = visitor.get("/connect").text
    found = visitor.get("/connect?search=demo").text
    none = visitor.get("/connect?search=nothing+like+it").text

    assert "Demo Ads" in everything
    assert "Meta Ads" in everything
    assert "Demo Ads" in found
    assert "Meta Ads" not in found
    assert "No platform is called that" in none
    assert "Meta Ads" not in visitor.get("/connect?category=Files").text


def test_what_plugins_ask_for_is_german_too(visitor: Visitor) -> None:
    german = {"Accept-Language": "de"}
    platforms = visitor.get("/connect", **german).text
    assert "Werbung" in platforms
    assert "Advertising</small>" not in platforms
    form = visitor.get("/connect/postgres", **german).text
    for words in ("Datenbank", "Verschlüsselt, Zertifikat geprüft", "Ein SELECT; geben Sie dies"):
        assert words in form
    refused = visitor.post("/connect/postgres", {"settings.host": "db"}, german | visitor.headers)
    assert refused.status_code == 400
    problems = re.findall(r'<p class="problem" id="(\S+)"><span.*?</span>(.*?)</p>', refused.text)
    assert problems == [("f-settings-database-wrong", "Datenbank wird gebraucht.")]
    # What a connector itself says no to, in the refusal that the service makes of it.
    given = {"host": "db", "database": "d", "user": "u", "table": "t", "query": "SELECT 1"}
    form_of_both = {f"settings.{name}": value for name, value in given.items()}
    refused = visitor.post(
        "/connect/postgres", form_of_both | {"credentials.password": "p"}, german | visitor.headers
    )
    assert refused.status_code == 400
    assert (
        "PostgreSQL ließ sich nicht verbinden: Geben Sie eine Tabelle oder eine Abfrage an, nicht "
        "beides." in refused.text
    )
    destination = visitor.get("/destinations/new/postgre_sql", **german).text
    assert "Hostname oder Adresse des Servers." in destination
    assert ">verify-full</option>" in destination


def test_every_platform_has_a_picture(visitor: Visitor) -> None:
    pictures = set(re.findall(r'src="(/datasources/[^"]+)"', visitor.get("/connect").text))

    assert len(pictures) >= 4
    for picture in pictures:
        answer = visitor.client.get(picture)
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert visitor.client.get("/datasources/nothing/icon.svg").status_code == 404


def test_a_form_connects_after_accounts_were_chosen(
    visitor: Visitor, workspace: WorkspaceFake, settings: Settings
) -> None:
    file = settings.file_import_roots[0] / "orders.csv"
    file.write_text("day,spend\n2026-01-01,5\n")

    answer = send(visitor, "/connect/file_import", {"settings.url": file.as_uri()})
    page = visitor.get(went(answer, visitor))
    assert "Choose accounts" in page.text
    assert connections(workspace, "file_import") == []
    done = send(visitor, went(answer, visitor), {"do": "connect", "shown": [], "chosen": []})

    (made,) = connections(workspace, "file_import")
    assert went(done, visitor) == f"/connected/{made['id']}"
    assert "is connected" in visitor.get(went(done, visitor)).text


def test_what_a_source_refuses_is_shown_and_what_was_typed_stays(
    visitor: Visitor, workspace: WorkspaceFake
) -> None:
    form = {"credentials.password": "hunter2", "settings.url": "file:///nowhere/x.csv"}

    answer = send(visitor, "/connect/file_import", form)

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "file:///nowhere/x.csv" in answer.text
    assert "hunter2" not in answer.text
    assert connections(workspace, "file_import") == []


def test_oauth_without_scripts(
    visitor: Visitor, workspace: WorkspaceFake, person: PersonFake
) -> None:
    url, finish = way_of(send(visitor, "/connect/demo_ads/authorize"))
    on = finish.removeprefix(visitor.base)
    assert "Waiting for" in visitor.get(on).text

    said = person.says_yes(person.comes_back(person.answers(url)))
    assert "choose accounts" in said.text
    choosing = went(visitor.get(on), visitor)
    shown = re.findall(r'name="shown" value="([^"]+)"', visitor.get(choosing).text)
    chosen = {"do": "connect", "shown": shown, "chosen": shown[:2]}
    done = went(send(visitor, choosing, chosen), visitor)

    (made,) = connections(workspace)
    assert done == f"/connected/{made['id']}"
    assert made["enabled_for_extraction_accounts_number"] == 2
    assert made["accounts_number"] == len(shown)
    assert went(visitor.get(on), visitor) == done


def test_the_window_hands_the_way_back_to_the_page(
    visitor: Visitor, workspace: WorkspaceFake, person: PersonFake
) -> None:
    url, finish = way_of(send(visitor, "/connect/demo_ads/authorize"))
    receipt = receipt_of(person.comes_back(person.answers(url)))

    on = went(send(visitor, finish.removeprefix(visitor.base), {"receipt": receipt}), visitor)

    assert went(visitor.get(on), visitor).startswith("/choosing/")


def test_another_session_cannot_finish(  # S57
    agency: AgencyFake, visitor: Visitor, workspace: WorkspaceFake, person: PersonFake
) -> None:
    url, finish = way_of(send(visitor, "/connect/demo_ads/authorize"))
    page = person.comes_back(person.answers(url))
    foreign = here(signed_in(workspace, agency.username))  # the same user, another session
    path = finish.removeprefix(visitor.base)

    refused = send(foreign, path, {"receipt": receipt_of(page)})

    assert refused.status_code == 400
    assert connections(workspace) == []
    assert send(visitor, path, {"receipt": receipt_of(page)}).status_code == 303


def test_an_iframe_connects_at_once_unless_it_asks_for_a_choice(  # S42
    workspace: WorkspaceFake, person: PersonFake
) -> None:
    frame = here(in_frame(workspace, datasource_name="demo_ads", origin=ORIGIN))
    assert went(frame.get(), frame) == "/connect/demo_ads"
    asks = frame.get("?show_account_selection=True")
    assert went(asks, frame) == "/connect/demo_ads?show_account_selection=True"
    assert frame.get("/connect/facebook").status_code == 404

    url, finish = way_of(send(frame, "/connect/demo_ads/authorize"))
    receipt = receipt_of(person.comes_back(person.answers(url)))
    on = went(send(frame, finish.removeprefix(frame.base), {"receipt": receipt}), frame)

    (made,) = connections(workspace)
    assert went(frame.get(on), frame) == f"/connected/{made['id']}"


def test_an_iframe_that_asks_for_a_choice_gets_it(
    workspace: WorkspaceFake, person: PersonFake
) -> None:
    frame = here(in_frame(workspace, datasource_name="demo_ads", origin=ORIGIN))
    path = "/connect/demo_ads/authorize?show_account_selection=True"
    url, finish = way_of(send(frame, path))
    receipt = receipt_of(person.comes_back(person.answers(url)))
    on = went(send(frame, finish.removeprefix(frame.base), {"receipt": receipt}), frame)

    assert went(frame.get(on), frame).startswith("/choosing/")
    assert connections(workspace) == []


def test_reconnecting_in_an_iframe_keeps_the_id_and_is_for_that_connection_alone(  # S42
    workspace: WorkspaceFake, person: PersonFake
) -> None:
    made = person.connects(workspace)["connection_id"]
    other = person.connects(workspace)["connection_id"]
    frame = here(in_frame(workspace, connection_id=made, origin=ORIGIN))
    assert went(frame.get(), frame) == f"/reconnect/{made}"
    assert frame.get(f"/reconnect/{other}").status_code == 403
    assert frame.get("/connect/demo_ads").status_code == 403

    url, finish = way_of(send(frame, f"/reconnect/{made}/authorize"))
    receipt = receipt_of(person.comes_back(person.answers(url)))
    on = went(send(frame, finish.removeprefix(frame.base), {"receipt": receipt}), frame)

    assert went(frame.get(on), frame) == f"/connected/{made}?again=1"
    assert len(connections(workspace)) == 2


def test_denying_says_what_to_do_next(  # S61
    visitor: Visitor, workspace: WorkspaceFake, person: PersonFake
) -> None:
    url, finish = way_of(send(visitor, "/connect/demo_ads/authorize"))

    person.comes_back(person.answers(url, "deny"))

    page = visitor.get(finish.removeprefix(visitor.base))
    assert 'data-error-code="provider_denied"' in page.text
    assert "Try again" in page.text
    assert connections(workspace) == []


def test_accounts_are_searched_turned_and_chosen_without_scripts(
    visitor: Visitor, workspace: WorkspaceFake, person: PersonFake, session: Session
) -> None:
    url, finish = way_of(
        send(visitor, "/connect/demo_ads/authorize", {"settings.include_misbehaving": "true"})
    )
    person.says_yes(person.comes_back(person.answers(url)))
    choosing = went(visitor.get(finish.removeprefix(visitor.base)), visitor).partition("?")[0]
    draft = session.scalars(select(ConnectionDraft)).one()
    many = [
        row | {"remote_id": f"m-{n}", "title": f"Many {n:03}"}
        for n, row in zip(range(130), draft.accounts * 20, strict=False)
    ]
    draft.accounts = many
    session.commit()

    first = visitor.get(choosing).text
    assert "130 of 130 accounts chosen" in first
    assert "Page 1 of 3" in first
    shown = re.findall(r'name="shown" value="([^"]+)"', first)
    assert len(shown) == 50
    on = went(
        send(visitor, choosing, {"do": "page:2", "shown": shown, "chosen": shown[1:]}), visitor
    )
    assert "129 of 130" in visitor.get(on).text  # what was taken out on page 1 stays out
    on = went(send(visitor, choosing, {"do": "none", "search": ""}), visitor)
    assert "0 of 130" in visitor.get(on).text
    on = went(send(visitor, choosing, {"do": "all", "search": "many 00"}), visitor)
    assert "10 of 130" in visitor.get(on).text
    assert 'value="many 00"' in visitor.get(on).text
    nobody = send(visitor, choosing, {"do": "none", "search": ""})
    assert nobody.status_code == 303
    refused = send(visitor, choosing, {"do": "connect"})
    assert refused.status_code == 400
    assert "at least one account" in refused.text
    send(visitor, choosing, {"do": "all", "search": "many 07"})
    send(visitor, choosing, {"do": "connect"})

    (made,) = connections(workspace)
    assert made["accounts_number"] == 130
    assert made["enabled_for_extraction_accounts_number"] == 10
    assert session.scalars(select(ConnectionDraft)).all() == []


def test_a_choice_that_is_given_up_leaves_nothing(
    visitor: Visitor, workspace: WorkspaceFake, person: PersonFake, session: Session
) -> None:
    url, finish = way_of(send(visitor, "/connect/demo_ads/authorize"))
    person.says_yes(person.comes_back(person.answers(url)))
    choosing = went(visitor.get(finish.removeprefix(visitor.base)), visitor)

    assert went(send(visitor, choosing, {"do": "cancel"}), visitor) == "/connect/demo_ads"

    assert connections(workspace) == []
    assert session.scalars(select(ConnectionDraft)).all() == []
    assert visitor.get(choosing).status_code == 404


def test_script_in_an_accounts_title_is_inert(  # S53
    visitor: Visitor, person: PersonFake, session: Session
) -> None:
    url, finish = way_of(send(visitor, "/connect/demo_ads/authorize"))
    person.says_yes(person.comes_back(person.answers(url)))
    choosing = went(visitor.get(finish.removeprefix(visitor.base)), visitor)
    draft = session.scalars(select(ConnectionDraft)).one()
    draft.accounts = [draft.accounts[0] | {"title": "<script>alert(1)</script>"}]
    session.commit()

    page = visitor.get(choosing).text

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_role_that_may_not_connect_sees_no_such_page(  # S18
    agency: AgencyFake, workspace: WorkspaceFake, person: PersonFake
) -> None:
    made = person.connects(workspace)["connection_id"]
    member = agency.member(workspace, "viewer")
    viewer = here(signed_in(workspace, member.username))

    for path in ("/connect", "/connect/demo_ads", f"/reconnect/{made}"):
        assert viewer.get(path).status_code == 403
    assert send(viewer, "/connect/demo_ads/authorize").status_code == 403
    assert viewer.get(f"/connected/{made}").status_code == 200


def test_what_is_another_workspaces_is_not_there(  # S01
    visitor: Visitor, person: PersonFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    _url, finish = way_of(send(visitor, "/connect/demo_ads/authorize"))
    made = person.connects(workspace)["connection_id"]
    on = finish.removeprefix(visitor.base)
    stranger = here(in_frame(other_workspace, origin=ORIGIN))

    for path in (on, f"{on}/status", f"/connected/{made}", f"/reconnect/{made}"):
        assert stranger.get(path).status_code == 404
    assert send(stranger, on, {"receipt": "x"}).status_code == 404


def test_without_a_client_a_token_can_be_pasted(visitor: Visitor, workspace: WorkspaceFake) -> None:
    page = visitor.get("/connect/facebook").text

    assert "not set up here" in page
    assert 'name="credentials.access_token"' in page


def test_credentials_stay_out_of_the_database_in_the_open(  # S65
    visitor: Visitor, person: PersonFake, session: Session
) -> None:
    url, finish = way_of(send(visitor, "/connect/demo_ads/authorize"))
    person.says_yes(person.comes_back(person.answers(url)))
    visitor.get(finish.removeprefix(visitor.base))

    draft = session.scalars(select(ConnectionDraft)).one()
    assert draft.credentials.startswith("v1.")
    assert session.scalars(select(Connection)).all() == []
