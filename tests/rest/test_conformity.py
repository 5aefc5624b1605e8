"""Every operation answers what the document says it answers: statuses, members, types, headers."""

from typing import Any

from jsonschema import Draft202012Validator

from fakes.callers import basic
from fakes.pipelines import PipelineFake, connect_file
from headrace.app import create_app
from headrace.rest.openapi import api_routes
from headrace.settings import Settings
from rest.published import DOCUMENT, FORMATS, OPERATIONS, Everything


def _steps(pipeline: PipelineFake, recipe_id: int) -> list[tuple[str, int, Any]]:
    """Each operation once, with its status and body, in an order that works; None lets work end."""
    file = {"settings": {"url": pipeline.file.as_uri()}}
    off = {"enabled_for_embedded_extraction": True}
    table = {"title": "Renamed", "selected_fields": ["day", "campaign", "spend"]}
    load = {
        "data_table_id": pipeline.data_table_id,
        "destination_connection_id": pipeline.destination_id,
        "destination_table": "second",
        "run_policy": "schedule",
        "scheduling": {"interval": "week", "days": 6},
    }
    extracts = {
        "data_table_title": "Second",
        "template_id": pipeline.template_id,
        "accounts": [pipeline.account_id],
        "template_settings": {"scheduling": [{"date_range": {"type": "max"}}]},
    }
    template = {"parent_id": pipeline.template_id, "title": "Narrow", "fields": []}
    listed = pipeline.workspace.get(f"/api/v3/connections/{pipeline.connection_id}/accounts")
    asked = {"fields": ["day"], "accounts": [listed["results"][0]["account_id"]]}
    preview = {"connection_id": pipeline.connection_id} | asked
    options = {
        "template_id": pipeline.template_id,
        "connection_id": pipeline.connection_id,
        "account_ids": ["x"],
        "custom_setting_name": "nothing",
    }
    wide = {"extract_id": pipeline.extract_id, "fields": ["day"]}
    path = {"path": "other.duckdb"}
    role = {"title": "Another", "permissions": {"load": ["run"]}}
    hook = {"url": "https://127.0.0.1:9/other", "event_types": ["load_failed", "unknown"]}
    step = {"kind": "sql", "name": "more", "sql": "SELECT * FROM file_import_orders"}
    recipe = {"title": "Another", "steps": [step]}
    watching = {
        "template_id": "3",
        "connections": [
            {"connection_id": pipeline.connection_id, "accounts": [pipeline.account_id]}
        ],
        "trigger": "manual",
    }
    reads = [
        (name, 200, None)
        for name, operation in DOCUMENT.operations.items()
        if operation.method == "GET"
    ]
    return [
        ("create_token", 200, {"workspace_id": pipeline.workspace.id}),
        ("create_session", 200, None),
        ("create_workspace", 201, {"title": "Another"}),
        ("update_workspace", 200, {"title": "Renamed", "description": "d", "id": 7}),
        ("create_role", 201, role),
        ("create_role", 400, role),
        ("update_role", 200, {"description": "d"}),
        ("create_user", 201, {"username": "ada@example.com"}),
        ("create_user", 400, {"username": "ada@example.com"}),
        ("update_user", 200, {"name": "Grace"}),
        ("add_member", 201, {"username": "ada@example.com", "role_id": 1}),
        ("add_member", 409, {"username": "ada@example.com", "role_id": 1}),
        ("change_member", 200, {"role_id": 2}),
        ("create_connection", 201, file),
        ("reauthorize_connection", 200, file | {"title": "Renamed"}),
        ("", 0, None),
        ("check_connection", 200, None),
        ("refresh_accounts", 200, None),
        ("refresh_accounts", 409, None),
        ("", 0, None),
        ("update_accounts", 200, {"accounts": [{"id": pipeline.account_id} | off]}),
        ("update_account", 200, off),
        ("begin_authorization", 201, {"title": "By OAuth"}),
        ("begin_authorization", 400, {"settings": {"rows_per_day": "many"}}),
        ("put_connector_settings", 400, {"client_id": "1029"}),
        ("put_connector_settings", 200, {"client_id": "1029", "client_secret": "s"}),
        ("put_branding", 200, {"name": "Acme", "accent": "#7a1fa2", "accent_dark": "#d9a2f0"}),
        ("put_branding", 400, {"logo": "PHN2Zz4="}),
        ("create_template", 201, template),
        ("create_template", 400, template),
        ("update_template", 403, {"title": "Global ones stay"}),
        ("delete_template", 403, None),
        ("preview_template", 200, preview),
        ("validate_template", 200, {"accounts": [pipeline.account_id]}),
        ("load_custom_setting_options", 400, options),
        ("migrate_wide_extract", 400, wide),
        ("create_extracts", 201, extracts),
        ("", 0, None),
        ("replace_extract", 200, {}),
        ("update_extract", 200, {"scheduling": [{"interval": "month", "days": 30}]}),
        ("run_extract", 200, None),
        ("run_extract", 409, {}),
        ("", 0, None),
        ("pause_extract", 200, None),
        ("run_extract", 400, None),
        ("unpause_extract", 200, None),
        ("update_data_table", 200, table),
        ("create_destination_connection", 201, {"title": "d", "conenctions_params": path}),
        ("update_destination_connection", 200, {"create_load_for_new_tables": True}),
        ("reauthorize_destination_connection", 200, {"connections_params": path}),
        ("recheck_destination_connection", 409, None),
        ("", 0, None),
        ("recheck_destination_connection", 200, None),
        ("", 0, None),
        ("create_load", 201, load),
        ("update_load", 200, {"run_policy": "manual"}),
        ("run_load", 200, {"full": True}),
        ("run_load", 409, None),
        ("", 0, None),
        ("pause_load", 200, None),
        ("run_load", 400, None),
        ("unpause_load", 200, None),
        ("create_webhook_endpoint", 201, hook),
        ("create_webhook_endpoint", 400, hook),
        ("update_webhook_endpoint", 200, {"event_types": ["load_failed", "load_failed"]}),
        ("try_webhook_endpoint", 201, None),
        ("cancel_run", 409, None),
        ("retry_run", 409, None),
        ("replay_runs", 200, {"kind": "extract"}),
        ("redeliver_webhook_delivery", 200, None),
        ("replay_webhook_deliveries", 200, {"since": "2026-01-01T00:00:00Z"}),
        ("verify_webhook_endpoint", 400, None),
        ("get_iframe_url", 200, {"workspace_id": pipeline.workspace.id}),
        ("create_recipe", 201, recipe),
        ("create_recipe", 400, recipe),
        ("replace_recipe", 200, {"title": "Renamed"}),
        ("update_recipe", 200, {"description": "d"}),
        ("create_recipe_step", 201, step),
        ("replace_recipe_step", 200, step | {"name": "rows"}),
        ("update_recipe_step", 200, {"sql": "SELECT campaign FROM file_import_orders"}),
        ("enable_recipe", 200, {"recipe_id": recipe_id}),
        ("build_recipe", 409, None),
        ("activate_recipe", 200, None),
        ("", 0, None),
        ("build_recipe", 200, None),
        ("build_recipe", 409, None),
        ("", 0, None),
        ("open_embed_session", 200, None),
        ("create_external_auth_links", 201, {"send_email": False}),
        ("create_automated_recipe", 201, watching),
        ("create_automated_recipe", 400, watching | {"template_id": 99}),
        ("update_automated_recipe", 200, watching | {"trigger": "on_extraction"}),
        ("build_automated_recipe", 200, None),
        ("create_dashboard_image_link", 201, {"form": "svg", "lifetime_days": 1}),
        ("", 0, None),
        *reads,
        ("end_dashboard_image_links", 204, None),
        ("delete_connector_settings", 204, None),
        ("delete_connector_settings", 404, None),
        ("delete_automated_recipe", 204, None),
        ("delete_automated_recipe", 404, None),
        ("remove_member", 204, None),
        ("delete_role", 200, None),
        ("delete_role", 404, None),
        ("fulfil_external_auth", 200, file),
        ("fulfil_external_auth", 401, file),
        ("revoke_external_auth_link", 200, None),
        ("revoke_external_auth_link", 400, None),
        ("regenerate_webhook_secret", 200, None),
        ("try_webhook_endpoint", 409, {"event_type": "load_failed"}),
        ("redeliver_webhook_delivery", 409, None),
        ("delete_webhook_endpoint", 204, None),
        ("delete_webhook_endpoint", 404, None),
        ("deactivate_recipe", 200, None),
        ("delete_recipe_step", 204, None),
        ("disable_recipe", 204, None),
        ("enable_recipe", 201, {"recipe_id": recipe_id}),
        ("delete_recipe", 204, None),
        ("delete_recipe", 404, None),
        ("delete_load", 204, None),
        ("delete_load", 404, None),
        ("delete_extract", 204, None),
        ("delete_connection", 204, None),
        ("delete_connection_of_datasource", 404, None),
    ]


