// Shows addresses as this server has them; without a script they are those of the public site.
for (const each of document.querySelectorAll("[data-path]")) {
  each.textContent = new URL(each.dataset.path, location.href).href;
}
for (const each of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) continue;
  each.hidden = false;
  each.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(each.dataset.copies).textContent);
    each.textContent = each.dataset.done;
  });
}
