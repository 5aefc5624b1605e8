// The page of an external authentication link: each step presents the secret of the link's fragment.

import { finishWith, openWindow } from "./connect.js";
import { show } from "./navigate.js";
import { onPage } from "./page.js";

const secret = new URLSearchParams(location.hash.slice(1)).get("link") ?? "";

const step = async (url, body = new URLSearchParams()) => {
  const headers = { Authorization: `Link ${secret}`, Accept: "text/html" };
  let answer = await fetch(url, { method: "POST", body, headers, credentials: "omit" });
  if (answer.status === 401) answer = await fetch("/connect/ended", { credentials: "omit" });
  await show(await answer.text(), location.href, false);
};

const open = async (part) => {
  const say = (name) => {
    for (const one of part.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== name;
  };
  if (!secret) return;
  say("opening");
  await step("/connect/form").catch(() => say("silent"));
};

finishWith(step);

const met = new WeakSet();
onPage((root) => {
  const opening = root.querySelector("#opening");
  if (opening && !met.has(opening)) {
    met.add(opening);
    opening.querySelector("#again")?.addEventListener("click", () => open(opening));
    open(opening);
  }
  const form = root.querySelector("form[data-link]");
  if (!form || met.has(form)) return;
  met.add(form);
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const button = event.submitter;
    button?.classList.add("busy");
    if (form.dataset.link === "authorize") openWindow();
    await step(form.action, new URLSearchParams(new FormData(form))).catch(() => button?.classList.remove("busy"));
  });
});
