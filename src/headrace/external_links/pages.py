"""The page that an external authentication link opens: who asks, for what, and the form to give it."""

from fastapi import APIRouter, Response

from headrace.external_links.service import PAGE
from headrace.rest.page_shell import page

router = APIRouter(include_in_schema=False)

# Everything shown is set as text, never as markup: the platform's words, the asker's, the source's.
_SCRIPT = """
const secret = new URLSearchParams(location.hash.slice(1)).get("link") ?? "";
const main = document.querySelector("main");
const make = (name, text = "", more = {}) =>
  Object.assign(document.createElement(name), { textContent: text }, more);
const ask = async (method, body) => {
  const answer = await fetch("api/v3/external-auth", {
    method,
    headers: { Authorization: `Link ${secret}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return { ok: answer.ok, dead: answer.status === 401, ...(await answer.json()) };
};
const input = (field) => {
  if (field.options.length) {
    const select = make("select");
    select.append(...field.options.map((one) => make("option", one.label, { value: one.value })));
    return select;
  }
  const type = field.type === "boolean" ? "checkbox" : field.type === "integer" ? "number"
    : field.secret ? "password" : "text";
  return make("input", "", { type, autocomplete: "off" });
};
const value = (field, control) => field.type === "boolean" ? control.checked
  : field.type === "integer" ? Number(control.value) : control.value;
const show = (asked) => {
  const { datasource } = asked;
  const form = make("form");
  const groups = { credentials: datasource.auth.fields, settings: datasource.settings };
  const controls = [];
  for (const [group, fields] of Object.entries(groups)) {
    for (const field of fields) {
      const label = make("label", field.title);
      const control = input(field);
      control.required = field.required && control.type !== "checkbox";
      if (control.type === "checkbox") control.checked = field.initial_value === true;
      else if (field.initial_value != null) control.value = field.initial_value;
      label.append(control);
      form.append(label, make("small", field.description));
      controls.push([group, field, control]);
    }
  }
  const button = make("button", asked.is_reconnect ? "Reconnect" : "Connect");
  const problem = make("p", "", { role: "alert" });
  form.append(button, problem);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    const body = { credentials: {}, settings: {} };
    for (const [group, field, control] of controls) {
      if (control.type === "checkbox" || control.value !== "") {
        body[group][field.name] = value(field, control);
      }
    }
    try {
      const answer = await ask("POST", body);
      if (answer.ok) return say("Thank you: it is connected.");
      if (answer.dead) return say(answer.details);
      problem.textContent = answer.details;
    } catch {
      problem.textContent = "The server does not answer. Try again.";
    }
    button.disabled = false;
  });
  main.replaceChildren(
    make("h1", `Connect ${datasource.title}`),
    make("p", `${asked.requested_by} (${asked.agency_title}) asks you to connect ${datasource.title}.`),
    ...(asked.message ? [make("p", asked.message)] : []),
    form,
  );
};
const say = (text) => main.replaceChildren(make("p", text));
try {
  const asked = await ask("GET");
  if (asked.ok) show(asked); else say(asked.details);
} catch {
  say("The server does not answer. Try again later.");
}
"""


@router.get(PAGE)
def show_link() -> Response:
    """Answer the page; it knows of no link, and no other page may show it (S44)."""
    return page("Connect", _SCRIPT, "frame-ancestors 'none'")
