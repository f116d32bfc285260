/** How cells are written. The same patterns decide the form here and compute values in PostgreSQL. */
export type Form =
  | "number"
  | "comma"
  | "duration"
  | "ymd"
  | "dmy"
  | "mdy"
  | "compact"
  | "short"
  | "ctime"
  | "month_day"
  | "day_month"
  | "epoch_s"
  | "epoch_ms"
  | "epoch_us"
  | "epoch_ns";

/** Bounded to what fits a float8 cast. */
const DIGITS = String
  .raw`[-+]?(?:\d{1,40}(?:[,'’]\d{3})*\.?\d{0,40}|\.\d{1,40})(?:[eE][-+]?\d{1,2})?`;
/** Numbers with a decimal comma: `1.234,5`, `1 234,5`. */
const COMMA_DIGITS = String
  .raw`[-+]?\d{1,20}(?:[. \u00a0\u202f]\d{3})*(?:,\d{1,20})?(?:[eE][-+]?\d{1,2})?`;
const UNIT = String.raw`(?![eE][-+]?\d)[A-Za-z%°µμ][A-Za-z0-9µμ²³^/%]{0,9}`;
const REMARK = String.raw`(?:\s*\([A-Za-z ]{1,20}\))?`;
export const NUMBER = String.raw`^\s*${DIGITS}\s*(?:${UNIT})?${REMARK}\s*$`;
export const NUMBER_PART = String.raw`^\s*(${DIGITS})`;
export const UNIT_PART = String.raw`^\s*${DIGITS}\s*(${UNIT})${REMARK}\s*$`;
export const COMMA_NUMBER = String.raw`^\s*${COMMA_DIGITS}\s*(?:${UNIT})?${REMARK}\s*$`;
export const COMMA_PART = String.raw`^\s*(${COMMA_DIGITS})`;
const COMMA_UNIT = new RegExp(String.raw`^\s*${COMMA_DIGITS}\s*(${UNIT})${REMARK}\s*$`);
/** What only a number with a decimal comma looks like (`1,234` may be a thousand), and only one with a point. */
const COMMA_ALONE =
  /^\s*[-+]?(?:0,\d+|\d+,(?:\d{1,2}|\d{4,})|\d{1,3}(?:[. \u00a0\u202f]\d{3})+,\d+)(?![\d.,])/;
const POINT_ALONE = /^\s*[-+]?(?:0\.\d+|\d+\.(?:\d{1,2}|\d{4,})|\d{1,3}(?:,\d{3})+\.\d+)(?![\d.,])/;

/** Whether texts write their numbers with a decimal comma, and none with a point. */
export function hasDecimalComma(values: string[]): boolean {
  const point = values.some((value) => POINT_ALONE.test(value) && new RegExp(NUMBER).test(value));
  return !point && areCommaNumbers(values) && values.some((value) => COMMA_ALONE.test(value));
}

/** Whether texts write their numbers with a decimal point. */
export function hasDecimalPoint(values: string[]): boolean {
  return values.some((value) => POINT_ALONE.test(value)) && matches(NUMBER, values);
}

/** Whether a column's texts are numbers with a decimal comma. */
export function areCommaNumbers(values: string[], share = 0.9): boolean {
  const said = values.filter((value) => !isMissing(value));
  const numbers = said.filter((value) => {
    const unit = COMMA_UNIT.exec(value)?.[1] ?? "";
    return new RegExp(COMMA_NUMBER).test(value) && (unit === "" || CELL_UNITS.test(unit));
  });
  return numbers.length > 0 && numbers.length >= share * said.length;
}

export const CLOCK = String
  .raw`^\s*(?:(\d{1,4})(?:-|\s*days?,?\s*))?(\d{1,6}):([0-5]?\d):([0-5]?\d(?:\.\d{1,12})?)\s*$`;
export const MINUTES = String.raw`^\s*(\d{1,6}):([0-5]\d(?:\.\d{1,12})?)\s*$`;
const LETTER_UNITS = String.raw`(?:d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?|ms)`;
export const LETTERS = String.raw`^\s*(?:\d{1,9}(?:\.\d{1,12})?\s*${LETTER_UNITS}[\s,]*){2,5}$`;

const CLOCK_TIME = String
  .raw`(?:[T _.,-]+(\d{1,2})[:._h-](\d{2})(?:[:._m-](\d{2}(?:\.\d{1,9})?))?(?:\s*([AaPp])\.?[Mm])?)?`;
