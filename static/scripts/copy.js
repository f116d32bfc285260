// Buttons with data-copy copy that text, those with data-copy-from what is there; they stay hidden without
// clipboard access. What has data-hide-after is hidden after so many seconds.
const BUTTONS = "[data-copy], [data-copy-from]";
const offer = () => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll(BUTTONS)) button.hidden = false;
};

const ask = async (address) => {
  const token = document.querySelector('meta[name="form-token"]').content;
  const reply = await fetch(address, { method: "POST", headers: { "X-Form-Token": token } });
  if (!reply.ok || reply.redirected) throw new Error("refused");
  return (await reply.json()).key_value;
};

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.(BUTTONS);
  if (!button) return;
  const { copy, copyFrom } = button.dataset;
  try {
    await navigator.clipboard.writeText(copy ?? await ask(copyFrom));
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not copied";
  }
});

for (const shown of document.querySelectorAll("[data-hide-after]")) {
  setTimeout(() => {
    shown.textContent = "Hidden again. Reveal it once more to read it.";
  }, shown.dataset.hideAfter * 1000);
}
document.addEventListener("htmx:after:swap", offer);
offer();
