// Options that a platform lists: looked up as one types, in the form that they belong to, so that what
// is typed and ticked elsewhere stays. Without this, the button sends the form and its page comes back.

import { announcePage, ask, onPage } from "./page.js";

const typing = 250;

/** Tick in the new part what is ticked in the old one: it may have changed since the question. */
const keepTicks = (here, found) => {
  for (const input of found.querySelectorAll("input:is([type=checkbox], [type=radio])")) {
    const before = here.querySelector(`input[name="${CSS.escape(input.name)}"][value="${CSS.escape(input.value)}"]`);
    if (before) input.checked = before.checked;
  }
};

const picking = (part) => {
  const field = part.querySelector('input[type="search"]');
  const lookUp = part.querySelector('button[name="options"]');
  const silent = part.querySelector("[data-silent]");
  const results = () => part.querySelector("[data-results]");
  let timer, newest = 0, pending = null;

  const send = async (button) => {
    clearTimeout(timer);
    const mine = newest += 1;
    pending = button;
    const body = new URLSearchParams(new FormData(field.form, button));
    results().setAttribute("aria-busy", "true");
    const answer = await ask(button.formAction, { method: "POST", body, headers: { Accept: "text/html" } }).catch(() => null);
    const text = answer ? await answer.text().catch(() => "") : "";
    if (mine !== newest || !part.isConnected) return;
    pending = null;
    const found = new DOMParser().parseFromString(text, "text/html").getElementById(results().id);
    silent.hidden = found !== null;
    if (!found) return results().removeAttribute("aria-busy");
    keepTicks(results(), found);
    results().replaceWith(document.adoptNode(found));
    announcePage(results());
  };

  field.addEventListener("focus", () => send(lookUp), { once: true });
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => send(lookUp), typing); });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    send(lookUp);
  });
  // What is ticked while an answer is under way belongs to the next question.
  part.addEventListener("change", (event) => { if (pending && event.target !== field) send(pending); });
  field.form.addEventListener("submit", (event) => {
    if (!part.contains(event.submitter)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    send(event.submitter);
  }, { capture: true });
};

onPage((root) => { for (const part of root.querySelectorAll("[data-options]")) picking(part); });
