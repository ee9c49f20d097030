// YASGUI on top of the plain form, which stays in the page and is hidden only once the editor is there. Its own
// completers ask other sites; ours know the names that this graph uses. It keeps nothing in the browser.
(() => {
  const { Yasgui } = window;
  const form = document.getElementById("ask");
  const text = document.getElementById("query");
  const plain = form.querySelector(".plain");
  if (!Yasgui || !plain) return;
  const { Yasqe, Yasr } = Yasgui;
  const told = form.dataset;
  const LONGEST = 6000; // Characters of a query up to which an address holds it.
  const endpoint = new URL(form.getAttribute("action").split("?")[0], location.href).href;
  let names = { prefixes: {}, classes: [], properties: [] };
  const asked = fetch(told.terms).then((reply) => reply.json()).then((found) => { names = found; });

  const shorten = (iri, used) => {
    const fits = Object.entries(names.prefixes).filter(([, space]) => iri.startsWith(space));
    const [prefix, space] = fits.sort((one, other) => other[1].length - one[1].length)[0] ?? [];
    const rest = space && iri.slice(space.length);
    return rest && /^\w[\w-]*$/.test(rest) && (!used || prefix in used) ? `${prefix}:${rest}` : null;
  };

  // Terms whose IRI, short name or label has what was typed in it; those that begin with it first.
  const search = (terms, token) => {
    const typed = (token?.string ?? "").trim().replace(/^<|>$/g, "").toLowerCase();
    const whole = (token?.autocompletionString ?? typed).toLowerCase();
    const rank = ({ iri, label = "" }) => {
      const said = [iri, shorten(iri) ?? "", label].map((word) => word.toLowerCase());
      const local = iri.split(/[/#]/).pop().toLowerCase();
      if (!typed || said[0].startsWith(whole) || said[1].startsWith(typed)) return 0;
      if (local.startsWith(typed) || said[2].startsWith(typed)) return 1;
      return said.some((word) => word.includes(typed)) ? 2 : 3;
    };
    const ranked = terms.map((term, place) => [rank(term), place, term]).filter(([grade]) => grade < 3);
    return ranked.sort((one, other) => one[0] - other[0] || one[1] - other[1]).slice(0, 100).map(([, , { iri }]) => iri);
  };

  const completer = (kind) => ({
    name: `graph-${kind}`,
    bulk: false,
    get: async (_, token) => { await asked; return search(names[kind], token); },
    // As a short name; the prefix is declared with it.
    postProcessSuggestion: (_, __, iri) => shorten(iri) ?? `<${iri}>`,
    postprocessHints: (_, hints) => hints.map((hint) => {
      const term = names[kind].find(({ iri }) => hint.text === `<${iri}>` || hint.text === shorten(iri));
      return { ...hint, displayText: term?.label ? `${hint.text}  ${term.label}` : hint.text };
    }),
  });

  const completers = () => {
    Yasqe.forkAutocompleter("class", completer("classes"));
    Yasqe.forkAutocompleter("property", completer("properties"));
    Yasqe.forkAutocompleter("prefixes", {
      name: "graph-prefixes",
      bulk: false,
      onInitialize: undefined,
      get: async (_, token) => {
        await asked;
        const typed = (token?.string ?? "").trim();
        return Object.entries(names.prefixes).map(([prefix, space]) => `${prefix}: <${space}>`).filter((line) => line.startsWith(typed));
      },
    });
    Yasqe.defaults.autocompleters = ["variables", "graph-prefixes", "graph-classes", "graph-properties"];
  };

  // A view of a result that the server draws: the same map and the same chart as on the page.
  const drawn = (view, label, fits) => class {
    constructor(yasr) { this.yasr = yasr; }
    priority = view === "turtle" ? 5 : 1;
    label = label;
    getIcon() { return undefined; }
    canHandleResults() {
      const { results } = this.yasr;
      if (!results || results.hasError()) return false;
      if (!fits || isGraph()) return !fits && isGraph();
      return Boolean(results.getVariables()?.length && results.getBindings()) && fits(results);
    }
    async draw() {
      const reply = await fetch(pageOf({ view }), { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const found = page.querySelector("#result .drawn, #result .turtle, #result .note, #problem");
      if (found) this.yasr.resultsEl.replaceChildren(document.importNode(found, true));
    }
  };
  const columns = (results, test) => results.getVariables().filter((v) => results.getBindings().some((row) => row[v] && test(row[v], v)));
  const numeric = ({ datatype = "" }) => /#(integer|decimal|double|float|int|long|short)$/.test(datatype);

  const isGraph = () => ["CONSTRUCT", "DESCRIBE"].includes(yasgui.getTab().getYasqe().getQueryType());
  const query = () => yasgui.getTab().getYasqe().getValue();
  const pageOf = (also) => {
    const address = new URL(endpoint);
    for (const [key, value] of new FormData(form)) if (!["query", "timeout"].includes(key)) address.searchParams.append(key, value);
    for (const [key, value] of Object.entries({ query: query(), ...also })) address.searchParams.set(key, value);
    return address.href;
  };

  const views = () => {
    Yasr.registerPlugin("map", drawn("map", told.map, (results) =>
      columns(results, ({ value }, v) => /lat|lon|lng/i.test(v) || /^\s*(<[^>]*>)?\s*POINT\s*\(/i.test(value)).length > 0));
    Yasr.registerPlugin("chart", drawn("chart", told.chart, (results) =>
      results.getBindings().length > 1 && results.getVariables().length > 1 && columns(results, numeric).length > 0));
    Yasr.registerPlugin("turtle", drawn("turtle", told.turtle, undefined));
    Yasr.defaults.pluginOrder = ["table", "map", "chart", "turtle", "response"];
    Yasr.defaults.errorRenderers = [mistake];
    Object.assign(Yasr.plugins.table.defaults.tableConfig.language, { info: "_START_–_END_ / _TOTAL_", infoEmpty: "0", infoFiltered: "(_MAX_)", zeroRecords: "–" });
  };

  // What is wrong, as the server says it, and the cursor at the place.
  const mistake = async (error) => {
    let problem;
    try { problem = JSON.parse(error.text); } catch { problem = { title: told.failed, detail: "" }; }
    const box = document.createElement("div");
    box.className = "error";
    box.setAttribute("role", "alert");
    const head = document.createElement("h2");
    const place = told.place.replace("{line}", problem.line).replace("{column}", problem.column);
    head.textContent = problem.line ? `${problem.title}: ${place}` : problem.title;
    box.append(head, ...[problem.detail, problem.hint].filter(Boolean).map((said) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = said;
      return paragraph;
    }));
    if (problem.line) mark(problem.line - 1, problem.column - 1);
    return box;
  };
  const mark = (line, column) => {
    const document_ = yasgui.getTab().getYasqe().getDoc();
    const length = /^(?:[^\s{}();,]+|.)?/.exec(document_.getLine(line)?.slice(column) ?? "")[0].length;
    document_.getAllMarks().filter((found) => found.className === "mistake").forEach((found) => found.clear());
    document_.markText({ line, ch: column }, { line, ch: column + Math.max(length, 1) }, { className: "mistake" });
    document_.setCursor({ line, ch: column });
    yasgui.getTab().getYasqe().focus();
  };

  // Links to things of this graph stay on this site, wherever it is served.
  const here = (link) => {
    if (!link.href.startsWith(told.base)) return;
    const rest = link.href.slice(told.base.length);
    const plainly = /^[\w/#-][\w/#.-]*$/.test(rest) && !rest.includes("./");
    link.href = told.home + (plainly ? rest : `resource?iri=${encodeURIComponent(link.href)}`);
    link.target = "_self";
  };

  let yasgui;
  const build = () => {
    completers();
    views();
    const place = document.createElement("div");
    place.className = "editor";
    form.before(place);
    yasgui = new Yasgui(place, {
      persistenceId: null,
      autofocus: false,
      populateFromUrl: false,
      endpointCatalogueOptions: { getData: () => [], keys: [] },
      requestConfig: {
        endpoint,
        acceptHeaderGraph: "text/turtle,application/problem+json;q=0.9",
        acceptHeaderSelect: "application/sparql-results+json,application/problem+json;q=0.9",
      },
      yasqe: { value: text.value, persistenceId: null, editorHeight: `${Math.min(24, Math.max(9, text.rows)) * 1.45}rem` },
      yasr: { persistenceId: null, prefixes: () => names.prefixes },
    });
    return place;
  };

  let place;
  try {
    place = build();
  } catch (error) {
    console.warn("The editor could not start; the plain form stays.", error);
    document.querySelector(".editor")?.remove();
    return;
  }
  const tab = yasgui.getTab();
  const yasqe = tab.getYasqe();
  yasqe.setValue(text.value);
  plain.hidden = true;
  const live = document.createElement("div");
  live.id = "live";
  live.className = "yasgui";
  live.hidden = true;
  const heading = document.createElement("h2");
  heading.textContent = told.result;
  live.append(heading, tab.getYasr().rootEl, document.createElement("p"));
  live.lastChild.className = "downloads";
  form.after(live);
  live.querySelector(".yasr_response_chip").setAttribute("role", "status");
  tab.getYasr().config.plugins.table.dynamicConfig = { compact: true };
  for (const view of ["table", "response"]) live.querySelector(`.select_${view} span`).textContent = told[view];
  form.addEventListener("submit", (event) => {
    if (!event.submitter?.classList.contains("go")) return;
    event.preventDefault();
    yasqe.query().catch(() => {});
  });
  place.querySelector("textarea").setAttribute("aria-label", told.editor);

  // Read for each query: the graphs and the limit of the form, and by POST where an address would be too long.
  yasqe.on("queryBefore", () => {
    const said = [...new FormData(form)].filter(([key, value]) => key.endsWith("-graph-uri") || (key === "timeout" && value !== form.elements.timeout.dataset.most));
    tab.setRequestConfig({ method: query().length > LONGEST ? "POST" : "GET", args: said.map(([name, value]) => ({ name, value })) });
  });
  yasqe.on("change", () => {
    text.value = yasqe.getValue();
    text.dispatchEvent(new Event("input"));
  });
  text.addEventListener("written", ({ detail }) => {
    const at = yasqe.getDoc();
    if (yasqe.getValue() !== text.value) yasqe.setValue(text.value);
    at.setSelection(at.posFromIndex(detail.from), at.posFromIndex(detail.to));
    yasqe.focus();
  });
  // The server's result goes when there is one of the editor's; the address then is that of the new one.
  yasgui.on("query", () => {
    document.getElementById("result").replaceChildren();
    document.getElementById("problem")?.remove();
    yasqe.getDoc().getAllMarks().filter((found) => found.className === "mistake").forEach((found) => found.clear());
    // A graph is read best as Turtle, and solutions as a table.
    const yasr = tab.getYasr();
    if (["table", "turtle"].includes(yasr.getSelectedPluginName())) yasr.selectedPlugin = isGraph() ? "turtle" : "table";
    history.replaceState(null, "", query().length > LONGEST ? endpoint : pageOf({}));
  });
  yasqe.on("queryResponse", (_, response) => {
    live.hidden = false;
    live.lastChild.hidden = !response.ok;
    const formats = JSON.parse(told.formats)[isGraph() ? "graph" : "solutions"];
    live.lastChild.replaceChildren(told.download, ...formats.flatMap(([name, suffix, label], place_) => {
      const link = document.createElement("a");
      link.href = pageOf({ format: name });
      link.download = `result${suffix}`;
      link.textContent = label;
      return [place_ ? ", " : " ", link];
    }));
  });
  // Its words in the language of the page.
  const words = JSON.parse(told.words);
  const translate = (element, property) => {
    const said = words[element[property]?.trim()];
    if (said && said !== element[property]) element[property] = said;
  };
  const count = live.querySelector(".yasr_response_chip");
  new MutationObserver(() => {
    live.querySelectorAll(".tableControls span").forEach((span) => translate(span, "textContent"));
    live.querySelectorAll(".tableFilter").forEach((field) => { translate(field, "placeholder"); translate(field, "ariaLabel"); });
    const [, rows, seconds] = /^(\d+) results? in ([\d.]+) seconds?$/.exec(count.textContent) ?? [];
    if (rows) count.textContent = told.count.replace("{rows}", rows).replace("{seconds}", seconds);
    live.querySelectorAll("a.iri").forEach(here);
    live.querySelectorAll("select:not([aria-label])").forEach((list) => list.setAttribute("aria-label", told.size));
    live.querySelectorAll("textarea:not([aria-label])").forEach((raw) => raw.setAttribute("aria-label", told.response));
  }).observe(live, { childList: true, subtree: true });
  const { line, column } = text.dataset;
  if (line) mark(line - 1, column - 1);
})();
