// The page of branding: pictures are read into the form, and the sample follows what is typed.

import { ask, onPage } from "./page.js";

const PAUSE = 250; // milliseconds without typing before the sample is asked for

const content = (file) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.addEventListener("load", () => done(reader.result.slice(reader.result.indexOf(",") + 1)));
  reader.addEventListener("error", () => failed(reader.error));
  reader.readAsDataURL(file);
});

const takePictures = (part) => {
  const [input, kept] = [part.querySelector("input"), part.closest("form").elements[part.dataset.file]];
  part.hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    const isTaken = !file || (file.size <= Number(part.dataset.most) && input.accept.split(",").includes(file.type));
    input.setCustomValidity(isTaken ? "" : part.dataset.wrong);
    input.reportValidity();
    kept.value = "";
    if (!file || !isTaken) return;
    const read = await content(file).catch(() => "");
    if (input.files[0] === file) kept.value = read;
  });
};

const follow = (sample, form) => {
  let waiting = null;
  let set = [];
  const show = async () => {
    const typed = new URLSearchParams();
    for (const name of ["accent", "accent_dark", "radius", "font"]) typed.set(name, form.elements[name].value);
    const answer = await ask(`${sample.dataset.sample}?${typed}`).catch(() => null);
    if (!answer?.ok) return;
    const declared = (await answer.text()).split("; ").filter(Boolean).map((one) => one.split(": "));
    for (const one of sample.querySelectorAll(".sample")) {
      for (const name of set) one.style.removeProperty(name);
      for (const [name, value] of declared) one.style.setProperty(name, value);
    }
    set = declared.map(([name]) => name);
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, PAUSE);
  });
};

const met = new WeakSet();
onPage((root) => {
  const sample = root.querySelector("[data-sample]");
  if (!sample || met.has(sample)) return;
  met.add(sample);
  const form = document.querySelector("#form");
  follow(sample, form);
  for (const part of form.querySelectorAll("[data-file]")) takePictures(part);
});
