import { agree } from "../help/boards/agreement.ts";
import { boardOf, type Shown, withTables } from "../help/boards/boards.ts";
import {
  type ExpectedNumber,
  type ExpectedTable,
  type FieldCase,
  fieldCases,
  loadCase,
} from "../help/boards/field_cases.ts";
import { readTable } from "../../src/measures/read.ts";
import type { KeyNumber } from "../../src/measures/number.ts";
import { type Kept, summarize, type Summary } from "../../src/measures/summary.ts";
import { converted } from "../../src/measures/names/units.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";

/** What came of one case: the lines say what was expected and found. */
export type Evaluated = {
  id: string;
  faults: string[];
  found: string[];
  /** Stats that were held against the row's numbers, and where board, row and message differ. */
  stats: number;
  differing: string[];
};

const SPELLED: Record<string, string> = { um2: "µm²", mm2: "mm²", uW: "µW" };
const symbol = (unit: string) => SPELLED[unit] ?? unit;
const near = (a: number, b: number, tol = 1e-9) =>
  Math.abs(a - b) <= tol * Math.max(1, Math.abs(b));

/** A value in the expected unit; undefined where it stands in none of the accepted ones. */
function inExpected(value: number, unit: string | null, accepted: string[] | null) {
  if (accepted === null) return value;
  if (unit === null) return accepted.includes("none") ? value : undefined;
  const [first] = accepted.map(symbol);
  if (!accepted.map(symbol).includes(unit)) return undefined;
  return first === "none" ? value : converted(value, unit, first!) ?? value;
}

function fits(number: KeyNumber, expected: ExpectedNumber): boolean {
  const { tol = 1e-6 } = expected;
  const value = inExpected(number.value, number.unit, expected.unit);
  if (value === undefined || !near(value, expected.value, tol)) return false;
  if (expected.sure !== undefined && number.sure !== expected.sure) return false;
  if (expected.sure === undefined && number.sure === false) return false;
  if ("better" in expected && number.better !== expected.better) return false;
  if (!("before" in expected)) return true;
  if (expected.before === null || number.before === null) return number.before === expected.before;
  return near(inExpected(number.before!, number.unit, expected.unit)!, expected.before!, tol);
}

/** The expectation itself and the other good answers. */
function variants({ or = [], ...expected }: ExpectedNumber): ExpectedNumber[] {
  return [
    expected,
    ...or.map(({ drop = [], ...other }) =>
      Object.fromEntries(
        Object.entries({ ...expected, ...other }).filter(([key]) => !drop.includes(key)),
      ) as ExpectedNumber
    ),
  ];
}

const named = (number: KeyNumber, { name, group }: ExpectedNumber) =>
  (name === "*" || number.name === name) &&
  (group ?? []).every((text) => number.group?.includes(text));

function numberFaults(numbers: KeyNumber[], expected: ExpectedTable): string[] {
  const faults: string[] = [];
  const wanted = expected.numbers ?? [];
  for (const one of wanted.filter(({ optional }) => !optional)) {
    const own = numbers.filter((number) => named(number, one));
    if (!own.some((number) => variants(one).some((variant) => fits(number, variant)))) {
      faults.push(`expected ${one.name} ${one.value} (before ${one.before}, better ${one.better})`);
    }
  }
  for (const number of numbers) {
    const own = wanted.filter((one) => one.name === number.name);
    const more = expected.others === true || expected.others?.includes(number.name);
    const right = wanted.some((one) =>
      named(number, one) && variants(one).some((variant) => fits(number, variant))
    );
    if (own.length > 0 && !more && !right && number.sure !== false) {
      faults.push(`wrong ${said(number)}`);
    }
    if (expected.absent?.includes(number.name) && number.sure !== false) {
      faults.push(`not wanted: ${said(number)}`);
    }
    const { no_group } = expected;
    if (no_group && number.group && pattern(no_group).test(number.group)) {
      faults.push(`group ${number.group}`);
    }
  }
  return faults;
}

const pattern = (text: string) => new RegExp(text.replace("(?i)", ""), "i");

const said = ({ group, name, value, unit, before, better, sure }: KeyNumber) =>
  `${group ?? ""} ${name} ${value} ${unit ?? ""} (before ${before}, better ${better}${
    sure === false ? ", unsure" : ""
  })`;

/** The number that a stat shows. */
function statValue({ columns }: Shown): unknown {
  return Object.entries(columns).filter(([name]) => name !== "of" && name !== "time")
    .at(-1)?.[1].at(-1);
}

