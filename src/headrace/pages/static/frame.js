// What a page in an iframe tells the page that shows it. It speaks to one origin: the one that was
// named when the iframe's URL was minted.

import { onPage } from "./page.js";

const { origin, session } = document.body.dataset;

/** Send one message to the host page; nowhere if the page stands by itself. */
export const tell = (message) => {
  if (origin && parent !== window) parent.postMessage(message, origin);
};

/** Send one of our own messages: `headrace.<name>`, with what it is about. */
export const signal = (name, more = {}) => tell({
  type: `headrace.${name}`,
  version: 1,
  session_id: session,
  request_id: document.body.dataset.request,
  timestamp: new Date().toISOString(),
  ...more,
});

let height = 0;
const measure = () => {
  const now = Math.ceil(document.getElementById("page")?.getBoundingClientRect().height ?? 0);
  if (now && now !== height) signal("resize", { height: height = now });
};
const watch = new ResizeObserver(measure);

onPage(() => {
  watch.disconnect();
  watch.observe(document.getElementById("page"));
  const { signal: name } = document.body.dataset;
  if (name) signal(name);
});
