"""Pages on which extracts are made: of which connection, what, of which accounts, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Response
from sqlalchemy import func
from sqlalchemy.orm import Session

from headrace.access.errors import PermissionMissing
from headrace.access.permissions import Permission
from headrace.connections import queries as connection_queries
from headrace.connections import service as connections
from headrace.connections.models import Account, Connection
from headrace.connectors.contract import Setting, SettingType
from headrace.extracts import creation
from headrace.extracts.schemas import ExtractIn
from headrace.iframe import connect_sources as sources
from headrace.iframe import option_pickers, schedules
from headrace.iframe.option_pickers import Picker
from headrace.pages.forms import DATE, Field, Form
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import Posted, PostedForm
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.errors import AppError
from headrace.rest.outside import CallsOutside
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.templates import options, presentation, preview
from headrace.templates import queries as template_queries
from headrace.templates import service as templates
from headrace.templates.models import ExtractTemplate
from headrace.templates.options import KeptOptions
from headrace.templates.schemas import OptionsIn, PreviewIn

router = page_router()
Creator = Annotated[WorkspaceVisit, page_visit(Permission.EXTRACT_CREATE)]
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.EXTRACT_VIEW)]

MOST_ACCOUNTS = 1000
"""How many accounts one form makes extracts of, as the API's operation does."""
_SHOWN_ACCOUNTS = 200
_LISTS = (SettingType.MULTI_SELECT, SettingType.DYNAMIC_MULTI_SELECT)
_PREVIEWED_ACCOUNTS = 3
_ASKED_ACCOUNTS = 3
_TITLE = Field(
    "data_table_title",
    N_("Name of the data table"),
    required=True,
    description=N_("The rows of all accounts go there, told apart by account."),
)
_HISTORY = Field(
    "sync_historical_data",
    N_("History from"),
    DATE,
    description=N_("The first day to read. Left empty: a year, or as far back as there is."),
)


@dataclass(frozen=True)
class Making:
    """What a page of this area is about: the connection, the template, and what was typed.

    accounts: those that may be extracted, the first of them. chosen_*: what is ticked. pickers: the
    settings whose options the platform knows.
    """

    connection: Mapping[str, Any]
    template: ExtractTemplate
    accounts: Sequence[Any]
    accounts_number: int
    form: Form
    chosen_accounts: frozenset[int]
    chosen_fields: frozenset[str]
    is_all: bool = False
    pickers: tuple[Picker, ...] = ()
    preview: Mapping[str, Any] | None = None

    @property
    def account_ids(self) -> list[int]:
        """The accounts to make extracts of."""
        if self.is_all:
            return [row.id for row in self.accounts]
        return [row.id for row in self.accounts if row.id in self.chosen_accounts]


@router.get("/extracts/new")
def begin(
    visit: Creator,
    session: DbSession,
    connection_id: str = "",
    template_id: str = "",
    search: str = "",
) -> Response:
    """Answer the next choice to make: a connection, a template, then the rest in one form."""
    usable = _usable_connections(visit, session)
    if connection_id.isdigit():
        usable = [row for row in usable if row.id == int(connection_id)]
    if len(usable) != 1:
        return render(visit, "extracts/new_connection.html", connections=usable, icon=_icon)
    if template_id.isdigit():
        return _form_page(visit, _making(visit, session, usable[0].id, int(template_id)))
    rows = template_queries.template_rows(visit.scope, usable[0].datasource_name)
    rows = template_queries.filtered(rows, search or None, None)
    spec = connections.connector_named(usable[0].datasource_name).spec
    best = spec.paid_media.template if spec.paid_media else ""
    is_other = (func.coalesce(ExtractTemplate.code, "") != best).label("is_other")
    is_global = ExtractTemplate.agency_id.is_(None).label("is_global")
    in_order = (is_other, ExtractTemplate.is_wide, ExtractTemplate.title)
    return render(
        visit,
        "extracts/new_template.html",
        connection=usable[0],
        templates=session.execute(rows.add_columns(is_other, is_global).order_by(*in_order)).all(),
        search=search,
    )


