"""Forms made from declared fields: what they show, what they send, and what comes back with it."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError

from headrace.connectors.contract import Choice, Setting, SettingType
from headrace.kit.told import as_said, told
from headrace.loaders.contract import Param, ParamType
from headrace.pages.forms import Field, Form, Option
from headrace.pages.languages import Languages
from headrace.pages.posted import Posted
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import part
from headrace.pages.visits import Visit
from headrace.rest.errors import Invalid

SETTINGS = (
    Setting("url", "URL", required=True, description="Where the files are."),
    Setting("token", "Token", secret=True),
    Setting("limit", "Limit", SettingType.INTEGER),
    Setting("deep", "Deep", SettingType.BOOLEAN, initial_value=True),
    Setting("since", "Since", SettingType.DATE),
    Setting("kind", "Kind", SettingType.SELECT, choices=(Choice("a", "A"), Choice("b", "B"))),
    Setting("ways", "Ways", SettingType.MULTI_SELECT, choices=(Choice("x", "X"), Choice("y", "Y"))),
)
TYPED = {
    "settings.url": ["  https://example.com/x  "],
    "settings.token": [" hush "],
    "settings.limit": ["12"],
    "settings.since": ["2026-01-31"],
    "settings.kind": ["b"],
    "settings.ways": ["x", "y"],
}


def form() -> Form:
    return Form.of(Field.of_setting(item, "settings") for item in SETTINGS)


def visit() -> Visit:
    return Visit("/workspaces/1", "/x", (), Languages.read().of("en"), "http://x", "r", "n")


def shown(made: Form) -> str:
    return part(visit(), "kit/form_alone.html", form=made)


def test_what_is_typed_becomes_the_body_of_the_api() -> None:
    assert form().typed(Posted(TYPED)).body() == {
        "settings": {
            "url": "https://example.com/x",
            "token": " hush ",
            "limit": 12,
            "deep": False,
            "since": "2026-01-31",
            "kind": "b",
            "ways": ["x", "y"],
        }
    }


def test_what_is_left_empty_is_left_out() -> None:
    body = form().typed(Posted({name: [""] for name in TYPED})).body()
    assert body == {"settings": {"deep": False, "ways": []}}


@pytest.mark.parametrize(
    ("typed", "value"),
    [("7", 7), ("-7", -7), ("007", 7), ("1.5", "1.5"), ("ten", "ten"), ("٣", "٣"), ("--1", "--1")],
)
def test_a_number_that_is_none_is_left_to_the_service(typed: str, value: Any) -> None:
    made = Form.of([Field("n", "N", "integer")]).typed(Posted({"n": [typed]}))
    assert made.body() == {"n": value}


def test_a_form_shows_what_it_starts_with() -> None:
    html = shown(form())
    assert 'name="settings.deep" checked' in html.replace("  ", " ")
    assert 'type="password"' in html
    assert 'type="number"' in html
    assert 'type="date"' in html
    assert '<label for="f-settings-url">URL</label>' in html
    assert 'aria-describedby="f-settings-url-help"' in html
    assert 'name="settings.url" required' in html


def test_a_refused_form_keeps_what_was_typed_but_no_secret() -> None:
    refusal = Refusal.of_error(Invalid("settings.url", "must lead to a file."))
    html = shown(form().typed(Posted(TYPED)).refused(refusal))
    assert 'value="https://example.com/x"' in html
    assert "hush" not in html
    assert 'aria-invalid="true"' in html
    assert "must lead to a file." in html
    assert '<option value="b" selected>' in html
    # It is said at the field, and not once more on top.
    assert html.count("must lead to a file.") == 1


def test_what_is_wrong_beyond_the_fields_is_said_on_top() -> None:
    made = form().refused(Refusal.of_error(Invalid("accounts", told("choose one."))))
    assert str(made.message) == "accounts: choose one."
    assert "choose one." in shown(made)


def test_markup_in_what_is_typed_is_text() -> None:  # S53
    evil = '"><script>alert(1)</script>'
    made = form().typed(Posted({"settings.url": [evil]}))
    html = shown(made.refused(Refusal(400, as_said(evil), {"settings.url": [as_said(evil)]})))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_markup_in_a_choice_or_a_refusal_is_text() -> None:  # S53
    title = "<b>100% %(x)s</b>"
    choice = Form.of([Field("role", "Role", "select", options=(Option("1", title),))])
    page = shown(choice.refused(Refusal(400, told("a role {title} exists", title=title))))
    assert "<b>" not in page
    assert page.count("&lt;b&gt;100% %(x)s&lt;/b&gt;") == 2


def test_a_kept_secret_need_not_be_typed_again() -> None:
    field = Field.of_param(Param("password", "Password", required=True, secret=True), is_kept=True)
    html = shown(Form.of([field]))
    assert "required" not in html
    assert 'placeholder="Unchanged"' in html


def test_choices_of_destinations_and_of_sources_are_asked_alike() -> None:
    param = Param("mode", "Mode", ParamType.SELECT, choices=("a", "b"))
    assert Field.of_param(param).options == (Option("a", "a"), Option("b", "b"))
    unknown = Setting("where", "Where", SettingType.DYNAMIC_SELECT)
    assert Field.of_setting(unknown).kind == "text"


def test_the_check_of_a_body_names_its_fields() -> None:
    class Body(BaseModel):
        title: str
        inner: dict[str, int]

    with pytest.raises(ValidationError) as caught:
        Body.model_validate({"inner": {"n": "x"}})
    refusal = Refusal.of_validation(caught.value)
    assert [str(one) for one in refusal.at("title")] == ["Field required"]
    assert refusal.at("inner.n")
    assert refusal.at("n") == refusal.at("inner.n")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"a": 1}', "application/json"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"a=%00", "application/x-www-form-urlencoded"),
        ("a=ü".encode(), "application/x-www-form-urlencoded"),
        (b"&".join([b"a=1"] * 20_001), "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    client: TestClient, workspace: Any, body: bytes, kind: str
) -> None:
    from fakes.visitors import in_frame

    visitor = in_frame(workspace)
    answer = client.post(
        f"{visitor.base}/connect/demo_ads",
        content=body,
        headers=visitor.headers | {"Content-Type": kind, "Origin": "http://testserver"},
    )
    assert answer.status_code == 415
    assert "Something went wrong" in answer.text
