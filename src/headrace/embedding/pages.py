"""The page that an iframe's URL opens: it exchanges the code, and says what the session is for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from headrace.embedding import queries
from headrace.embedding.origins import frame_ancestors
from headrace.embedding.service import PAGE
from headrace.rest.page_shell import page
from headrace.rest.session import DbSession

router = APIRouter(include_in_schema=False)

# The code leaves the address bar before anything is done with it. Whatever the integrator appended
# to the URL (`show_account_selection=True` is published) may stand behind it.
_SCRIPT = """
const given = new URLSearchParams(location.hash.slice(1).replace("?", "&"));
history.replaceState(null, "", location.pathname + location.search);
const main = document.querySelector("main");
const say = (...lines) => main.replaceChildren(...lines.map((line) => {
  const paragraph = document.createElement("p");
  paragraph.textContent = line;
  return paragraph;
}));
try {
  const answer = await fetch("../api/v3/embed/session", {
    method: "POST",
    headers: { Authorization: `Code ${given.get("code") ?? ""}` },
  });
  const session = await answer.json();
  if (!answer.ok) {
    say("This page cannot be opened again. Go back and open it anew.", session.details);
  } else {
    const what = session.datasource_name ?? session.destination_name;
    say(
      what ? `This session is open for connecting ${what}.` : "This session is open.",
      `It may: ${session.permissions.join(", ")}.`,
    );
  }
} catch {
  say("The server does not answer. Go back and open this page anew.");
}
"""


@router.get(PAGE)
def show_frame(
    db: DbSession, session: Annotated[str, Query(description="The session's id.")] = ""
) -> Response:
    """Answer the page; only the host page that was named when its URL was minted may show it."""
    try:
        origin = queries.origin_of_frame(db, UUID(session))
    except ValueError:
        origin = None
    return page("Connect", _SCRIPT, frame_ancestors(origin))
