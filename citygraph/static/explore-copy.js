// Explore on a copy of the site that no server stands behind: the rows of the page carry what they are filtered by.
"use strict";
(() => {
  const root = document.getElementById("explore");
  const form = document.getElementById("facets");
  const results = document.getElementById("results");
  const count = document.getElementById("how-many");
  const filters = document.getElementById("filters");
  const table = results.querySelector("table");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const names = [...new Set(boxes.map((box) => box.name))];
  const words = root.dataset;
  const wide = matchMedia("(min-width: 60rem)");
  const open = () => { if (wide.matches) filters.open = true; };
  const strokes = { ł: "l", ø: "o", đ: "d", æ: "ae", œ: "oe", ı: "i", ə: "e", þ: "th", ð: "d", ß: "ss" };
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().normalize("NFKD")
    .replace(/\p{M}/gu, "").replace(/[łøđæœıəþðß]/g, (letter) => strokes[letter]);
  const param = (link) => new URL(link.href, location.href).searchParams.get("sort") || "";
  const columns = heads.map((head) => param(head.firstElementChild).replace("-", ""));
  const usual = columns[heads.findIndex((head) => head.getAttribute("aria-sort") === "ascending")] || "";
  columns.forEach((column, place) => { if (!column) columns[place] = usual; });
  const rows = [...body.rows].map((row, place) => ({
    row, place, thing: row.dataset.thing, called: row.dataset.names.split(" | "),
    has: Object.fromEntries(names.map((name) => [name, new Set((row.dataset[name] || "").split(" "))])),
    keys: [...row.cells].map((cell) => {
      const text = cell.textContent.trim();
      return cell.className === "number" ? Number(text.replace(/\s/g, "")) : fold(text);
    }),
  }));
  const whole = new Set(rows.map(({ thing }) => thing)).size;
  let sort = "";

  root.classList.add("scripted");
  wide.addEventListener("change", open);
  open();

  const chosen = (name) => boxes.filter((box) => box.name === name && box.checked).map((box) => box.value);
  const things = (some) => new Set(some.map(({ thing }) => thing)).size;

  function sought(one, wanted) {
    return one.called.some((name) => wanted.every((word) => name.includes(word)));
  }

  function passing(without) {
    const wanted = fold(form.elements.q.value).split(/\s+/).filter(Boolean);
    const asked = names.filter((name) => name !== without).map((name) => [name, chosen(name)]);
    return rows.filter((one) => sought(one, wanted) && asked.every(
      ([name, values]) => !values.length || values.some((value) => one.has[name].has(value)),
    ));
  }

  function point() {
    const found = (form.elements.near ? form.elements.near.value : "").split(",").map(Number);
    const sound = found.length === 2 && found.every(Number.isFinite);
    return sound && Math.abs(found[0]) <= 90 && Math.abs(found[1]) <= 180 ? found : null;
  }

  function distance({ row }, from) {
    if (!row.dataset.latitude) return Infinity;
    const [a, b, c, d] = [...from, row.dataset.latitude, row.dataset.longitude].map((one) => Number(one) * Math.PI / 180);
    const square = Math.sin((c - a) / 2) ** 2 + Math.cos(a) * Math.cos(c) * Math.sin((d - b) / 2) ** 2;
    return 2 * 6371.0088 * Math.asin(Math.min(1, Math.sqrt(square)));
  }

  function ordered(found) {
    const from = point();
    const column = columns.indexOf(sort.replace("-", ""));
    const way = sort.startsWith("-") ? -1 : 1;
    const compare = (one, other) => {
      if (!sort && from) return distance(one, from) - distance(other, from) || one.place - other.place;
      const [a, b] = sort ? [one.keys[column], other.keys[column]] : [one.place, other.place];
      if (a === "" || b === "") return (a === "") - (b === "") || one.place - other.place;
      return (a < b ? -way : a > b ? way : 0) || one.place - other.place;
    };
    return [...found].sort(compare);
  }

  function counts() {
    for (const name of names) {
      const found = passing(name);
      for (const box of boxes.filter((one) => one.name === name)) {
        const some = things(found.filter((one) => one.has[name].has(box.value)));
        const item = box.closest("li");
        item.querySelector(".count").textContent = some;
        item.hidden = !some && !box.checked;
      }
    }
  }

  function chip(text, remove) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${text} ×`;
    button.title = words.remove;
    button.addEventListener("click", () => { remove(); show(); count.focus(); });
    item.append(button);
    return item;
  }

  function chips() {
    const made = boxes.filter((box) => box.checked).map((box) => {
      const label = box.closest("label").querySelector(".of").textContent;
      return chip(`${box.closest("fieldset").querySelector("legend").textContent}: ${label}`, () => { box.checked = false; });
    });
    for (const input of [form.elements.q, form.elements.near]) {
      if (input && input.value.trim()) {
        made.push(chip(`${input.labels[0].textContent}: ${input.value}`, () => { input.value = ""; }));
      }
    }
    if (made.length > 1) made.push(chip(words.removeAll, () => { form.reset(); clear(); }));
    const list = results.querySelector(".chips") || document.createElement("ul");
    list.className = "chips";
    list.hidden = !made.length;
    list.replaceChildren(...made);
    count.after(list);
  }

  function clear() {
    boxes.forEach((box) => { box.checked = false; });
    for (const input of [form.elements.q, form.elements.near]) if (input) input.value = "";
  }

  function show() {
    const found = ordered(passing());
    const total = things(found);
    body.replaceChildren(...found.map(({ row }) => row));
    count.textContent = total === whole ? words.all : words.some.replace("{number}", total);
    results.querySelector(".scroll").hidden = !total;
    heads.forEach((head, place) => {
      const way = sort ? sort === columns[place] ? "ascending" : sort === `-${columns[place]}` ? "descending" : ""
        : columns[place] === usual && !point() ? "ascending" : "";
      if (way) head.setAttribute("aria-sort", way);
      else head.removeAttribute("aria-sort");
    });
    counts();
    chips();
    const said = new URLSearchParams([...new FormData(form)].filter(([key, value]) => value.trim() && key !== "sort"));
    if (sort) said.set("sort", sort);
    history.replaceState(null, "", location.pathname + (said.size ? `?${said}` : ""));
  }

  function records(text) {
    const found = [[""]];
    let quoted = false;
    for (const piece of text.match(/""|"|,|\r?\n|[^",\r\n]+/g) || []) {
      const record = found[found.length - 1];
      if (piece === '"') quoted = !quoted;
      else if (!quoted && piece === ",") record.push("");
      else if (!quoted && /\n$/.test(piece)) found.push([""]);
      else record[record.length - 1] += piece === '""' ? (quoted ? '"' : "") : piece;
    }
    return found.filter((record) => record.length > 1 || record[0]);
  }

  async function save(link) {
    const [header, ...all] = records(await (await fetch(link.href)).text());
    const column = header.indexOf(words.item);
    const order = new Map([...body.rows].map((row, place) => [row.dataset.thing, place]));
    const kept = all.filter((record) => order.has(record[column]))
      .sort((one, other) => order.get(one[column]) - order.get(other[column]));
    const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const text = [header, ...kept].map((record) => `${record.map(quote).join(",")}\r\n`).join("");
    const made = document.createElement("a");
    made.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    made.download = new URL(link.href).pathname.split("/").pop();
    made.click();
    URL.revokeObjectURL(made.href);
  }

  const given = new URLSearchParams(location.search);
  boxes.forEach((box) => { box.checked = given.getAll(box.name).includes(box.value); });
  for (const name of ["q", "near"]) if (form.elements[name]) form.elements[name].value = given.get(name) || "";
  const known = new Set([...names, "q", "near", "sort", "lang"]);
  const unknown = [...given].filter(([name, value]) => value && !known.has(name));
  if (unknown.length) {
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = `${words.unknown} ${unknown.map(([name, value]) => `${name}=${value}`).join(", ")}`;
    count.before(note);
  }
  sort = columns.includes((given.get("sort") || "").replace("-", "")) ? given.get("sort") : "";

  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  table.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("a") && event.target.closest("th");
    if (!head) return;
    event.preventDefault();
    const column = columns[heads.indexOf(head)];
    const now = sort || usual;
    sort = now === column ? `-${column}` : column;
    if (sort === usual) sort = "";
    show();
  });
  results.addEventListener("click", (event) => {
    const link = event.target.closest('.downloads a[type="text/csv"]');
    if (!link || !location.search) return;
    event.preventDefault();
    save(link).catch(() => { location.href = link.href; });
  });
  show();
})();
