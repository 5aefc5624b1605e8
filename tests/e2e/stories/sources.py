"""Data sources: connecting them, their accounts, people outside, iframes, and what ends it."""

import pytest

from e2e.comparing import days_ago
from e2e.stories.stage import Stage
from fakes.server import eventually
from headrace.client import ApiError, NotFound, every, models

_HOLD = "/api/v3/external-auth"
_CLIENT = "client@example.com"
_FILE = "day,city,visits\n2026-01-01,Wien,10\n2026-01-02,Łódź,20\n"


def sources_are_connected(stage: Stage) -> None:
    """A connection appears with its accounts, and in its own workspace alone."""
    api = stage.customer.api
    listed = {item.name: item for item in every(api.list_datasources, page_size=2)}
    assert "Advertising" in listed["demo_ads"].categories
    advertising = api.list_datasources(category=["Advertising"]).results
    assert {"demo_ads", "facebook"} <= {item.name for item in advertising}
    assert "file_import" not in {item.name for item in advertising}

    stage.accounts = stage.customer.connect_network()
    (connection,) = api.list_connections("demo_ads").results
    assert (connection.status, connection.accounts_number) == ("active", len(stage.accounts))
    assert connection.enabled_for_extraction_accounts_number == len(stage.accounts)
    assert stage.other.api.list_connections("demo_ads").count == 0
    with pytest.raises(NotFound):
        stage.other.api.list_accounts(connection.id)


def accounts_are_chosen(stage: Stage) -> None:
    """A disabled account is counted out, and cannot be extracted until it is enabled again."""
    api = stage.customer.api
    first, second = stage.accounts["demo-1001"], stage.accounts["demo-1002"]
    whole = set(stage.accounts)

    def enabled() -> set[str]:
        chosen = every(api.list_accounts, first.connection_id, enabled_for_embedded_extraction=True)
        (connection,) = api.list_connections("demo_ads").results
        found = {account.account_id for account in chosen}
        assert connection.enabled_for_extraction_accounts_number == len(found)
        return found

    change = models.AccountPatch(enabled_for_embedded_extraction=False)
    api.update_account(first.connection_id, first.id, change)
    assert enabled() == whole - {"demo-1001"}
    with pytest.raises(ApiError, match="not enabled"):
        stage.customer.extract(first, days_ago(2), "Not to be")
    assert api.list_data_tables(search="Not to be").count == 0

    changes = [
        models.AccountChange(id=first.id, enabled_for_embedded_extraction=True),
        models.AccountChange(id=second.id, enabled_for_embedded_extraction=False),
    ]
    api.update_accounts(first.connection_id, models.AccountsPatch(accounts=changes))
    assert enabled() == whole - {"demo-1002"}
    changes[1].enabled_for_embedded_extraction = True
    api.update_accounts(first.connection_id, models.AccountsPatch(accounts=changes))
    assert enabled() == whole


def people_outside_are_asked(stage: Stage) -> None:
    """A link is mailed, used once, and makes a connection; a revoked one opens nothing."""
    api = stage.customer.api
    file = stage.imports / "visits.csv"
    file.write_text(_FILE)
    body = {"settings": {"url": file.as_uri()}}
    mailed, revoked = (
        api.create_external_auth_links("file_import", asked)[0]
        for asked in (
            models.ExternalAuthLinksIn(emails=[_CLIENT], message="Please"),
            models.ExternalAuthLinksIn(send_email=False),
        )
    )
    eventually(lambda: stage.mails.mails, "the mail comes")
    assert mailed.url
    assert mailed.url in stage.mails.sent_to(_CLIENT).get_content()

    api.revoke_external_auth_link("file_import", revoked.id)
    assert stage.ask("POST", _HOLD, _link(revoked), body).status_code == 401
    assert stage.ask("POST", _HOLD, _link(mailed), body).status_code == 200
    assert stage.ask("POST", _HOLD, _link(mailed), body).status_code == 401
    listed = {item.id: item for item in every(api.list_external_auth_links, "file_import")}
    assert (listed[mailed.id].status, listed[revoked.id].status) == ("used", "revoked")
    (connection,) = api.list_connections("file_import").results
    assert listed[mailed.id].connection_id == connection.id
    (account,) = api.list_accounts(connection.id).results
    assert account.title == "visits.csv"


def _link(link: models.ExternalAuthLink) -> str:
    return "Link " + (link.url or "").partition("#link=")[2]


def iframes_open_once(stage: Stage) -> None:
    """The URL of an iframe opens a session, once, that connects what it was made for."""
    made = stage.headrace.agency.get_iframe_url(
        models.IframeUrlIn(workspace_id=stage.other.id, datasource_name="demo_ads")
    )
    page, _, code = made.url.partition("#code=")
    assert page.startswith(stage.server.base_url)
    assert stage.ask("GET", page.removeprefix(stage.server.base_url)).status_code == 200
    session = "/api/v3/embed/session"
    opened = stage.ask("POST", session, f"Code {code}").json()
    assert opened["workspace_id"] == stage.other.id
    assert stage.ask("POST", session, f"Code {code}").status_code == 401

    bearer = f"Bearer {opened['token']}"
    path = "/api/v3/datasources/demo_ads/connections"
    connected = stage.ask("POST", path, bearer, {"title": "By hand"}).json()
    (connection,) = stage.other.api.list_connections("demo_ads").results
    assert (connection.id, connection.title) == (connected["id"], "By hand")
    assert stage.ask("GET", "/api/v3/extracts", bearer).status_code == 403


def connections_end(stage: Stage) -> None:
    """With its connection an extract is paused; the rows stay. Both paths do the same."""
    customer = stage.customer

    def by_both_names(connection_id: int) -> None:
        customer.api.delete_connection_of_datasource("demo_ads", connection_id)

    for delete in (customer.api.delete_connection, by_both_names):
        account = customer.connect_network()["demo-1003"]
        extract = customer.extract(account, days_ago(2), f"Ends {account.connection_id}")
        customer.wait_extract(extract)
        rows = customer.rows(extract)
        delete(account.connection_id)
        left = every(customer.api.list_connections, "demo_ads")
        assert account.connection_id not in {item.id for item in left}
        assert customer.api.get_extract(extract.id).status == "paused"
        with pytest.raises(ApiError):
            customer.api.run_extract(extract.id)
        assert customer.rows(extract) == rows != []
        with pytest.raises(NotFound):
            delete(account.connection_id)
