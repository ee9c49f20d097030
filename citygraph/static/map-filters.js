// The filters of the page of the map without asking the server: all that they need stands in its list. Without this
// they are a form and links.
'use strict';
(() => {
  const form = document.querySelector('form.map-filter');
  if (!form) return;
  const all = selector => [...document.querySelectorAll(selector)];
  const count = (element, number) => { element.querySelector('.count').textContent = number; };
  let places = [];

  function read() {
    const dots = {};
    for (const dot of all('.dots a')) (dots[dot.getAttribute('href')] ??= []).push(dot);
    places = all('[data-held]').map(item => ({
      item,
      kind: item.querySelector('small'),
      inside: ['country', 'region'].map(name => [name, item.closest(`[data-${name}]`)]),
      dots: dots[item.querySelector('a').getAttribute('href')] ?? [],
      held: item.dataset.held.split('|').map(text => text.split(';')),
    }));
  }

  // What counts on a day, as lists have it: what was begun latest of what is not over.
  function held(place, asked) {
    if (place.inside.some(([name, group]) => asked[name] && group?.dataset[name] !== asked[name])) return undefined;
    const there = place.held.filter(([, since, , end]) => !asked.at || (since <= asked.at && !(end && end <= asked.at)));
    const latest = there.map(([, since]) => since).sort().at(-1);
    return place.held.find(([field, since]) => since === latest && (!asked.field || field === asked.field));
  }

  function draw() {
    const asked = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
    const fields = Object.fromEntries(all('.legend [data-value]').map(key => [key.dataset.value, { key, places: 0 }]));
    const inside = new Map();
    let total = 0;
    for (const place of places) {
      const found = held(place, asked), any = held(place, { ...asked, field: '' });
      if (fields[any?.[0]]) fields[any[0]].places += 1;
      place.item.hidden = !found;
      for (const dot of place.dots) dot.style.display = found ? '' : 'none';
      if (!found) continue;
      total += 1;
      for (const [, group] of place.inside) inside.set(group, (inside.get(group) ?? 0) + 1);
      const [name, , start, end] = found, field = fields[name];
      const hue = field.key.className, label = field.key.querySelector('a').textContent;
      const when = (end ? form.dataset.ended : form.dataset.since).replace('#1', label).replace('#2', start).replace('#3', end);
      place.kind.textContent = label;
      for (const element of [place.item, ...place.dots]) element.setAttribute('class', hue);
      for (const dot of place.dots) {
        const title = dot.querySelector('title');
        dot.dataset.said = `${(dot.dataset.said ?? title.textContent).split('\n')[0]}\n${when}`;
        title?.remove();
      }
    }
    for (const group of all('[data-country], [data-region]')) {
      group.hidden = !inside.has(group);
      count(group, inside.get(group) ?? 0);
    }
    for (const field of Object.values(fields)) count(field.key, field.places);
    const number = { places: total, countries: all('[data-country]:not([hidden])').length };
    for (const { dataset } of all('[data-count]')) {
      const part = document.querySelector(`[data-count=${dataset.count}]`), value = number[dataset.count] ?? asked.at;
      part.textContent = value === undefined ? dataset.last : (value === 1 ? dataset.one : dataset.many).replace('#', value);
    }
    years(asked);
    for (const link of all('[data-set]')) {
      if (asked[link.dataset.set] === link.dataset.to) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
    const query = new URLSearchParams(asked).toString(), narrowed = Object.keys(asked).some(name => name !== 'lang');
    for (const none of all('[data-none]')) none.textContent = total ? '' : none.dataset.none;
    document.querySelector('[data-reset]').hidden = !narrowed;
    document.querySelector('.made').hidden = narrowed;
    history.replaceState(null, '', location.pathname + (query && `?${query}`));
    for (const same of all('[data-same]')) same.href = same.pathname + (query && `?${query}`);
  }

  function years(asked) {
    const counts = all('.years a').map(year => places.filter(place => held(place, { ...asked, at: year.dataset.to })).length);
    all('.years a').forEach((year, index) => {
      const height = Math.ceil(100 * counts[index] / Math.max(1, ...counts)), bar = year.querySelector('rect');
      count(year, counts[index]);
      bar.setAttribute('height', height);
      bar.setAttribute('y', 100 - height);
    });
  }

  // A page that came with filters has less in it than the whole; that is fetched once.
  async function whole() {
    if ('whole' in form.dataset) return;
    const lang = new FormData(form).get('lang');
    const reply = await fetch(form.getAttribute('action') + (lang ? `?lang=${lang}` : ''));
    if (!reply.ok) throw new Error(reply.statusText);
    const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
    document.getElementById('map').replaceWith(page.getElementById('map'));
    form.dataset.whole = '';
    read();
  }
  const change = () => whole().then(draw, () => form.submit());

  form.addEventListener('submit', event => { event.preventDefault(); change(); });
  form.addEventListener('change', change);
  document.addEventListener('click', event => {
    const link = event.target.closest('[data-set], [data-reset]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { set, to } = link.dataset;
    if (set) form.elements[set].value = link.hasAttribute('aria-current') ? '' : to;
    else for (const field of form.querySelectorAll('select, [type=date]')) field.value = '';
    change();
  });
  read();
  // A copy of the site without a server has the whole page at every address.
  const asked = [...new URLSearchParams(location.search)].filter(([name]) => name !== 'lang' && form.elements[name]);
  if ('whole' in form.dataset && asked.length) {
    for (const [name, value] of asked) form.elements[name].value = value;
    draw();
  }
})();
