// What the modules of a page share: when there is a page, and how to ask the server for another one.

let bearer = null;

/** Where third-party cookies are off, the session's token; it is in memory alone. */
export const keepBearer = (token) => { bearer = token; };
export const hasBearer = () => bearer !== null;

let askedAt = Date.now();
/** How long ago, in milliseconds, the server was last asked: what a session's life is counted from. */
export const idle = () => Date.now() - askedAt;

/** Ask this server, as whoever visits the page. */
export const ask = (url, options = {}) => {
  askedAt = Date.now();
  const headers = new Headers(options.headers);
  if (bearer) headers.set("Authorization", `Bearer ${bearer}`);
  return fetch(url, { ...options, headers, credentials: "same-origin" });
};

/** Call a function with the part of the document that is new: now, and after each swap. */
export const onPage = (enhance) => {
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => enhance(document.body), { once: true });
  } else enhance(document.body);
  document.addEventListener("headrace:page", (event) => enhance(event.detail.root));
};

/** Say that a part of the document is new. */
export const announcePage = (root) =>
  document.dispatchEvent(new CustomEvent("headrace:page", { detail: { root } }));

export const base = () => document.body.dataset.base ?? "";
