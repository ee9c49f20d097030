// A card for the dot under a pointer. Without it the browser shows the title of the dot.
'use strict';
(() => {
  const card = document.createElement('p');
  card.className = 'map-card';
  card.hidden = true;
  document.body.append(card);
  let shown = null;

  function show(dot) {
    shown = dot;
    card.hidden = !dot;
    if (!dot) return;
    const title = dot.querySelector('title');
    if (title) {
      dot.dataset.said = title.textContent;
      title.remove();
    }
    card.textContent = dot.dataset.said;
    const at = dot.getBoundingClientRect(), { width, height } = card.getBoundingClientRect();
    const most = document.documentElement.clientWidth - width - 4;
    card.style.left = `${Math.max(4, Math.min(at.left + (at.width - width) / 2, most))}px`;
    card.style.top = `${at.top < height + 12 ? at.bottom + 8 : at.top - height - 8}px`;
  }

  const under = event => event.target instanceof Element ? event.target.closest('.dots > *') : null;
  document.addEventListener('pointerover', event => {
    if (event.pointerType === 'mouse' && under(event) !== shown) show(under(event));
  });
  // A finger cannot rest: the first tap shows the card, the second follows the link.
  document.addEventListener('click', event => {
    const dot = under(event);
    if (event.pointerType === 'mouse' || dot === shown) return;
    if (dot) event.preventDefault();
    show(dot);
  });
  document.addEventListener('scroll', () => show(null), { passive: true, capture: true });
  document.addEventListener('keydown', event => { if (event.key === 'Escape') show(null); });
})();
