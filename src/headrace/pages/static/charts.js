// Charts say what one points at, by pointer and by arrow keys; lists of filters can be searched.
// Everything a chart shows is also in the table below it.

import { onPage } from "./page.js";

const parts = (chart) => [...chart.querySelectorAll("path[aria-label]")];

const say = (box, chart, part) => {
  chart.querySelector(".pointed")?.classList.remove("pointed");
  box.textContent = part?.getAttribute("aria-label") ?? "";
  if (!part) return;
  part.classList.add("pointed");
  const around = box.parentElement.getBoundingClientRect();
  const shape = part.getBoundingClientRect();
  const middle = shape.left + shape.width / 2 - around.left;
  const left = Math.min(Math.max(middle - box.offsetWidth / 2, 8), around.width - box.offsetWidth - 8);
  box.style.setProperty("left", `${left}px`);
  box.style.setProperty("top", `${Math.max(shape.top - around.top - box.offsetHeight - 6, 4)}px`);
};

const telling = (chart) => {
  const card = chart.closest(".chart-card");
  const box = card.querySelector("[data-said]");
  const scroll = chart.closest(".chart-scroll");
  let at = -1;
  chart.addEventListener("pointermove", (event) => {
    const part = event.target.closest?.("path[aria-label]");
    at = parts(chart).indexOf(part);
    say(box, chart, part);
  });
  chart.addEventListener("pointerleave", () => say(box, chart, null));
  scroll.addEventListener("blur", () => say(box, chart, null));
  scroll.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") return say(box, chart, null);
    if (!step) return;
    event.preventDefault();
    const all = parts(chart);
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all[at]?.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(box, chart, all[at]);
  });
};

const findable = (list) => {
  const field = list.querySelector("[data-find]");
  field?.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const label of list.querySelectorAll("label.check")) {
      label.hidden = !label.textContent.toLowerCase().includes(wanted);
    }
  });
  document.addEventListener("click", (event) => { if (!list.contains(event.target)) list.open = false; });
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    list.open = false;
    list.querySelector("summary").focus();
  });
};

onPage((root) => {
  for (const chart of root.querySelectorAll("[data-chart]")) telling(chart);
  for (const list of root.querySelectorAll("details[data-some]")) findable(list);
});
