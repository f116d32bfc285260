// Formats values by Grafana's unit ids, and colours them by overrides and thresholds.

import { INK, themed } from "./theme.js";
import { onClock } from "./zone.js";

const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"];

const METRIC = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
  [
    1e-9,
    "n",
  ],
  [1e-12, "p"],
];
const SECONDS = [
  [86400, " d"],
  [3600, " h"],
  [60, " min"],
  [1, " s"],
  [1e-3, " ms"],
  [1e-6, " µs"],
  [
    1e-9,
    " ns",
  ],
];
const TIMES = { ns: 1e-9, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86400 };
/** Units with SI prefixes: factor to the base unit, and its symbol. */
const SI = {
  watt: [1, "W"],
  mwatt: [1e-3, "W"],
  kwatt: [1e3, "W"],
  volt: [1, "V"],
  mvolt: [1e-3, "V"],
  hertz: [1, "Hz"],
  decbytes: [1, "B"],
  deckbytes: [1e3, "B"],
  decmbytes: [1e6, "B"],
  decgbytes: [1e9, "B"],
};
const BINARY = { bytes: 1, kbytes: 1024, mbytes: 1024 ** 2, gbytes: 1024 ** 3 };

/** Creating a format takes 20 µs, using it 1 µs. */
const formats = new Map();

/** Three significant digits or the whole part; fixed where `decimals` is given. */
function digits(value, decimals, significant = 3) {
  const size = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  const maximumFractionDigits = decimals ?? Math.min(Math.max(significant - 1 - size, 0), 12);
  const minimumFractionDigits = decimals ?? 0;
  const key = `${minimumFractionDigits} ${maximumFractionDigits}`;
  if (!formats.has(key)) {
    const format = new Intl.NumberFormat("en-US", { minimumFractionDigits, maximumFractionDigits });
    formats.set(key, format);
  }
  return formats.get(key).format(value);
}

function stepped(value, steps, decimals, significant) {
  const size = Math.abs(value);
  const [factor, symbol] = size === 0
    ? steps.find(([factor]) => factor === 1)
    : steps.find(([factor]) => size >= factor) ?? steps.at(-1);
  return [digits(value / factor, decimals, significant), symbol];
}

/** A time as `columnsOf` gives it, in the letters of Moment.js (`YYYY-MM-DD HH:mm:ss`). */
export function moment(ms, format = "YYYY-MM-DD HH:mm:ss") {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "";
  const iso = date.toISOString().replace(/^\+0*/, "");
  const [day, time] = iso.split("T");
  const [year, month, date_] = day.split(/-(?!$)/).slice(-3);
  const parts = { YYYY: year, MM: month, DD: date_, HH: time.slice(0, 2), mm: time.slice(3, 5) };
  return format.replace(/YYYY|MM|DD|HH|mm|ss/g, (part) => parts[part] ?? time.slice(6, 8));
}

/** [number, unit], as two pieces, so that a stat can set the unit smaller. */
export function pieces(value, { unit = "none", decimals, significant } = {}) {
  if (unit.startsWith("suffix:")) {
    return [digits(value, decimals, significant), " " + unit.slice(7).trim()];
  }
  if (unit.startsWith("prefix:")) return [unit.slice(7) + digits(value, decimals, significant), ""];
  if (unit.startsWith("time:")) return [moment(value, unit.slice(5)), ""];
  if (unit.startsWith("dateTime")) return [moment(value), ""];
  if (unit === "percent") return [digits(value, decimals, significant), "%"];
  if (unit === "percentunit") return [digits(value * 100, decimals, significant), "%"];
  if (Object.hasOwn(TIMES, unit)) {
    return stepped(value * TIMES[unit], SECONDS, decimals, significant);
  }
  if (Object.hasOwn(SI, unit)) {
    const [number, prefix] = stepped(value * SI[unit][0], METRIC, decimals, significant);
    return [number, ` ${prefix}${SI[unit][1]}`];
  }
  if (Object.hasOwn(BINARY, unit)) {
    const steps = [[1024 ** 3, " GiB"], [1024 ** 2, " MiB"], [1024, " KiB"], [1, " B"]];
    return stepped(value * BINARY[unit], steps, decimals, significant);
  }
  if (unit === "short") {
    const steps = [[1e9, " Bil"], [1e6, " Mil"], [1e3, " K"], [1, ""]];
    return Math.abs(value) < 1000
      ? [digits(value, decimals, significant), ""]
      : stepped(value, steps, decimals, significant);
  }
  return [digits(value, decimals, significant), ""];
}

export function text(value, config) {
  return value === null || value === undefined ? "" : pieces(value, config).join("");
}

/** The defaults of the panel, with the overrides whose matcher names this field. */
function configOf(panel, field) {
  const config = structuredClone(panel.fieldConfig?.defaults ?? {});
  for (const { matcher, properties } of panel.fieldConfig?.overrides ?? []) {
    if (matcher.id !== "byName" || matcher.options !== field.name) continue;
    for (const { id, value } of properties) {
      const path = id.split(".");
      const last = path.pop();
      path.reduce((at, key) => at[key] ??= {}, config)[last] = value;
    }
  }
  return config;
}

function thresholdColor(value, config) {
  let color;
  for (const step of config.thresholds?.steps ?? []) {
    if (step.value === null || step.value === undefined || value >= step.value) color = step.color;
  }
  return themed(color) ?? INK;
}

/** A value's text and colour by the field's value mappings, else as it is. */
export function mapped(value, config, i) {
  const found = (config.mappings ?? []).filter(({ type }) => type === "value")
    .map(({ options }) => options[String(value)]).find((result) => result);
  return {
    label: found?.text ?? (typeof value === "number" ? text(value, config) : String(value)),
    color: themed(found?.color) ?? colorOf(config, i, value),
  };
}

export function colorOf(config, i, value) {
  if (config.color?.mode === "fixed") return themed(config.color.fixedColor);
  if (config.color?.mode === "thresholds") return thresholdColor(value, config);
  return themed(PALETTE[i % PALETTE.length]);
}

/** Columns with their values (times in the shown zone) and field options. */
export function columnsOf(panel, frame) {
  return frame.schema.fields.map((field, i) => {
    const config = configOf(panel, field);
    const isTime = field.type === "time" || /^(?:time:|dateTime)/.test(config.unit ?? "");
    const values = frame.data.values[i];
    return { ...field, values: isTime ? values.map(onClock) : values, config };
  });
}
