// Connecting a data source: the window of the platform, and what the host page is told of it.

import { signal, tell } from "./frame.js";
import { show, visit } from "./navigate.js";
import { ask, onPage } from "./page.js";

const every = 1000;
let popup = null;

/** Open the platform's window, in the click itself: after a wait for the server, browsers block it. */
export const openWindow = (url = "") => {
  popup = open(url, "headrace-authorize", "popup,width=620,height=760");
  return popup;
};

let asksStatus = true;
let finished = (url, body) => visit(url, { method: "POST", body }, false);
/** Let another module say how an authorization is finished on its page, where no session asks for it. */
export const finishWith = (carryOut) => { finished = carryOut; asksStatus = false; };

const errorOf = (part) => ({
  error_type: part.dataset.errorType,
  error_code: part.dataset.errorCode,
  error_message: part.dataset.errorMessage,
  display_message: part.querySelector("p").textContent,
  retryable: part.dataset.retryable === "true",
});

const authorizing = (form) => form.addEventListener("submit", async (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  openWindow();
  form.querySelector("button:not([type])")?.classList.add("busy");
  const body = new URLSearchParams(new FormData(form));
  const answer = await ask(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
  if (!answer.ok) popup?.close();
  await show(await answer.text(), location.href, false);
});

const waiting = (part) => {
  const { authorization, datasource, finish } = part.dataset;
  const link = document.getElementById("open");
  const states = [...part.querySelectorAll("[data-when]")];
  const say = (name) => {
    for (const state of states) state.hidden = state.dataset.when !== name;
    const problem = part.querySelector(`[data-when="${name}"] [data-error-code]`);
    if (problem) signal("auth_error", { datasource_name: datasource, error: errorOf(problem) });
  };
  // The window and the server may both say that it is done: the first to say so is followed.
  let isFinishing = false;
  const isHere = () => part.isConnected && !isFinishing;
  const watch = () => {
    if (!isHere() || !popup) return;
    if (!popup.closed) return setTimeout(watch, every);
    // Some platforms cut the tie to the window: what came of it is asked for, not guessed.
    popup = null;
    setTimeout(() => isHere() && say("closed"), every);
  };
  const started = () => {
    say("waiting");
    signal("auth_started", { datasource_name: datasource });
    watch();
  };
  if (link) {
    if (popup && !popup.closed) { popup.location.replace(link.href); started(); } else { popup = null; say("blocked"); }
    link.addEventListener("click", (event) => {
      if (openWindow(link.href)) { event.preventDefault(); started(); }
    });
  }
  const heard = async (event) => {
    if (!isHere()) return removeEventListener("message", heard);
    const { data } = event;
    if (event.origin !== location.origin || data?.type !== "headrace.returned" || data.authorization !== authorization) return;
    removeEventListener("message", heard);
    isFinishing = true;
    popup = null;
    event.source?.postMessage({ type: "headrace.received", authorization }, location.origin);
    const body = new URLSearchParams({ receipt: data.receipt });
    await finished(finish, body);
  };
  addEventListener("message", heard);
  const poll = async () => {
    if (!isHere() || !asksStatus) return;
    const answer = document.hidden ? null : await ask(`${finish}/status`).catch(() => null);
    const told = answer?.ok ? await answer.json() : null;
    if (told && isHere() && told.status !== "pending" && told.status !== "returned" && told.status !== "connecting") {
      removeEventListener("message", heard);
      isFinishing = true;
      return visit(finish, {}, false);
    }
    setTimeout(poll, 2 * every);
  };
  setTimeout(poll, 2 * every);
};


// Searching as one types: the form is sent as its search button would, and the list replaced.
const choosing = (form) => {
  let timer;
  const send = async (submitter) => {
    const body = new URLSearchParams(new FormData(form, submitter));
    const answer = await ask(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("results");
    const here = document.getElementById("results");
    if (answer.ok && found && here) here.replaceWith(document.adoptNode(found));
  };
  const field = form.elements.search;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => send(form.querySelector('button[value="search"]')), 250);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    const { submitter } = event;
    if (submitter?.value === "connect") {
      signal("accounts_selected", {});
    } else if (submitter && submitter.value !== "cancel") {
      event.preventDefault();
      send(submitter);
    }
  });
};

const connected = (part) => {
  const { connection, datasource, workspace, reconnect } = part.dataset;
  const about = { connection_id: Number(connection), datasource_name: datasource, workspace_id: Number(workspace) };
  const url = new URL(location.href);
  if (!url.searchParams.has("told")) {
    // As published; the rest of what is told is ours.
    tell({ type: reconnect === "true" ? "ConnectionUpdated" : "ConnectionCreated", ...about });
    if (reconnect === "true") signal("connection_updated", about);
    url.searchParams.set("told", "1");
    history.replaceState(null, "", url);
  }
  for (const exit of part.querySelectorAll("[data-exit]")) {
    exit.hidden = false;
    exit.addEventListener("click", () => signal("exit", { reason: "done" }));
  }
};

const met = new WeakSet();
onPage((root) => {
  const found = (selector) => {
    const part = root.matches?.(selector) ? root : root.querySelector(selector);
    if (!part || met.has(part)) return null;
    met.add(part);
    return part;
  };
  const form = found("form[data-authorize]");
  if (form) authorizing(form);
  const source = found("#connect");
  if (source) signal("provider_selected", { datasource_name: source.dataset.datasource });
  const wait = found("#waiting");
  if (wait) waiting(wait);
  const accounts = found("form#accounts");
  if (accounts) choosing(accounts);
  const done = found("#connected");
  if (done) connected(done);
  const problem = found(":is(#outcome, #connect) [data-error-code]");
  if (problem) {
    const { datasource } = problem.closest("[data-datasource]").dataset;
    signal("auth_error", { datasource_name: datasource, error: errorOf(problem) });
    if (problem.dataset.errorCode === "provider_denied") signal("exit", { reason: "denied" });
  }
});
