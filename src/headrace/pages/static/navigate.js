// Makes pages quicker and kinder; each works without it, except where the session is an in-memory
// token: then every link and form is asked for here.

import { announcePage, ask, hasBearer, onPage } from "./page.js";

const typing = 250;
const parse = (text) => new DOMParser().parseFromString(text, "text/html");
const inside = (url) => url.origin === location.origin && url.pathname.startsWith(`${document.body.dataset.base}/`) || url.pathname === document.body.dataset.base;

// A thin line that says something is under way; only where it takes a moment.
let waiting = 0;
const during = async (work) => {
  const bar = Object.assign(document.createElement("div"), { className: "progress-bar" });
  bar.setAttribute("role", "presentation");
  waiting += 1;
  const timer = setTimeout(() => waiting && document.body.append(bar), 150);
  try { return await work; } finally { waiting -= 1; clearTimeout(timer); bar.remove(); }
};

/** Put a fetched document in the place of this one: all but its scripts, which are here or imported. */
export const show = async (text, url, push = true) => {
  const found = parse(text);
  if (push) history.pushState(null, "", url); else history.replaceState(null, "", url);
  document.title = found.title;
  for (const name of ["lang", "dir", "data-theme", "class"]) {
    const value = found.documentElement.getAttribute(name);
    if (value === null) document.documentElement.removeAttribute(name);
    else document.documentElement.setAttribute(name, value);
  }
  for (const { name } of [...document.body.attributes]) document.body.removeAttribute(name);
  for (const { name, value } of found.body.attributes) document.body.setAttribute(name, value);
  document.querySelector("#page").replaceWith(document.adoptNode(found.querySelector("#page")));
  for (const sheet of found.querySelectorAll('link[rel="stylesheet"]')) {
    if (!document.querySelector(`link[href="${sheet.getAttribute("href")}"]`)) document.head.append(document.adoptNode(sheet));
  }
  for (const script of found.querySelectorAll('script[type="module"][src]')) await import(script.getAttribute("src"));
  announcePage(document.body);
  const start = document.querySelector('[role="alert"], [autofocus]') ?? document.querySelector("main");
  start?.setAttribute("tabindex", start.getAttribute("tabindex") ?? "-1");
  start?.focus({ preventScroll: true });
  scrollTo(0, 0);
};

/** Go to another page of this mount. */
export const visit = async (url, options = {}, push = true) => {
  const answer = await during(ask(url, { ...options, headers: { Accept: "text/html", ...options.headers } }));
  if (!(answer.headers.get("Content-Type") ?? "").startsWith("text/html")) return download(answer);
  await show(await answer.text(), answer.redirected || !options.method ? answer.url : location.href, push);
};

const download = async (answer) => {
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: name ?? "" });
  link.click();
  URL.revokeObjectURL(link.href);
};

const encoded = (form, button) => {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form, button ?? null)) if (typeof value === "string") values.append(name, value);
  return values;
};

/** Ask for the page anew and replace one part of it, by its id. */
const refresh = async (id, url) => {
  const answer = await ask(url, { headers: { Accept: "text/html" } });
  const here = document.getElementById(id);
  const found = answer.ok && parse(await answer.text()).getElementById(id);
  if (!found || !here) return;
  const focused = here.contains(document.activeElement) && document.activeElement.id;
  here.replaceWith(document.adoptNode(found));
  announcePage(found);
  if (focused) document.getElementById(focused)?.focus();
};

// Lists that follow what is typed: <form data-swap="id of the list">.
const swapping = (form) => {
  let timer;
  const go = async () => {
    const url = new URL(form.action);
    url.search = encoded(form);
    await during(refresh(form.dataset.swap, url));
    // The visitor may have gone on meanwhile.
    if (form.isConnected) history.replaceState(null, "", url);
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => form.isConnected && go(), typing); });
  form.addEventListener("submit", (event) => { event.preventDefault(); event.stopPropagation(); clearTimeout(timer); go(); });
};

// Parts that change by themselves: <section id="…" data-live="seconds">; it ends with the attribute.
const living = (part) => {
  const again = async () => {
    if (!part.isConnected) return;
    if (!document.hidden) await refresh(part.id, location.href).catch(() => {});
    if (part.isConnected) setTimeout(again, 1000 * part.dataset.live);
  };
  setTimeout(again, 1000 * part.dataset.live);
};

// What is wrong with a field, in the browser's words, when one leaves it: <form data-check>.
const checked = (form) => {
  const tell = (control) => {
    const field = control.closest(".field");
    if (!field) return;
    const id = `${control.id}-hint`;
    document.getElementById(id)?.remove();
    const others = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
    const isWrong = !control.validity.valid;
    field.classList.toggle("wrong", isWrong || field.querySelector(".problem") !== null);
    if (isWrong) {
      const hint = Object.assign(document.createElement("p"), { id, className: "problem", textContent: control.validationMessage });
      field.append(hint);
      others.push(id);
    }
    control.setAttribute("aria-invalid", String(isWrong));
    if (others.length) control.setAttribute("aria-describedby", others.join(" "));
    else control.removeAttribute("aria-describedby");
  };
  form.noValidate = true;
  form.addEventListener("change", (event) => tell(event.target));
  form.addEventListener("submit", (event) => {
    const controls = [...form.elements].filter((one) => one.willValidate && one.name);
    controls.forEach(tell);
    const wrong = controls.find((one) => !one.validity.valid);
    if (!wrong) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wrong.focus();
  });
};

onPage((root) => {
  for (const form of root.querySelectorAll("form[data-swap]")) swapping(form);
  for (const form of root.querySelectorAll("form[data-check]")) checked(form);
  for (const part of [root, ...root.querySelectorAll("[data-live]")]) if (part.dataset?.live) living(part);
});

// One click, one request; and a second thought where one is asked for.
document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented) return;
  const question = submitter?.dataset.confirm;
  if (question && !confirm(question)) return event.preventDefault();
  if (form.dataset.sent) return event.preventDefault();
  const url = new URL(form.action, location.href);
  if (!hasBearer() || !inside(url)) {
    form.dataset.sent = "1";
    submitter?.classList.add("busy");
    return;
  }
  event.preventDefault();
  const values = encoded(form, submitter);
  submitter?.classList.add("busy");
  if (form.method === "get") { url.search = values; await visit(url); }
  else await visit(url, { method: "POST", body: values });
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll(".button.busy")) button.classList.remove("busy");
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || !hasBearer() || event.defaultPrevented || link.target || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const url = new URL(link.href, location.href);
  if (!inside(url) || (url.hash && url.pathname === location.pathname)) return;
  event.preventDefault();
  visit(url);
});
addEventListener("popstate", () => { if (hasBearer()) visit(location.href, {}, false); });
