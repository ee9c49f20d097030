// The query form, made quicker: Ctrl+Enter, missing prefixes, examples to edit, the cursor where a mistake is.
(() => {
  const form = document.getElementById("ask");
  const text = document.getElementById("query");
  const add = document.getElementById("add-prefixes");
  const LONGEST = 6000; // Characters of a query up to which the address holds it.

  // Put a query into the form; an editor that stands in its place is told.
  const write = (query, from = 0, to = from) => {
    text.value = query;
    text.dispatchEvent(new CustomEvent("written", { detail: { from, to } }));
    if (text.offsetParent) {
      text.focus();
      text.setSelectionRange(from, to);
    }
  };

  // The prefixes of this graph that a query uses without declaring them, as lines of its head.
  const missing = (query) => {
    const bare = query.replace(/"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|<[^<>\s]*>|#[^\n]*/g, " ");
    const declared = new Set([...query.matchAll(/PREFIX\s+([\w.-]*):/gi)].map((found) => found[1]));
    const used = new Set([...bare.matchAll(/(?<![\w?$:.-])([A-Za-z][\w.-]*):/g)].map((found) => found[1]));
    const lines = document.getElementById("prefixes").textContent.split("\n");
    return lines.filter((line) => {
      const prefix = /^PREFIX (.*?):/.exec(line)?.[1];
      return used.has(prefix) && !declared.has(prefix);
    });
  };

  const offer = () => { add.hidden = missing(text.value).length === 0; };
  text.addEventListener("input", offer);
  text.addEventListener("written", offer);
  add.addEventListener("click", () => {
    const head = missing(text.value).map((line) => `${line}\n`).join("");
    write(head + text.value, head.length);
  });

  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const go = form.querySelector(".go");
      if (go) form.requestSubmit(go);
    }
  });

  // The usual limit need not be said in the address, and a long query goes by POST.
  form.addEventListener("submit", (event) => {
    const limit = document.getElementById("timeout");
    limit.disabled = Number(limit.value) === Number(limit.dataset.most);
    if (!event.submitter?.hasAttribute("formmethod")) form.method = text.value.length > LONGEST ? "post" : "get";
  });
  addEventListener("pageshow", () => { document.getElementById("timeout").disabled = false; });

  for (const link of document.querySelectorAll("a.example")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "edit";
    button.textContent = form.dataset.again;
    button.setAttribute("aria-label", `${form.dataset.again}: ${link.textContent}`);
    button.addEventListener("click", () => {
      write(new URL(link.href).searchParams.get("query"));
      form.scrollIntoView({ block: "start" });
    });
    link.after(button);
  }

  // A copy of plain files has one page for all queries: what a link asks stands in its address alone.
  const asked = new URLSearchParams(location.search).get("query");
  if ("static" in form.dataset && asked) write(asked);

  const { line, column, length } = text.dataset;
  if (line) {
    const before = text.value.split("\n").slice(0, line - 1).join("\n");
    const at = before.length + (line > 1 ? 1 : 0) + Number(column) - 1;
    text.focus({ preventScroll: true });
    text.setSelectionRange(at, at + Number(length));
    text.scrollTop = Math.max(0, line - 4) * parseFloat(getComputedStyle(text).lineHeight);
  }
  offer();
})();