def test_every_operation_answers_as_documented(
    everything: Everything, pipeline: PipelineFake
) -> None:  # S97
    called = set()
    for name, status, body in _steps(pipeline, everything.ids["recipe_id"]):
        if not name:
            everything.workspace.run_everything()
            continue
        options: dict[str, Any] = {} if body is None else {"json": body}
        answer = everything.call(name, **options)
        assert answer.status_code == status, f"{name}: {answer.text}"
        called.add(name)
    member = basic(everything.ids["username"])
    answer = everything.call("change_password", json={"password": "another one"}, headers=member)
    assert answer.status_code == 204
    called.add("change_password")
    assert called ^ DOCUMENT.operations.keys() == set()
    again = connect_file(everything.workspace, pipeline.file)
    everything.ids["connection_id"] = again["id"]
    assert everything.call("delete_connection_of_datasource").status_code == 204
    everything.ids["datasource_name"] = "nothing"
    assert everything.call("delete_connection_of_datasource").status_code == 400


def test_lists_hold_what_details_hold(everything: Everything) -> None:
    for list_name, get_name in (
        ("list_extracts", "get_extract"),
        ("list_loads", "get_load"),
        ("list_workspaces", "get_workspace"),
        ("list_destination_connections", "get_destination_connection"),
        ("list_templates", "get_template"),
    ):
        listed = everything.call(list_name).json()["results"]
        detail = everything.call(get_name).json()
        same = next(item for item in listed if item["id"] == detail["id"])
        assert same == {key: detail[key] for key in same}, list_name


