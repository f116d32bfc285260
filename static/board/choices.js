// The board's variables as selects; choices are kept in the address, as in Grafana.

import { element } from "./chart.js";
import { moment } from "./units.js";
import { onClock } from "./zone.js";

const variablesOf = (dashboard) => dashboard.templating?.list ?? [];
const inAddress = (name) => new URLSearchParams(location.search).get(`var-${name}`);

/** Values by variable: from the address, else the board's defaults. */
export function chosen(dashboard) {
  return Object.fromEntries(
    variablesOf(dashboard).map((
      { name, current },
    ) => [name, inAddress(name) ?? current?.value ?? ""]),
  );
}

/** `changed` is called after a choice. */
export function mountChoices(dashboard, list, changed) {
  const place = document.getElementById("board-choices");
  if (!place) return; // a capture shows what the board shows by itself
  for (const variable of variablesOf(dashboard)) {
    const label = element("label", "", variable.label ?? variable.name);
    const select = element("select");
    select.name = variable.name;
    const value = chosen(dashboard)[variable.name];
    const { text, value: own } = variable.current ?? {};
    select.append(new Option(text, own));
    if (value !== own) select.append(new Option(written(value, value), value));
    select.value = value;
    select.addEventListener("focus", () => fill(select, variable, list), { once: true });
    select.addEventListener("pointerenter", () => fill(select, variable, list), { once: true });
    select.addEventListener("change", () => {
      remember(variable, select.value);
      changed();
    });
    label.append(select);
    place.append(label);
  }
}

function remember({ name, current }, value) {
  const url = new URL(location.href);
  if (value === current?.value) url.searchParams.delete(`var-${name}`);
  else url.searchParams.set(`var-${name}`, value);
  history.replaceState(null, "", url);
}

/** A choice that is a moment is written in the shown zone. */
const written = (text, value) =>
  /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? moment(onClock(Date.parse(value))) : text;

/** Loaded on focus: most viewers choose nothing. */
async function fill(select, variable, list) {
  if (select.dataset.filled) return;
  select.dataset.filled = "true";
  const frame = await list(variable.name).catch(() => delete select.dataset.filled);
  const fields = frame?.schema?.fields ?? [];
  const column = (name) => frame.data.values[fields.findIndex((field) => field.name === name)];
  const texts = fields.length > 0 ? column("__text") : [];
  const values = fields.some(({ name }) => name === "__value") ? column("__value") : texts;
  const known = new Set([...select.options].map(({ value }) => value));
  texts.forEach((given, i) => {
    const text = written(given, values[i]);
    const there = [...select.options].find(({ value }) => value === values[i]);
    if (there) there.text = text;
    else if (!known.has(values[i])) select.append(new Option(text, values[i]));
  });
}