@router.post("/extracts/new")
def make(
    visit: Creator,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    posted: PostedForm,
) -> Response:
    """Create the extracts, or show some real rows of what they would read."""
    ids = (int(posted.text(name, "0") or 0) for name in ("connection_id", "template_id"))
    making = _typed(_making(visit, session, *ids), posted)

    def again(refusal: Refusal) -> Response:
        return _form_page(visit, replace(making, form=making.form.refused(refusal)))

    with shown_again(again):
        if posted.text("do") == "preview":
            body = _preview_body(making)
            rows = preview.preview(session, visit.scope, resources, calls, making.template.id, body)
            return _form_page(visit, replace(making, preview=rows))
        made = creation.create(session, visit.scope, ExtractIn.model_validate(_body(making)))
    if len(made) == 1:
        return redirect(visit, f"/extracts/{made[0]['id']}", said="extracts_created")
    return redirect(visit, "/extracts", said="extracts_created")


@router.post("/extracts/options")
def look_up_options(
    visit: Viewer,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    kept: KeptOptions,
    posted: PostedForm,
) -> Response:
    """Answer the form as it was sent, with options of one of its settings from the platform."""
    # Looking them up takes the right to look, over the API as here; the form is for who may use it.
    if not visit.may(Permission.EXTRACT_CREATE):
        raise PermissionMissing(Permission.EXTRACT_CREATE)
    ids = (int(posted.text(name, "0") or 0) for name in ("connection_id", "template_id"))
    making = _typed(_making(visit, session, *ids), posted)
    name, page = option_pickers.question(posted)

    def looked_up(picker: Picker) -> Picker:
        if picker.setting.name != name or not making.account_ids:
            return picker
        body = _options_body(making, picker, page)
        source = making.template.datasource_name
        try:
            found = options.load(session, visit.scope, resources, calls, kept, source, body)
        except AppError as error:
            return picker.refused(Refusal.of_error(error))
        return picker.answered(found, (row.title for row in _asked(making)), page)

    return _form_page(visit, replace(making, pickers=tuple(map(looked_up, making.pickers))))


@router.post("/extracts/quick")
def make_at_once(visit: Creator, session: DbSession, posted: PostedForm) -> Response:
    """Create extracts of all accounts from a template as it is: one click, sensible defaults."""
    ids = (int(posted.text(name, "0") or 0) for name in ("connection_id", "template_id"))
    making = replace(_making(visit, session, *ids), is_all=True)

    def again(refusal: Refusal) -> Response:
        return _form_page(visit, replace(making, form=making.form.refused(refusal)))

    with shown_again(again):
        body = {
            "data_table_title": making.template.title,
            "template_id": making.template.id,
            "accounts": making.account_ids,
        }
        made = creation.create(session, visit.scope, ExtractIn.model_validate(body))
    return redirect(visit, f"/extracts/{made[0]['id']}", said="extracts_created")


def _usable_connections(visit: WorkspaceVisit, session: Session) -> Sequence[Any]:
    rows = connection_queries.connection_rows(visit.scope).where(Connection.status == "active")
    return session.execute(rows.order_by(Connection.title, Connection.id)).all()


def _making(
    visit: WorkspaceVisit, session: Session, connection_id: int, template_id: int
) -> Making:
    connection = connections.row(session, visit.scope, connection_id)
    template = templates.get_of(session, visit.scope, connection["datasource_name"], template_id)
    rows = connection_queries.account_rows(visit.scope, connection_id)
    rows = connection_queries.filtered(rows, True, True, None)
    rows = rows.order_by(Account.title, Account.id).limit(MOST_ACCOUNTS)
    accounts = session.execute(rows).all()
    form = _first_form(template)
    return Making(
        connection=connection,
        template=template,
        accounts=accounts,
        accounts_number=connection["enabled_for_extraction_accounts_number"],
        form=form,
        chosen_accounts=frozenset(row.id for row in accounts[:1]),
        chosen_fields=frozenset(template.selected_fields),
        is_all=len(accounts) > 1,
        pickers=option_pickers.pickers(_picked(template), form, Posted()),
    )


def _first_form(template: ExtractTemplate) -> Form:
    report = templates.connector_of(template).spec.report(template.report)
    settings = [_setting_field(template, item) for item in report.settings]
    history = [_HISTORY] if report.date_field is not None else []
    values = {"data_table_title": template.title}
    if template.scheduling:
        values |= schedules.values_of(template.scheduling[0])
    return Form.of((_TITLE, *settings, *history, *schedules.FIELDS), values)