const MONTH = String.raw`([A-Za-z]{3})[a-z]{0,6}`;
/** Groups: year, month and day in the form's order, then hour, minute, second, `a` or `p`. */
export const TIMES: Partial<Record<Form, string>> = {
  ymd: String.raw`^\D{0,20}((?:19|20)\d{2})[-/._](\d{1,2})[-/._](\d{1,2})${CLOCK_TIME}`,
  dmy: String.raw`^\s*(\d{1,2})[-/.](\d{1,2})[-/.]((?:19|20)\d{2})${CLOCK_TIME}`,
  mdy: String.raw`^\s*(\d{1,2})[-/.](\d{1,2})[-/.]((?:19|20)\d{2})${CLOCK_TIME}`,
  compact: String
    .raw`^\D{0,20}((?:19|20)\d{2})(\d{2})(\d{2})(?:[T_-]?(\d{2})(\d{2})(\d{2})?)?(?!\d)`,
  short: String.raw`^(\d{2})[_.-](\d{2})[_.-](\d{2})[_.-](\d{2})[_.-](\d{2})(?:[_.-](\d{2}))?$`,
  ctime: String
    .raw`^\s*(?:[A-Za-z]{3,9},?\s+)?${MONTH}\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(?:[A-Z]{2,5}\s+)?((?:19|20)\d{2})`,
  month_day: String
    .raw`^\s*(?:[A-Za-z]{3,9},?\s+)?${MONTH}\.?\s+(\d{1,2}),?\s+((?:19|20)\d{2})${CLOCK_TIME}`,
  day_month: String
    .raw`^\s*(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})[- ]${MONTH}[- ]((?:19|20)\d{2})${CLOCK_TIME}`,
};
/** The pattern's groups of year, month and day. */
export const ORDERS: Partial<Record<Form, [year: number, month: number, day: number]>> = {
  ymd: [1, 2, 3],
  compact: [1, 2, 3],
  short: [1, 2, 3],
  dmy: [3, 2, 1],
  mdy: [3, 1, 2],
  ctime: [6, 1, 2],
  month_day: [3, 1, 2],
  day_month: [3, 2, 1],
};
export const SPELLED: (Form | undefined)[] = ["ctime", "month_day", "day_month"];
export const MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";

/** Counts per second. */
export const EPOCHS: Partial<Record<Form, number>> = {
  epoch_s: 1,
  epoch_ms: 1e-3,
  epoch_us: 1e-6,
  epoch_ns: 1e-9,
};

const MISSING = /^\s*(?:|-+|n\/?a|none|null|nan|[-+]?inf(?:inity)?|err(?:or)?|unknown|tbd|\?)\s*$/i;
export const isMissing = (text: string) => MISSING.test(text);

const matches = (pattern: string, values: string[]) => {
  const test = new RegExp(pattern);
  return values.length > 0 && values.every((value) => test.test(value));
};

/** Units that may follow a number; other suffixes make the cell a name (`123abc`). */
const CELL_UNITS = new RegExp(
  "^(?:[fpnuµμm]?s|sec|secs|min|mins|h|hrs?|hours|[numµμk]?W|[um]?V|[kMG]?Hz|[um]m(?:\\^?2|²)?|[numµμ]m\\^?2|%|" +
    "[kKMG]i?B|kGE|GE|[fp]F|x|cells|paths|endpoints|violations?|errors?)$",
  "i",
);

export function unitInCell(text: string): string {
  return new RegExp(UNIT_PART).exec(text)?.[1] ?? COMMA_UNIT.exec(text)?.[1] ?? "";
}

/** The form of at least this share of the values; undefined for plain text. */
export function formOf(values: string[], share = 0.9): Form | undefined {
  const present = values.filter((value) => !isMissing(value));
  if (present.length === 0) return undefined;
  if (present.every((value) => [CLOCK, MINUTES, LETTERS].some((form) => matches(form, [value])))) {
    return "duration";
  }
  const time = timeFormOf(present);
  if (time) return time;
  const numbers = present.filter((value) => {
    const unit = unitInCell(value);
    return matches(NUMBER, [value]) && (unit === "" || CELL_UNITS.test(unit));
  });
  return numbers.length >= share * present.length ? "number" : undefined;
}

function timeFormOf(values: string[]): Form | undefined {
  for (const form of ["ymd", "compact", "short", "ctime", "month_day", "day_month"] as const) {
    if (matches(TIMES[form]!, values) && values.every((value) => isDate(value, form))) return form;
  }
  if (!matches(TIMES.dmy!, values)) return undefined;
  // The whole column decides the order of day and month.
  return values.every((value) => isDate(value, "mdy")) &&
      !values.every((value) => isDate(value, "dmy"))
    ? "mdy"
    : "dmy";
}

function monthOf(name: string): number | undefined {
  const at = /^[a-z]{3}$/i.test(name) ? MONTHS.indexOf(name.toLowerCase()) : -1;
  return at >= 0 && at % 3 === 0 ? at / 3 + 1 : undefined;
}

function isDate(value: string, form: Form): boolean {
  const parts = new RegExp(TIMES[form]!).exec(value);
  const [, month, day] = ORDERS[form]!.map((at) =>
    monthOf(parts?.[at] ?? "") ?? Number(parts?.[at])
  );
  return month! >= 1 && month! <= 12 && day! >= 1 && day! <= 31;
}

export function isAmbiguousDate(values: string[]): boolean {
  const present = values.filter((value) => !isMissing(value));
  return present.length > 0 &&
    ["dmy", "mdy"].every((form) =>
      matches(TIMES[form as Form]!, present) &&
      present.every((value) => isDate(value, form as Form))
    );
}

/** The epoch unit that puts both values between 2000 and 2100. */
export function epochOf(least: number, most: number): Form | undefined {
  return (["epoch_s", "epoch_ms", "epoch_us", "epoch_ns"] as const).find((form) =>
    least * EPOCHS[form]! >= 946_684_800 && most * EPOCHS[form]! <= 4_102_444_800
  );
}
