// Fetches what an event names: the rows that are shown, or the whole list for a row that is not.
document.addEventListener("moved", ({ target, detail }) => {
  if (target.id !== "live") return;
  const list = document.getElementById("list");
  const ids = (detail?.data ?? "").split(",").filter(Boolean);
  const rows = [...document.querySelectorAll("[data-row]")];
  const moved = ids.length === 0 ? rows : rows.filter(({ dataset }) => ids.includes(dataset.row));
  if (list && (ids.length === 0 || moved.length < ids.length)) htmx.trigger(list, "list-moved");
  else for (const row of moved) htmx.trigger(row, "row-moved");
});

// The same for the steps of workspaces, by their users.
document.addEventListener("steps", ({ target, detail }) => {
  if (target.id !== "live") return;
  const ids = (detail?.data ?? "").split(",").filter(Boolean);
  for (const shown of document.querySelectorAll("[data-steps]")) {
    if (ids.length === 0 || ids.includes(shown.dataset.steps)) htmx.trigger(shown, "steps-moved");
  }
});
