// Times relative to now, with the exact one in the reader's zone on hover.
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("sv-SE", {
  dateStyle: "short",
  timeStyle: "medium",
});
const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" });

const written = (date) => {
  const name = zone.formatToParts(date).find(({ type }) => type === "timeZoneName").value;
  return `${exact.format(date)} ${name}`;
};

/** "5 minutes ago"; the date alone from 30 days on. */
const inWords = (date) => {
  const seconds = Math.round((date - Date.now()) / 1000);
  if (Math.abs(seconds) >= 30 * 86_400) return exact.format(date).slice(0, 10);
  if (Math.abs(seconds) < 5) return "now";
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size);
  return relative.format(Math.trunc(seconds / size), unit);
};

const show = (time) => {
  const date = new Date(time.dateTime);
  if (Number.isNaN(date.getTime())) return;
  const text = "exact" in time.dataset ? written(date) : inWords(date);
  if (time.textContent !== text) time.textContent = text;
  time.title = written(date);
};
const showAll = () => document.querySelectorAll("time[datetime]").forEach(show);

showAll();
setInterval(showAll, 10_000);
const changes = { childList: true, characterData: true, subtree: true };
new MutationObserver(showAll).observe(document.body, changes);
