// What a page in an iframe tells the page that shows it. It speaks to one origin: the one that was
// named when the iframe's URL was minted. `messages.schema.json` says what there is to tell.

import { base, hasBearer, idle, onPage } from "./page.js";

const about = () => document.body.dataset;

/** Send one message to the host page; nowhere if the page stands by itself. */
export const tell = (message) => {
  const { origin } = about();
  if (origin && parent !== window) parent.postMessage(message, origin);
};

/** Send one of our own messages: `headrace.<name>`, with what it is about. */
export const signal = (name, more = {}) => tell({
  type: `headrace.${name}`,
  version: 1,
  session_id: about().session,
  request_id: about().request,
  timestamp: new Date().toISOString(),
  ...more,
});

let height = 0;
const watch = new ResizeObserver(([{ target }]) => {
  const now = Math.ceil(target.getBoundingClientRect().height);
  if (now && now !== height) signal("resize", { height: height = now });
});

const isFirst = () => {
  const key = `headrace.ready.${about().session}`;
  try {
    const found = sessionStorage.getItem(key) === null;
    sessionStorage.setItem(key, "1");
    return found;
  } catch {
    return shown === "";
  }
};

// A session that nobody used ends; the page that is left then says so, and tells the host page.
const watchLife = () => {
  const life = 1000 * about().lifetime;
  if (!life || about().signal) return;
  const left = life - idle();
  if (left > 0) return setTimeout(watchLife, left + 1000);
  if (hasBearer()) import("./navigate.js").then(({ visit }) => visit(location.href, {}, false));
  else location.reload();
};

let shown = "";
onPage((root) => {
  if (root !== document.body) return;
  watch.disconnect();
  watch.observe(document.getElementById("page"));
  const { signal: name } = about();
  if (name) return signal(name);
  const page = location.pathname.slice(base().length) || "/";
  if (!base() || page === shown) return;
  // In one window pages come and go; the first of them says that the frame is ready.
  if (isFirst()) signal("ready");
  signal("opened", { page: shown = page });
});
watchLife();
