// Applies a chosen theme at once and keeps it in the cookie that the form would set.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".theme button");
  if (!button) return;
  event.preventDefault();
  const { value } = button;
  const age = value === "system" ? 0 : 31_536_000;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `dashkeeper_theme=${value}; Path=/; SameSite=Lax; Max-Age=${age}${secure}`;
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
  for (const other of button.parentElement.children) {
    other.setAttribute("aria-pressed", String(other === button));
  }
});