function boardFaults(panels: Shown[], { board }: ExpectedTable): string[] {
  const faults: string[] = [];
  for (const { title, value, not, optional } of board?.stat ?? []) {
    const shown = panels.filter((panel) =>
      panel.type === "stat" && pattern(title).test(panel.title)
    );
    const values = shown.map(statValue) as number[];
    const right = value === undefined ||
      values.some((one) => [value].flat().some((v) => near(one, v, 1e-6)));
    const wrong = values.some((one) => not?.some((v) => near(one, v, 1e-6)));
    if (shown.length === 0 && !optional || shown.length > 0 && (!right || wrong)) {
      faults.push(`stat ${title} shows ${values}, expected ${value}`);
    }
  }
  const { no_panel_title } = board ?? {};
  for (const { title } of panels) {
    if (no_panel_title && pattern(no_panel_title).test(title)) faults.push(`panel "${title}"`);
  }
  for (const { type, title, row } of board?.panel ?? []) {
    const fit = panels.filter((panel) =>
      pattern(`^(${type})$`).test(panel.type) && pattern(title).test(panel.title)
    );
    for (const [label, values] of Object.entries(row)) {
      const right = fit.some(({ columns }) => {
        const all = Object.values(columns);
        const at = all.flatMap((list) => list.indexOf(label)).find((i) => i >= 0);
        return at !== undefined && all.some((list) => values.includes(list[at] as number));
      });
      if (!right) faults.push(`no panel of ${type} with ${label}`);
    }
  }
  for (const { title, has } of board?.series ?? []) {
    const fit = panels.filter((panel) =>
      panel.type === "timeseries" && pattern(title).test(panel.title)
    );
    if (!fit.some(({ columns }) => Object.keys(columns).some((name) => name.includes(has)))) {
      faults.push(`no series ${has} in ${title}`);
    }
  }
  for (const [label, change] of Object.entries(board?.delta ?? {})) {
    const right = panels.some(({ columns }) => {
      const all = Object.entries(columns);
      const at = all.flatMap(([, list]) => list.indexOf(label)).find((i) => i >= 0);
      const deltas = all.filter(([name]) => name.startsWith("Δ"));
      return at !== undefined && deltas.length > 0 &&
        deltas.every(([, list]) => near(list[at] as number, change, 1e-6));
    });
    if (!right) faults.push(`no change ${change} of ${label}`);
  }
  return faults;
}

async function judgeTable(reader: Sql, found: FieldCase, at: number, kept?: Kept) {
  const { schema_name, table_name, expected } = found.tables[at]!;
  const facts = await readTable(reader, schema_name, table_name, found.db);
  const summary: Summary = await summarize(reader, facts, kept);
  const { panels } = await boardOf(reader, table_name, found.db, schema_name);
  const faults = [
    ...numberFaults(summary.numbers, expected),
    ...boardFaults([...panels.values()], expected),
  ];
  if (expected.why && !pattern(expected.why).test(summary.why ?? "")) {
    faults.push(`why "${summary.why}", expected ${expected.why}`);
  }
  return { summary, panels, faults };
}

async function judgeCase(found: FieldCase): Promise<Omit<Evaluated, "id">> {
  const faults: string[] = [];
  const lines: string[] = [];
  const differing: string[] = [];
  let stats = 0;
  await withTables(async ({ db }, reader) => {
    const kept = new Map<number, Kept>();
    const steps = await loadCase(db, found);
    for (const [i, step] of steps.entries()) {
      await step();
      for (const at of found.tables.keys()) {
        if (i < steps.length - 1 && !await isThere(db, found, at)) continue;
        const { summary, panels, faults: own } = await judgeTable(reader, found, at, kept.get(at));
        const runs = summary.runs.map((one) => ({ ...one, run: one.run ?? `run ${i + 1}` }));
        kept.set(at, {
          runs: [...runs, ...kept.get(at)?.runs ?? []],
          run_names: summary.run_names,
        });
        if (i < steps.length - 1) continue;
        faults.push(...own);
        lines.push(...summary.numbers.slice(0, 12).map(said));
        try {
          stats += agree({ kind: found.db, ...found.tables[at]! }, summary.numbers, panels);
        } catch (error) {
          differing.push(error instanceof Error ? error.message : String(error));
        }
      }
    }
  });
  return { faults, found: lines, stats, differing };
}

async function isThere(db: Sql, { tables }: FieldCase, at: number) {
  const { schema_name, table_name } = tables[at]!;
  const [row] = await db`select 1 from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema_name} and c.relname = ${table_name}`;
  return row !== undefined;
}

/** Reads every open case, or those named, and compares with what is expected. */
export async function judgeCases(ids: string[] = []): Promise<Evaluated[]> {
  const judged: Evaluated[] = [];
  for (const [id, found] of await fieldCases()) {
    if (ids.length > 0 && !ids.includes(id)) continue;
    const evaluated = await judgeCase(found).catch((error) => ({
      faults: [`fails: ${error instanceof Error ? error.stack : error}`],
      found: [],
      stats: 0,
      differing: [],
    }));
    judged.push({ id, ...evaluated });
  }
  return judged;
}
