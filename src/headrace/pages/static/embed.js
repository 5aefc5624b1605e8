/*! Headrace: shows its pages in yours. Types: embed.d.ts. Messages: embed/messages.json. */
(() => {
  "use strict";

  // A frame, and what it says: only what comes from this very window, at this very origin, counts.
  const start = async (url, options, place) => {
    const address = new URL(typeof url === "function" ? await url() : url, document.baseURI);
    const frame = document.createElement("iframe");
    frame.title = options.title ?? "Connect your accounts";
    frame.referrerPolicy = "no-referrer";
    frame.allow = "clipboard-write";
    Object.assign(frame.style, { border: "0", width: "100%", height: `${options.height ?? 480}px`, display: "block" });
    const handlers = {};
    let isOpen = true;
    const handle = {
      frame,
      on(type, handler) {
        (handlers[type] ??= []).push(handler);
        return handle;
      },
      close() {
        if (!isOpen) return;
        isOpen = false;
        removeEventListener("message", heard);
        frame.remove();
        options.onClose?.();
      },
    };
    for (const [type, handler] of Object.entries(options.on ?? {})) handle.on(type, handler);
    const heard = ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== address.origin || typeof data?.type !== "string") return;
      if (data.type === "headrace.resize" && options.resize !== false) frame.style.height = `${Math.ceil(data.height)}px`;
      for (const handler of [...(handlers[data.type] ?? []), ...(handlers["*"] ?? [])]) handler(data, handle);
    };
    addEventListener("message", heard);
    frame.src = address.href;
    place(frame, handle);
    return handle;
  };

  const embed = (url, options = {}) => {
    const container = typeof options.container === "string" ? document.querySelector(options.container) : options.container;
    if (!container) throw new Error("Headrace.embed: there is no such container");
    return start(url, options, (frame) => container.replaceChildren(frame));
  };

  // A modal in the browser's own dialog: it holds the focus, closes by Escape, and gives the focus back.
  const open = (url, options = {}) =>
    start(url, { ...options, resize: false }, (frame, handle) => {
      const dialog = document.createElement("dialog");
      const button = document.createElement("button");
      dialog.setAttribute("aria-label", frame.title);
      button.type = "button";
      button.textContent = "\u00d7";
      button.setAttribute("aria-label", options.closeLabel ?? "Close");
      Object.assign(dialog.style, { width: "min(46rem, 96vw)", height: "min(54rem, 94vh)", maxWidth: "none", maxHeight: "none", padding: "0", border: "0", borderRadius: "12px", overflow: "hidden", flexDirection: "column", colorScheme: options.theme ?? "light dark", background: "Canvas", color: "CanvasText" });
      Object.assign(button.style, { alignSelf: "end", margin: "4px", width: "40px", height: "40px", border: "0", borderRadius: "8px", background: "none", color: "inherit", font: "26px/1 system-ui", cursor: "pointer" });
      Object.assign(frame.style, { flex: "1", height: "auto", minHeight: "0" });
      dialog.append(button, frame);
      document.body.append(dialog);
      const { close } = handle;
      handle.close = () => { close(); dialog.close(); dialog.remove(); };
      button.addEventListener("click", () => handle.close());
      dialog.addEventListener("close", () => handle.close());
      handle.on("headrace.exit", () => handle.close());
      dialog.showModal();
      dialog.style.display = "flex";
    });

  window.Headrace = Object.freeze({ embed, open });
})();
