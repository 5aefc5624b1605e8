// The window in which somebody came back from a platform: it hands the way back to the page that
// opened it, and closes. Where there is none, or it does not answer, the person is asked instead.

import { onPage } from "./page.js";

const patience = 1500;

onPage(() => {
  const part = document.getElementById("returned");
  const { authorization, receipt } = part?.dataset ?? {};
  if (!authorization || !opener) return;
  const asking = part.querySelector('[data-when="asking"]');
  const finishing = part.querySelector('[data-when="finishing"]');
  const wait = (isWaiting) => {
    if (asking) asking.hidden = isWaiting;
    if (finishing) finishing.hidden = !isWaiting;
  };
  wait(true);
  const timer = setTimeout(() => wait(false), patience);
  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.source !== opener) return;
    if (event.data?.type !== "headrace.received" || event.data.authorization !== authorization) return;
    clearTimeout(timer);
    close();
  });
  try {
    opener.postMessage({ type: "headrace.returned", authorization, receipt: receipt ?? "" }, location.origin);
  } catch {
    wait(false);
  }
});
