import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import type { KeyNumber } from "../../../src/measures/number.ts";
import type { BatchTable } from "../../../src/pipeline/batches_store.ts";
import { composeList } from "../../../src/pipeline/notify/list.ts";
import { blockFaults } from "../../help/slack.ts";

const number = (name: KeyNumber["name"], value: number, more = {}): KeyNumber => ({
  ...{ name, group: null, value, unit: null, before: null, change: null, better: null },
  ...more,
});
const table = (table_name: string, more: Partial<BatchTable> = {}): BatchTable => ({
  ...{ kind: "qor", schema_name: "public", table_name, rows: 3, numbers: [] },
  ...{ is_pending: false, why: null },
  ...more,
});
const compose = (tables: BatchTable[], content: "full" | "numbers" | "link" = "full") =>
  composeList({ username: "ada", tables, content, worse_percent: 2 });
// deno-lint-ignore no-explicit-any
const sections = ({ blocks }: { blocks: any[] }): string[] =>
  blocks.filter(({ type }) => type === "section").map(({ text }) => text.text);

const slack = number("setup_wns", -0.2, {
  ...{ unit: "ns", before: -0.1, change: -0.1, better: false },
});

Deno.test("composeList() names each table with its first numbers, what is worse or stopped first", () => {
  const list = compose([
    table("late", { is_pending: true, rows: null }),
    table("fine", { numbers: [number("area", 1234, { unit: "um²" })], kind: "timing" }),
    table("broken", { why: "Grafana refused the key." }),
    table("worse", {
      numbers: [number("cells", 5), number("area", 9), number("power", 1), slack],
      schema_name: "signoff",
      rows: 1,
    }),
    table("vague", { numbers: [number("area", 7, { sure: false, doubt: "mixed units" })] }),
  ]);
  same(blockFaults(list.blocks), []);
  const [worse, broken, fine, vague, late] = sections(list);
  match(worse!, /^signoff\.worse \(QoR, 1 row\)\nSetup WNS -0\.2 ns \(-0\.1.*worse\).*Area 9/s);
  ok(!worse!.includes("Cells"), "three numbers");
  equal(broken, "broken (QoR, 3 rows)\nNeeds attention: Grafana refused the key.");
  equal(fine, "fine (Timing, 3 rows)\nArea 1,234 um²");
  match(vague!, /Area 7 \(not sure\)/);
  equal(late, "late (QoR)\nNot ready yet.");
  const title = "5 new tables of ada, 1 worse, 1 needs attention";
  equal(list.blocks[0]!.type === "header" && list.blocks[0]!.text.text, title);
  equal(
    list.text,
    `${title}: signoff.worse Setup WNS -0.2 ns (-0.1 ns, worse); broken needs attention; ` +
      "fine Area 1,234 um²; vague Area 7 (not sure); late is not ready yet",
  );
});

Deno.test("composeList() says whose number it is where a table has several designs", () => {
  const numbers = ["gcd sky130hd", "aes"].map((group) => number("area", 5, { group }));
  match(sections(compose([table("runs", { numbers })]))[0]!, /gcd sky130hd Area 5.*aes Area 5/s);
});

Deno.test("composeList() keeps to Slack's limits and counts the tables that it leaves out", () => {
  const long = "<!channel> *b* \u202e" + "表".repeat(40);
  for (const count of [2, 47, 48, 200, 2_000]) {
    const tables = Array.from({ length: count }, (_, i) =>
      table(`${i}${long}`, {
        schema_name: long,
        why: "x".repeat(5_000),
        numbers: [slack, slack, slack].map((own) => ({ ...own, group: long, unit: long })),
      }));
    for (const content of ["full", "link"] as const) {
      const list = compose(tables, content);
      same(blockFaults(list.blocks), []);
      ok(JSON.stringify(list.blocks).length <= 13_000, `${JSON.stringify(list.blocks).length}`);
      ok(list.text.length < 3_000 && !list.text.includes("<!channel>"));
      ok(!JSON.stringify(list).includes("\u202e"));
      const rest = /And ([\d,]+) more table/.exec(sections(list).at(-1)!)?.[1] ?? "0";
      const shown = sections(list).length - Number(rest !== "0");
      equal(shown + Number(rest.replace(",", "")), count);
    }
  }
});

Deno.test("composeList() says with SLACK_CONTENT=link only which tables there are", () => {
  const list = compose([
    table("b", { why: "The query names area_um2." }),
    table("a", { numbers: [slack] }),
    table("late", { is_pending: true }),
  ], "link");
  same(sections(list), ["b", "a", "late"]);
  equal(list.text, "3 new tables of ada: b; a; late");
});
