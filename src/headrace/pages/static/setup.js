// The first page of a server: takes the setup code out of the address, where the terminal put it.
import { onPage } from "./page.js";

onPage((root) => {
  const field = root.querySelector("#f-code");
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!field || !code) return;
  field.value = code;
  history.replaceState(null, "", location.pathname + location.search);
});
