// Opens an iframe's session: brings the code of the URL, and goes on with the cookie that comes back,
// or, where the browser keeps no cookies of frames, with the session's token in memory.

import { signal } from "./frame.js";
import { visit } from "./navigate.js";
import { keepBearer } from "./page.js";

// The code leaves the address bar before anything is done with it. Whatever the integrator appended
// to the URL may stand behind it: `#code=…?show_account_selection=True`, or with an ampersand.
const given = new URLSearchParams(location.hash.slice(1).replace(/\?/g, "&"));
const asked = new URLSearchParams(location.search);
const code = given.get("code") ?? "";
history.replaceState(null, "", location.pathname + location.search);

const show = (id) => {
  for (const part of ["waiting", "spent", "silent"]) document.getElementById(part).hidden = part !== id;
};

const wanted = () => {
  const passed = new URLSearchParams();
  for (const name of ["show_account_selection", "lang"]) {
    const value = given.get(name) ?? asked.get(name);
    if (value) passed.set(name, value);
  }
  return passed.size ? `?${passed}` : "";
};

const enter = async () => {
  show("waiting");
  const answer = await fetch("/api/v3/embed/session", {
    method: "POST",
    headers: { Authorization: `Code ${code}` },
  });
  if (answer.status >= 500 || answer.status === 429) return show("silent");
  const session = await answer.json();
  if (!answer.ok) {
    show("spent");
    signal("expired", { error: { error_type: "session", error_code: "code_spent", error_message: session.details, display_message: document.querySelector("#spent h1").textContent, retryable: false } });
    return;
  }
  const first = `/embed/${session.session_id}${wanted()}`;
  // Whether the cookie is kept shows when it is asked for.
  const probe = await fetch(first, { credentials: "same-origin" });
  if (probe.ok) return location.replace(first);
  keepBearer(session.token);
  await visit(first, {}, false);
};

const start = () => enter().catch(() => show("silent"));
document.getElementById("again").addEventListener("click", start);
start();
