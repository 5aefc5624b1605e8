"""Say which texts of the pages lack a translation, and which translations nobody uses any more."""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract
from jinja2.ext import babel_extract

from headrace.access.catalogue import CATALOGUE
from headrace.access.permissions import SYSTEM_ROLES
from headrace.connections.models import ConnectionStatus
from headrace.connectors.registry import connectors
from headrace.destinations.models import DestinationStatus
from headrace.destinations.params import form
from headrace.events.catalogue import EVENT_TYPES
from headrace.external_links.models import LinkStatus
from headrace.loaders.registry import loaders
from headrace.pages.languages import SOURCE, catalogues
from headrace.runs.models import RunStatus
from headrace.webhooks.models import EndpointStatus

_SOURCE = Path(__file__).parents[1] / "src" / "headrace"
# Refusals name their pattern in `told`, or what is not there in these two.
_NOUNS = ("NotFound", "AlreadyRunning")
_KEYWORDS = {
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "told": None,
    "told_many": (1, 2),
    **dict.fromkeys(_NOUNS),
}
_IN_TEMPLATES = ["_", "gettext", "ngettext"]

Text = str | tuple[str, ...]


def wanted() -> dict[Text, str]:
    """Return every text of code and templates, with a place where it stands; plurals are tuples."""
    found: dict[Text, str] = {}
    for given, place in [
        *_of_code(),
        *_of_templates(),
        *_of_roles(),
        *_of_plugins(),
        *_of_states(),
    ]:
        text = _text(given)
        if text is not None:
            found.setdefault(text, place)
    return found


def translated(tag: str) -> set[Text]:
    """Return the texts that have a translation into a language."""
    return {
        text
        for catalogue in catalogues()[tag]
        for message in catalogue
        if (text := _text(message.id)) and _is_whole(message.string)
    }


def _is_whole(translation: object) -> bool:
    return all(translation) if isinstance(translation, tuple | list) else bool(translation)


def _of_code() -> Iterator[tuple[object, str]]:
    for path in sorted(_SOURCE.rglob("*.py")):
        content = path.read_bytes()
        if not any(f"{keyword}(".encode() in content for keyword in _KEYWORDS):
            continue
        with path.open("rb") as file:
            for line, text, _, _ in extract("python", file, keywords=_KEYWORDS):
                yield text, f"{path.relative_to(_SOURCE)}:{line}"


def _of_templates() -> Iterator[tuple[object, str]]:
    for path in sorted((_SOURCE / "pages" / "templates").rglob("*.html")):
        with path.open("rb") as file:
            options = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}
            for line, _, text, _ in babel_extract(file, _IN_TEMPLATES, [], options):
                yield text, f"{path.relative_to(_SOURCE)}:{line}"


def _of_roles() -> Iterator[tuple[object, str]]:
    """What permissions and the system's roles are called."""
    for layer in CATALOGUE:
        texts = [layer.title, layer.description]
        for entry in layer.entries:
            texts += [entry.title, entry.description]
        yield from ((text, "access/catalogue.py") for text in texts)
    for role in SYSTEM_ROLES.values():
        yield from ((text, "access/permissions.py") for text in (role.title, role.description))


def _of_plugins() -> Iterator[tuple[object, str]]:
    """What connectors and loaders call their inputs, choices, reports and templates."""
    for connector in connectors().values():
        spec, place = connector.spec, f"connectors/sources/{connector.spec.name}"
        asked = [*spec.auth.fields, *spec.settings]
        asked += [one for report in spec.reports for one in report.settings]
        texts = [*spec.categories]
        for template in spec.templates:
            texts += [template.title, template.description]
        for one in asked:
            texts += [one.title, one.description]
        for choice in (choice for one in asked for choice in one.choices):
            texts += [choice.label, choice.description]
        yield from ((text, place) for text in texts)
    for loader in loaders().values():
        place = f"loaders/targets/{loader.spec.name}"
        # What one chooses from there are the API's own values, which the descriptions explain.
        for param in form(loader.spec):
            yield from ((text, place) for text in (param.title, param.description))


def _of_states() -> Iterator[tuple[object, str]]:
    """The words for states that stand in refusals, and what events are about."""
    states = (*RunStatus, *ConnectionStatus, *DestinationStatus, *EndpointStatus, *LinkStatus)
    yield from ((state.value, "a state in a refusal") for state in states)
    yield from ((item.description, "events/catalogue.py") for item in EVENT_TYPES.values())


def _text(found: object) -> Text | None:
    """The text of a call; None where it is not written there, but in a variable."""
    given = found if isinstance(found, tuple | list) else (found,)
    texts = tuple(item for item in given if isinstance(item, str) and item)
    return texts[0] if len(texts) == 1 else texts or None


def main() -> int:
    """Print what lacks, in the form of a catalogue, and what is of no use."""
    texts = wanted()
    lacking = 0
    for tag in sorted(set(catalogues()) - {SOURCE}):
        have = translated(tag)
        for text, place in texts.items():
            if text not in have:
                lacking += 1
                one, *many = [text] if isinstance(text, str) else text
                plural = "".join(f"msgid_plural {_quoted(item)}\n" for item in many)
                empty = 'msgstr[0] ""\nmsgstr[1] ""' if many else 'msgstr ""'
                sys.stdout.write(f"#: {place}\nmsgid {_quoted(one)}\n{plural}{empty}\n\n")
        for text in sorted(map(str, have - texts.keys())):
            sys.stderr.write(f"# {tag}: not used any more: {text}\n")
    return 1 if lacking else 0


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    sys.exit(main())
