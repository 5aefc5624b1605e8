// Copies what stands in a read-only field: <button data-copies="id of the field" hidden>, which shows
// where there are scripts. What came of it is said in the [data-copied] beside it.

import { onPage } from "./page.js";

const copied = async (field) => {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // In a frame the host page may not have allowed the clipboard; the older way asks nobody.
    field.select();
    return document.execCommand("copy");
  }
};

onPage((root) => {
  for (const button of root.querySelectorAll("[data-copies]")) {
    const field = document.getElementById(button.dataset.copies);
    const said = button.closest("[data-copy]").querySelector("[data-copied]");
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      const { copied: done, notCopied } = said.dataset;
      said.textContent = await copied(field) ? done : notCopied;
    });
  }
});
