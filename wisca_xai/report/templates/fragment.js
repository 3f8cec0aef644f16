(() => {
  const view = document.currentScript && document.currentScript.previousElementSibling;
  if (!view || !view.classList.contains("wisca-view")) return;
  const host = document.createElement("div");
  view.replaceWith(host);
  host.attachShadow({ mode: "open" }).append(view);
})();
