"""Every operation of the contract does what it says, on one whole server, through the client."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.conftest import CHIEF
from e2e.stories import (
    agency,
    automated,
    deliveries,
    extracts,
    recipes,
    sources,
    templates,
    webhooks,
)
from e2e.stories.stage import CallRecord, Stage
from fakes.api_callers import PASSWORD
from fakes.certificates import Authority
from fakes.held_network import HeldNetwork
from fakes.mail_server import mail_server
from fakes.receiver import receiving
from fakes.server import Server
from headrace.client import Headrace
from headrace.db import embedded

_STORIES = (
    agency.workspaces_are_kept,
    agency.roles_decide,
    agency.dashboards_are_the_workspaces_own,
    sources.sources_are_connected,
    sources.accounts_are_chosen,
    sources.people_outside_are_asked,
    sources.iframes_open_once,
    templates.templates_are_made,
    templates.wide_templates_are_checked,
    templates.previews_store_nothing,
    templates.options_narrow_what_is_read,
    templates.validation_foretells_creation,
    extracts.extracts_fill_one_table,
    extracts.extracts_are_changed,
    extracts.extracts_run_on_demand,
    extracts.wide_extracts_migrate,
    deliveries.destinations_are_connected,
    deliveries.loads_deliver,
    deliveries.loads_run_by_themselves,
    deliveries.fields_are_chosen,
    deliveries.new_tables_are_loaded,
    recipes.recipes_build_tables,
    automated.templates_tell_what_they_stand_on,
    automated.recipes_build_of_what_is_read,
    webhooks.endpoints_get_what_they_asked_for,
    webhooks.secrets_are_replaced,
    webhooks.deleted_endpoints_get_nothing,
    sources.connections_end,
)


@pytest.fixture
def stage(open_folder: Path, network: HeldNetwork, tmp_path: Path) -> Iterator[Stage]:
    """`headrace up` with everything around it that it may call."""
    authority, imports = Authority(tmp_path), open_folder / "imports"
    imports.mkdir()
    record = CallRecord()
    with receiving(authority.server("127.0.0.1")) as receiver, mail_server(tmp_path) as mails:
        server = Server.at(
            open_folder / "stage",
            base_urls=f'{{"demo_ads": "{network.base_url}"}}',
            ca_bundle=authority.bundle,
            file_import_roots=imports,
            smtp_url=f"smtp+plain://127.0.0.1:{mails.port}",
            mail_from="Acme Data <no-reply@example.com>",
        )
        server.start("up")
        server.wait_until_it_answers()
        server.sign_up(CHIEF)

        def new_client(username: str, password: str) -> Headrace:
            return Headrace(server.base_url, username, password, on_answer=record)

        with new_client(CHIEF, PASSWORD) as headrace:
            yield Stage(server, network, receiver, mails, imports, new_client, record, headrace)
        network.let_go()
        server.stop_everything()
        embedded.stop(embedded.start(server.home)[0])


def test_every_operation_does_what_it_says(stage: Stage) -> None:
    for story in _STORIES:
        story(stage)
    assert stage.record.missing() == []
