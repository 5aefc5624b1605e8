// In a frame, a click that changes something counts only where the visitor could see the button: not
// through something that the page around the frame laid over it, and not on a frame made invisible.
// The browser says so (Intersection Observer, version 2). Where it cannot, what deletes or connects
// asks on a page or in a window of its own.

import { onPage } from "./page.js";

const longEnough = 250; // milliseconds in sight before a click counts
const patience = 1500; // how long a click waits for that
const acts = 'form[method="post"] :is(button:not([type="button"]), input[type="submit"])';

const seen = new WeakMap();
const sight = "isVisible" in IntersectionObserverEntry.prototype
  ? new IntersectionObserver((entries) => {
    for (const { target, isVisible } of entries) {
      if (!isVisible) seen.delete(target);
      else if (!seen.has(target)) seen.set(target, performance.now());
    }
  }, { trackVisibility: true, delay: 100, threshold: [0, 0.25, 0.5, 0.75, 1] })
  : null;

const isInSight = (button) => performance.now() - (seen.get(button) ?? Infinity) >= longEnough;

const complain = (form) => {
  form.parentNode.querySelector(".covered")?.remove();
  const said = document.getElementById("covered").content.cloneNode(true);
  form.before(said);
};

const later = async (button) => {
  const end = performance.now() + patience;
  while (performance.now() < end) {
    await new Promise((go) => setTimeout(go, 50));
    if (!button.isConnected) return;
    if (isInSight(button)) return button.form.requestSubmit(button);
  }
  complain(button.form);
};

if (sight) {
  onPage((root) => { for (const button of root.querySelectorAll(acts)) sight.observe(button); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(acts);
    // A key has no place on the page that something could be laid over.
    if (!button || !event.isTrusted || event.detail === 0 || isInSight(button)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    sight.observe(button);
    later(button);
  }, { capture: true });
}
