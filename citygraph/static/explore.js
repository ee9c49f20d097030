// Explore without waiting for whole pages: each choice fetches the page that a link or the form would lead to, and puts
// its parts in the place of those here. Where anything goes wrong, the browser goes to that page itself.
"use strict";
(() => {
  const root = document.getElementById("explore");
  const form = document.getElementById("facets");
  const results = document.getElementById("results");
  const count = document.getElementById("how-many");
  const filters = document.getElementById("filters");
  const search = form.elements.q;
  const wide = matchMedia("(min-width: 60rem)");
  const open = () => { if (wide.matches) filters.open = true; };
  let under = null;
  let waiting = 0;

  root.classList.add("scripted");
  wide.addEventListener("change", open);
  open();

  function asked() {
    const said = [...new FormData(form)].filter(([, value]) => value.trim());
    const question = new URLSearchParams(said).toString();
    return form.getAttribute("action") + (question ? `?${question}` : "");
  }

  async function go(address, { typed = false, back = false, focus = null } = {}) {
    if (under) under.abort();
    under = new AbortController();
    results.classList.add("busy");
    try {
      const reply = await fetch(address, { headers: { Accept: "text/html" }, signal: under.signal });
      if (!reply.ok) throw new Error(reply.statusText);
      const next = new DOMParser().parseFromString(await reply.text(), "text/html");
      if (!back) history[typed ? "replaceState" : "pushState"](null, "", address);
      document.title = next.title;
      put(next, typed);
      if (focus) focus();
      results.classList.remove("busy");
    } catch (error) {
      if (error.name !== "AbortError") location.href = address;
    }
  }

  function put(next, typed) {
    const focused = document.activeElement && document.activeElement.id;
    const opened = new Set([...form.querySelectorAll("details[open]")].map((one) => one.id));
    const fresh = next.getElementById("facets");
    filters.querySelectorAll("fieldset").forEach((one) => one.remove());
    filters.querySelector("summary").after(...fresh.querySelectorAll("fieldset"));
    filters.querySelector("summary").textContent = fresh.querySelector("summary").textContent;
    form.querySelectorAll("input[type=hidden]").forEach((one) => one.remove());
    form.prepend(...fresh.querySelectorAll("input[type=hidden]"));
    for (const one of form.querySelectorAll(".search input, .other input, .other select")) {
      const now = fresh.querySelector(`#${CSS.escape(one.id)}`);
      if (now && !(typed && one.id === focused)) one.value = now.value;
    }
    form.querySelectorAll("details").forEach((one) => { if (opened.has(one.id)) one.open = true; });
    // The heading stays, so that a screen reader hears it change.
    count.textContent = next.getElementById("how-many").textContent;
    while (count.nextSibling) count.nextSibling.remove();
    const made = next.getElementById("how-many");
    while (made.nextSibling) results.append(made.nextSibling);
    document.querySelectorAll(".languages a, link[rel=alternate]").forEach((one) => {
      const like = next.querySelector(`${one.tagName}[hreflang="${one.hreflang}"][href]`);
      if (one.hreflang && like) one.setAttribute("href", like.getAttribute("href"));
    });
    if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
  }

  async function suggest() {
    const prefix = search.value.trim();
    if (prefix.length < 2) return;
    const reply = await fetch(`${root.dataset.suggest}?${new URLSearchParams({ prefix, type: root.dataset.kind })}`);
    if (!reply.ok || search.value.trim() !== prefix) return;
    const options = (await reply.json()).result.map(({ name, description }) => {
      const option = document.createElement("option");
      option.value = name;
      option.label = description ? `${name} · ${description}` : name;
      return option;
    });
    search.list.replaceChildren(...options);
  }

  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      suggest().catch(() => {});
      go(asked(), { typed: true });
    }, 250);
  });
  form.addEventListener("change", (event) => {
    if (event.target !== search && form.reportValidity()) go(asked());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    go(asked());
  });
  results.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const here = link && new URL(link.href).pathname === location.pathname && !link.hash;
    if (!here || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const heads = () => [...results.querySelectorAll("thead a")];
    const place = heads().indexOf(link);
    go(link.href, { focus: () => (place >= 0 ? heads()[place] : count).focus() });
  });
  addEventListener("popstate", () => go(location.href, { back: true }));
})();
