"""From a visit and a template to an answer: one environment, everything escaped, nothing undefined."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from headrace.kit.told import Told
from headrace.pages.assets import asset
from headrace.pages.policies import page_headers
from headrace.pages.said import said
from headrace.pages.visits import Visit

_HTML = "text/html; charset=utf-8"
SEE_OTHER = 303


def render(
    visit: Visit,
    template: str,
    /,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """Answer a page.

    template: below `pages/templates/`, such as `connections/list.html`. values: what it shows; it
    also has `visit`, `language` and what `base.html` defines. headers: beside those of every page.
    """
    text = part(visit, template, **values)
    own = page_headers(visit.nonce, visit.frame_ancestors)
    return Response(text, status, {**own, **(headers or {})}, media_type=_HTML)


def part(visit: Visit, template: str, /, **values: Any) -> str:
    """Return what a template makes of the values, as HTML."""
    found = _ENVIRONMENT.get_template(template)
    return found.render(visit=visit, language=visit.language, **values)


def redirect(visit: Visit, path: str, /, said: str | None = None, **query: Any) -> Response:
    """Answer that the next page is another one of this mount: what every form that worked does.

    said: the code of a text that the next page shows (`pages.said`).
    """
    headers = page_headers(visit.nonce, visit.frame_ancestors)
    headers["Location"] = visit.link(path, said=said, **query)
    return Response(status_code=SEE_OTHER, headers=headers)


@pass_context
def _gettext(context: Context, text: str, **values: object) -> Markup:
    """A text in the visitor's language; what people typed comes by here too, as a choice's label."""
    visit: Visit = context["visit"]
    found = escape(visit.language.gettext(text))
    return found % values if values else found


@pass_context
def _ngettext(context: Context, one: str, many: str, number: int, **values: object) -> Markup:
    visit: Visit = context["visit"]
    found = escape(visit.language.catalogue.ngettext(one, many, number))
    return found % {"num": number, **values}


@pass_context
def _told(context: Context, message: Told | str | None) -> str:
    """Say a message in the visitor's language, such as a refusal."""
    visit: Visit = context["visit"]
    return visit.language.told(message) if message else ""


@pass_context
def _stored(context: Context, text: str | None, message: Told | None) -> str:
    """Say in the visitor's language what was stored as a text and its message."""
    visit: Visit = context["visit"]
    return visit.language.stored(text, message)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("headrace.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # The extension's own way (newstyle) would take every text for HTML, and for a pattern.
    made.install_gettext_callables(_gettext, _ngettext, newstyle=False)  # type: ignore[attr-defined]  # added by the extension
    made.filters.update(told=_told, stored=_stored)
    made.globals.update(asset=asset, said=said)
    return made


_ENVIRONMENT = _environment()
