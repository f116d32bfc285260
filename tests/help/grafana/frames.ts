type Value = string | number | boolean | null;
type Kind = "string" | "number" | "boolean" | "time";
/** `frame`: Go's name of the type; times in ms since 1970. */
export type Column = { name: string; kind: Kind; frame: string; values: Value[] };
type Field = {
  name: string;
  type: Kind;
  typeInfo: { frame: string; nullable?: true };
  labels?: Record<string, string>;
};
type Frame = { meta: { type?: string }; fields: Field[]; values: Value[][] };

/** PostgreSQL's type numbers; all others come as text. */
const TYPES: Record<number, [Kind, string]> = {
  16: ["boolean", "bool"],
  20: ["number", "int64"],
  21: ["number", "int16"],
  23: ["number", "int32"],
  700: ["number", "float64"],
  701: ["number", "float64"],
  1700: ["number", "float64"],
  1082: ["time", "time.Time"],
  1114: ["time", "time.Time"],
  1184: ["time", "time.Time"],
};

function valueOf(kind: Kind, text: string): Value {
  if (kind === "string") return text;
  if (kind === "boolean") return text === "t";
  if (kind === "number") return Number.isFinite(Number(text)) ? Number(text) : null;
  const [, day, time = "00:00:00", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?: ([\d:.]+))?([+-]\d\d(?::\d\d)?)?$/.exec(text) ?? [];
  const ms = Date.parse(`${day}T${time}${zone.length === 3 ? `${zone}:00` : zone}`);
  return Number.isNaN(ms) ? null : ms;
}

type Raw = Iterable<(Uint8Array | null)[]> & { columns?: { name: string; type: number }[] };

/** What PostgreSQL sent, as columns. */
export function columnsOf(rows: Raw): Column[] {
  const decoder = new TextDecoder();
  const all = [...rows];
  return (rows.columns ?? []).map(({ name, type }, i) => {
    const [kind, frame] = TYPES[type] ?? ["string", "string"];
    const values = all.map((row) => {
      const bytes = row[i];
      return bytes ? valueOf(kind, decoder.decode(bytes)) : null;
    });
    const column: Column = { name, kind, frame, values };
    return name.toLowerCase() === "time" && kind === "number" ? asTime(column) : column;
  });
}

/** A number in a column "time": seconds, milliseconds or nanoseconds, by its size. */
function asTime({ name, values }: Column): Column {
  const ms = (value: number) =>
    value < 1e11 ? value * 1000 : value < 1e15 ? value : Math.round(value / 1e6);
  return {
    name,
    kind: "time",
    frame: "time.Time",
    values: values.map((value) => value === null ? null : ms(Number(value))),
  };
}

const plain = ({ name, kind, frame }: Column): Field => ({
  name,
  type: kind,
  typeInfo: { frame, nullable: true },
});

/** The frames of an answer: none without rows. Throws, in Grafana's words, what is no time series. */
export function framesOf(columns: Column[], format: string): Frame[] {
  if (format !== "time_series") {
    if (!columns[0]?.values.length) return [];
    return [{ meta: {}, fields: columns.map(plain), values: columns.map(({ values }) => values) }];
  }
  const time = columns.find(({ name }) => name.toLowerCase() === "time");
  if (!time || time.kind !== "time") {
    throw new Error("db has no time column: no time column found");
  }
  if (time.values.length === 0) return [];
  const meta = { type: "timeseries-wide" };
  const labels = columns.filter(({ kind }) => kind === "string");
  const numbers = columns.filter((column) => column !== time && !labels.includes(column));
  if (labels.length > 0) return [{ meta, ...wide(time, labels, numbers) }];
  const fields = [{ ...plain(time), name: "Time" }, ...numbers.map(plain)];
  return [{ meta, fields, values: [time, ...numbers].map(({ values }) => values) }];
}

/** Rows with labels -> a column for each combination of labels. */
function wide(time: Column, labels: Column[], numbers: Column[]): Omit<Frame, "meta"> {
  const times = [...new Set(time.values)];
  if (times.some((value, i) => i > 0 && Number(value) < Number(times[i - 1]))) {
    throw new Error(
      "failed to convert long to wide series when converting from dataframe: " +
        "long series must be sorted ascending by time to be converted",
    );
  }
  const row = new Map(times.map((value, i) => [value, i]));
  const isMetric = numbers.length === 1 && labels.length === 1 && labels[0]!.name === "metric";
  const series = new Map<string, { field: Field; values: Value[] }>();
  for (const [i, at] of time.values.entries()) {
    const of = Object.fromEntries(labels.map(({ name, values }) => [name, String(values[i])]));
    for (const number of numbers) {
      const key = JSON.stringify([number.name, of]);
      let one = series.get(key);
      if (!one) {
        const field = isMetric
          ? { ...plain(number), name: of.metric! }
          : { ...plain(number), labels: of };
        series.set(key, one = { field, values: times.map(() => null) });
      }
      one.values[row.get(at)!] = number.values[i]!;
    }
  }
  const sorted = [...series].sort(([a], [b]) => a < b ? -1 : 1).map(([, one]) => one);
  const field: Field = { name: "Time", type: "time", typeInfo: { frame: "time.Time" } };
  return {
    fields: [field, ...sorted.map(({ field }) => field)],
    values: [times, ...sorted.map(({ values }) => values)],
  };
}
