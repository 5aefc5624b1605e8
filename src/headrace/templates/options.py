"""Options of custom settings that only the source knows, per account, kept for a short while."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from headrace.connections.models import Connection
from headrace.connectors.abilities import OffersOptions, OptionsRequest
from headrace.connectors.contract import Choice, Connector, Report, Setting, SettingType
from headrace.kit import clock
from headrace.kit.outcomes import OutsideError, TryLater
from headrace.kit.told import told, told_by
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.templates import queries, service
from headrace.templates.errors import SettingWithoutOptions, SourceRefused
from headrace.templates.schemas import MOST_OPTIONS_A_PAGE, OptionsIn
from headrace.templates.source import PATIENCE_SECONDS, Source, asked, connection_of, source_of
from headrace.tenancy.scope import WorkspaceScope

MOST_OPTIONS = 10_000
"""How many options of one account are read; a source that offers more shows the first."""

_FRESH_FOR = timedelta(seconds=60)
_MOST_KEPT = 500
_FIXED = (SettingType.SELECT, SettingType.MULTI_SELECT)
_DYNAMIC = (SettingType.DYNAMIC_SELECT, SettingType.DYNAMIC_MULTI_SELECT)

Options = tuple[Choice, ...]


class OptionsKept:
    """What sources offered a moment ago, in this process; safe to share between threads.

    Keys hold the workspace and the connection as it is, so that nobody meets another's (S14).
    """

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[datetime, Options]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Options | None:
        """Return what was kept less than a minute ago."""
        with self._lock:
            at, options = self._kept.get(key, (None, None))
            return options if at is not None and clock.now() - at < _FRESH_FOR else None

    def keep(self, key: Hashable, options: Options) -> None:
        """Keep options; the oldest go where there are too many."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (clock.now(), options)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _options_kept(request: Request) -> OptionsKept:
    kept: OptionsKept = request.app.state.options_kept
    return kept


KeptOptions = Annotated[OptionsKept, Depends(_options_kept)]


@dataclass(frozen=True)
class Question:
    """Which options are asked for, of one connection."""

    scope: WorkspaceScope
    connection: Connection
    report: Report
    setting: Setting

    def key(self, account_id: str) -> Hashable:
        """What the options of an account are kept under: new credentials ask anew."""
        connection = self.connection
        place = (self.scope.workspace_id, connection.id, connection.updated_at)
        return (*place, self.report.name, self.setting.name, account_id)


def load(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    kept: OptionsKept,
    datasource_name: str,
    body: OptionsIn,
) -> dict[str, Any]:
    """Return a page of options for each account, as `CustomSettingOptionsResponse` (contract 3.17).

    Raises:
        NotFound: if there is no such template.
        DataSourceUnknown, ConnectionUnfit, SettingWithoutOptions: as their names say.
        TooManyCalls: if the workspace has too many calls to sources under way.
        SourceRefused: with the source's own words.
    """
    template = service.get_of(session, scope, datasource_name, body.template_id)
    report = service.connector_of(template).spec.report(template.report)
    setting = _setting(report, body.custom_setting_name)
    connection = connection_of(session, scope, body.connection_id, datasource_name)
    question = Question(scope, connection, report, setting)
    wanted = list(dict.fromkeys(body.account_ids))
    accounts = queries.accounts_by_remote_id(session, scope, connection.id, wanted)
    if setting.type in _FIXED:
        found = dict.fromkeys(accounts, setting.choices)
    else:
        remembered = {item: kept.find(question.key(item)) for item in accounts}
        found = {item: options for item, options in remembered.items() if options is not None}
        missing = [account for item, account in accounts.items() if item not in found]
        if missing:
            source = source_of(resources, connection, missing)
            read = _reader(question, source.connector, kept)
            try:
                found |= asked(session, scope, resources, calls, source, read)
            except OutsideError as error:
                raise SourceRefused(told_by(error)) from error
    return {
        "custom_setting_name": setting.name,
        "accounts": [_page(item, found.get(item, ()), body) for item in wanted],
    }


def _setting(report: Report, name: str) -> Setting:
    setting = next((item for item in report.settings if item.name == name), None)
    if setting is None:
        raise SettingWithoutOptions(told("the template has no setting {name!r}.", name=name[:100]))
    if setting.type not in (*_FIXED, *_DYNAMIC):
        raise SettingWithoutOptions(
            told(
                "{name} is not chosen from options; its type is {type}.",
                name=name,
                type=setting.type,
            )
        )
    return setting


def _reader(
    question: Question, connector: Connector, kept: OptionsKept
) -> Callable[[Source], dict[str, Options]]:
    """Return the work that reads the options of a source's accounts, and keeps them."""
    if not isinstance(connector, OffersOptions):
        raise SettingWithoutOptions(
            told("the source tells no options of {name}.", name=question.setting.name)
        )
    found = connector
    report, setting = question.report.name, question.setting.name

    def read(source: Source) -> dict[str, Options]:
        deadline = clock.now() + timedelta(seconds=PATIENCE_SECONDS)
        answers: dict[str, Options] = {}
        for account in source.accounts:
            if clock.now() >= deadline:
                raise TryLater(
                    told("The source answers too slowly for so many accounts; ask for fewer.")
                )
            offered = found.options(source.access, OptionsRequest(account, report, setting))
            answers[account.remote_id] = tuple(islice(offered, MOST_OPTIONS))
            kept.keep(question.key(account.remote_id), answers[account.remote_id])
        return answers

    return read


def _page(account_id: str, options: Options, body: OptionsIn) -> dict[str, Any]:
    """One account's page; `next` and `previous` are page numbers as text (contract 1.3)."""
    search = body.search_query.strip().casefold()
    if search:
        options = tuple(item for item in options if search in _searched(item))
    size = min(body.page_size, MOST_OPTIONS_A_PAGE)
    start = (body.page - 1) * size
    shown = options[start : start + size]
    return {
        "account_id": account_id,
        "count": len(options),
        "next": str(body.page + 1) if start + size < len(options) else None,
        "previous": str(body.page - 1) if body.page > 1 else None,
        "results": [
            {"value": item.value, "label": item.label, "description": item.description or None}
            for item in shown
        ],
        "search_applied": bool(search),
    }


def _searched(item: Choice) -> str:
    return f"{item.value}\n{item.label}\n{item.description}".casefold()
