import { ok, strictEqual as equal } from "node:assert";
import { composeMessage } from "../../../src/pipeline/notify/message.ts";
import type { Kind } from "../../../src/measures/facts.ts";
import { quantity, shownNumber } from "../../../src/measures/format.ts";
import type { KeyNumber } from "../../../src/measures/number.ts";
import type { Shown } from "./boards.ts";

/** The title of each number's stat on a board. */
const STATS: Record<string, RegExp> = {
  setup_wns: /^Setup WNS( ·|$)/,
  setup_tns: /^Setup TNS( ·|$)/,
  hold_wns: /^Hold WNS( ·|$)/,
  area: /^Area( ·|$)/,
  power: /^Power( ·|$)/,
  utilization: /^Utilization( ·|$)/,
  drc_total: /^DRC (errors|violations)( ·|$)/,
};

/** The last value that a panel shows. */
export const lastOf = ({ columns }: Shown) => {
  const values = Object.entries(columns).filter(([name]) => name !== "time" && name !== "of");
  return values.at(-1)?.[1].at(-1) as number | null | undefined;
};

/** The stat's value is the row's: of several groups the one that it names, or their sum. */
function agrees(stat: Shown, own: KeyNumber[], what: string) {
  const value = lastOf(stat);
  if (stat.title.endsWith("total") && own.length > 20) return; // a row has not all of them
  const wanted = stat.title.endsWith("total")
    ? own.reduce((sum, number) => sum + number.value, 0)
    : own.find(({ value: one }) => Math.abs(one - value!) <= 1e-9 * Math.max(1, Math.abs(one)))
      ?.value;
  ok(
    wanted !== undefined && Math.abs(value! - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
    `${what}: board ${value}, row ${own.map(({ value }) => value)}`,
  );
}

type Table = { kind: Kind; schema_name: string; table_name: string };

/** Holds board, row, message and page of one table equal; returns how many stats were compared. */
export function agree(table: Table, numbers: KeyNumber[], panels: Map<string, Shown>): number {
  const { table_name } = table;
  let stats = 0;
  for (const [name, own] of Map.groupBy(numbers, ({ name }) => name)) {
    const stat = [...panels.values()].find(({ title, type }) =>
      type === "stat" && STATS[name]?.test(title)
    );
    if (stat) agrees(stat, own, `${table_name} ${name}`);
    if (stat) stats++;
  }
  const { blocks } = composeMessage({
    username: "ada",
    ...table,
    run: 1,
    rows: null,
    rows_before: null,
    dashboard_url: "http://localhost/",
    image: null,
    numbers,
  });
  const said = JSON.stringify(blocks);
  for (const number of numbers.slice(0, 1)) {
    ok(said.includes(quantity(number.value, number.unit)), `${table_name} ${number.name}: ${said}`);
    equal(shownNumber(number).value, quantity(number.value, number.unit));
  }
  return stats;
}
