import { ok, strictEqual as equal } from "node:assert/strict";

export type Labels = Record<string, string>;
export type Metrics = ReturnType<typeof readExposition>;

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y;
const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)( \d+)?$/;

function labelsIn(text: string): Labels {
  const labels: Labels = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    ok(match, `labels: ${text}`);
    const [, name, value] = match;
    ok(!(name! in labels), `${name} twice: ${text}`);
    labels[name!] = value!.replace(/\\(.)/g, (_, one) => one === "n" ? "\n" : one);
  }
  return labels;
}

/** Reads the text format 0.0.4, and throws where it is broken: each family once, with HELP and TYPE first. */
export function readExposition(text: string) {
  ok(text.endsWith("\n"));
  const types = new Map<string, string>();
  const samples: { name: string; labels: Labels; value: number }[] = [];
  let family = "";
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [, help] = /^# HELP (\w+) \S/.exec(line) ?? [];
    const [, typed, type] = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (help) {
      ok(!types.has(help), `${help} twice`);
      family = help;
    } else if (type) {
      equal(typed, family);
      types.set(family, type);
    } else {
      const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
      ok(name && value, line);
      const parts = types.get(family) === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
      ok(parts.some((part) => name === family + part), `${name} under ${family}`);
      samples.push({
        name,
        labels: labelsIn(labels),
        value: Number(value.replace("Inf", "Infinity")),
      });
    }
  }
  const all = (name: string, labels: Labels = {}) =>
    samples.filter((one) =>
      one.name === `dashkeeper_${name}` &&
      Object.entries(labels).every(([label, value]) => one.labels[label] === value)
    );
  return {
    types,
    samples,
    all,
    /** The sum of what has these labels; undefined: there is none. */
    value(name: string, labels: Labels = {}): number | undefined {
      const found = all(name, labels);
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}
