// `/` search, `?` help, `j` and `k` through the rows; Enter opens, as the row's link has the focus.
const LINKS = "tbody th a, main article h2 a";
const isTyping = ({ target }) =>
  target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);

const move = (by) => {
  const links = [...document.querySelectorAll(LINKS)].filter((link) => link.offsetParent);
  const row = document.activeElement?.closest("tr, article");
  const at = links.findIndex((link) => row?.contains(link));
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
  links[Math.max(0, Math.min(next, links.length - 1))]?.focus();
};

const ACTIONS = {
  "/": () => {
    const field = document.querySelector("main input[type=search]");
    field?.focus();
    field?.select();
  },
  "?": () => document.getElementById("keys")?.showModal(),
  j: () => move(1),
  k: () => move(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
  if (document.querySelector("dialog[open]") || !Object.hasOwn(ACTIONS, event.key)) return;
  event.preventDefault();
  ACTIONS[event.key]();
});

for (const button of document.querySelectorAll("[data-opens]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    document.getElementById(button.dataset.opens).showModal();
  });
}