def _setting_field(template: ExtractTemplate, item: Setting) -> Field:
    """Return the field of a setting; a list without known choices stands in lines."""
    value = template.settings.get(item.name, item.initial_value)
    if option_pickers.is_picked(templates.connector_of(template), item):
        return option_pickers.picked_field(item, value)
    if isinstance(value, list) and not item.choices:
        value = "\n".join(value)
    return Field.of_setting(item, option_pickers.WITHIN, initial=value)


def _picked(template: ExtractTemplate) -> list[Setting]:
    """Return the settings whose options the platform can be asked for."""
    connector = templates.connector_of(template)
    report = connector.spec.report(template.report)
    return [item for item in report.settings if option_pickers.is_picked(connector, item)]


def _settings(making: Making) -> dict[str, Any]:
    """Return the custom settings that were typed in; lines are a list where one is meant."""
    given: dict[str, Any] = making.form.body().get("settings", {})
    report = templates.connector_of(making.template).spec.report(making.template.report)
    for item in report.settings:
        if item.type in _LISTS and isinstance(given.get(item.name), str):
            lines = (line.strip() for line in given[item.name].splitlines())
            given[item.name] = [line for line in lines if line]
    return given


def _typed(making: Making, posted: Posted) -> Making:
    picked = _picked(making.template)
    form = option_pickers.with_typed(making.form.typed(posted), picked, posted)
    return replace(
        making,
        form=form,
        pickers=option_pickers.pickers(picked, form, posted),
        chosen_accounts=frozenset(int(item) for item in posted.all("accounts") if item.isdigit()),
        chosen_fields=frozenset(posted.all("fields")),
        is_all=posted.text("which") == "all",
    )


def _body(making: Making) -> dict[str, Any]:
    given = making.form.body()
    known = [item.name for item in _fields(making) if item.name in making.chosen_fields]
    return {
        "data_table_title": given.get("data_table_title", ""),
        "template_id": making.template.id,
        "accounts": making.account_ids,
        "template_settings": {
            "fields": known or None,
            "additional_params": _settings(making),
            "scheduling": [schedules.scheduling_of(making.form.values)],
            "sync_historical_data": given.get("sync_historical_data"),
        },
    }


def _preview_body(making: Making) -> PreviewIn:
    wanted = set(making.account_ids[:_PREVIEWED_ACCOUNTS])
    return PreviewIn.model_validate(
        {
            "connection_id": making.connection["id"],
            "custom_settings": _settings(making),
            "fields": [item.name for item in _fields(making) if item.name in making.chosen_fields],
            "accounts": [row.account_id for row in making.accounts if row.id in wanted],
        }
    )


def _asked(making: Making) -> list[Any]:
    """The accounts whose options are shown: of many, the first ones."""
    wanted = set(making.account_ids[:_ASKED_ACCOUNTS])
    return [row for row in making.accounts if row.id in wanted]


def _options_body(making: Making, picker: Picker, page: int) -> OptionsIn:
    return OptionsIn(
        template_id=making.template.id,
        connection_id=making.connection["id"],
        account_ids=[row.account_id for row in _asked(making)],
        custom_setting_name=picker.setting.name,
        search_query=picker.search,
        page=page,
        page_size=option_pickers.PAGE_SIZE,
    )


def _fields(making: Making) -> Sequence[Any]:
    report = templates.connector_of(making.template).spec.report(making.template.report)
    return report.fields


def _form_page(visit: WorkspaceVisit, making: Making) -> Response:
    fields = presentation.fields(_fields(making), making.template.selected_fields)
    refusal = making.form.refusal
    return render(
        visit,
        "extracts/new.html",
        status=refusal.status if refusal else 200,
        making=making,
        accounts=making.accounts[:_SHOWN_ACCOUNTS],
        fields=fields,
        chosen=making.chosen_fields,
        pickers={item.name: item for item in making.pickers},
        most_accounts=MOST_ACCOUNTS,
    )


def _icon(datasource_name: str) -> str:
    return sources.source(connections.connector_named(datasource_name)).icon