def test_both_slash_forms_answer_alike(everything: Everything) -> None:
    for operation in OPERATIONS:
        if operation.method == "GET":
            plain = everything.call(operation.name)
            for form in ("{}/", "{}///"):
                slashed = everything.call(operation.name, form)
                assert slashed.status_code == plain.status_code == 200, operation.path
                assert slashed.history == []
                if operation.answers_json:
                    assert slashed.json() == plain.json(), operation.path


def test_version_31_leads_to_the_same(everything: Everything) -> None:
    for operation in OPERATIONS:
        if operation.method == "GET":
            path = operation.at(everything.ids_of(operation)).replace("/v3/", "/v3.1/") + "/"
            client = everything.workspace.client
            answer = client.get(path, headers=everything.credentials_for(operation))
            DOCUMENT.judge(operation, answer)
            if operation.answers_json:
                assert answer.json() == everything.call(operation.name).json(), path


def test_without_credentials_each_names_its_scheme(everything: Everything) -> None:
    client = everything.workspace.client
    for operation in OPERATIONS:
        path = operation.at(everything.ids_of(operation))
        for query in ("", "?token=abc&access_token=abc&workspace_id=1"):  # S39
            answer = client.request(operation.method, path + query)
            DOCUMENT.judge(operation, answer)
            assert answer.status_code == 401, operation.path
            scheme = answer.headers["WWW-Authenticate"].split()[0]
            assert scheme.lower() in operation.schemes


def test_schemas_have_the_published_names() -> None:
    published = {
        "PaginatedWorkspaceList", "PaginatedDataSourceList", "PaginatedConnectionsList",
        "PaginatedAccountList", "PaginatedExtractTemplateList", "PaginatedExtractList",
        "PaginatedDestinationList", "PaginatedDestinationConnectionList",
        "PaginatedDataTableList", "PaginatedLoadList", "Workspace", "DataSource", "Connection",
        "Account", "ExtractTemplate", "Scheduling", "Field", "AdditionalParams", "Extract",
        "Destination", "DestinationConnection", "DataTable", "TableField", "DataTableDetail", "Load",
    }  # fmt: skip
    assert published <= DOCUMENT.whole["components"]["schemas"].keys()


def test_examples_fit_their_schemas() -> None:
    components = {"components": {"schemas": DOCUMENT.whole["components"]["schemas"]}}
    wrong = []
    for operation in OPERATIONS:
        bodies = [operation.described.get("requestBody", {})]
        bodies += operation.described["responses"].values()
        for body in bodies:
            for content in body.get("content", {}).values():
                judge = Draft202012Validator(content["schema"] | components, format_checker=FORMATS)
                if "example" in content:
                    wrong += [
                        f"{operation.name} {error.json_path}: {error.message[:200]}"
                        for error in judge.iter_errors(content["example"])
                    ]
    assert not wrong


def test_examples_of_bodies_are_accepted() -> None:
    shown = 0
    for route in api_routes(create_app(Settings.model_construct()).routes):
        if route.body_field is None:
            continue
        body = DOCUMENT.operations[route.name].described["requestBody"]
        example = body["content"]["application/json"]["example"]
        _, errors = route.body_field.validate(example, {}, loc=("body",))
        assert not errors, f"{route.name}: {errors}"
        shown += 1
    assert shown > 15
