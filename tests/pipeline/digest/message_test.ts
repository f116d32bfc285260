import {
  deepStrictEqual as same,
  doesNotMatch,
  match,
  ok,
  strictEqual as equal,
} from "node:assert";
import { changesOf, type Moved, movesOf } from "../../../src/pipeline/digest/changes.ts";
import { composeDigest, type DigestInput } from "../../../src/pipeline/digest/message.ts";
import type { KeyNumber } from "../../../src/measures/number.ts";
import { blockFaults } from "../../help/slack.ts";

const worse = (more: Partial<KeyNumber> = {}): KeyNumber => ({
  ...{ name: "setup_wns", group: null, value: -0.2, unit: "ns", before: -0.1, change: -0.1 },
  ...{ better: false, sure: true },
  ...more,
});

const moved = (id: number, more: Partial<Moved> = {}): Moved => ({
  ...{ id, user_id: 1, username: "ada", kind: "timing", schema_name: "public" },
  ...{ table_name: `t${id}`, run: 2, grafana_url: null, attention: null, groups: [] },
  ...{ first_run: 2, last_run: 2, worse: [], better: [] },
  ...more,
});

const compose = (tables: Moved[], more: Partial<DigestInput> = {}, url = "https://dash.lab/b") =>
  composeDigest({
    ...changesOf(tables, tables.filter(({ attention }) => attention === null)),
    ...{ content: "full", since: new Date("2026-11-29T07:30:00Z"), zone: "UTC" },
    ...more,
  }, { dashboard: () => Promise.resolve(url), row: () => url });

const HOSTILE = "<!channel> <@U1|x> *b* `c` <https://evil.example|Open>\n&amp;\u202e\u0007";

Deno.test("composeDigest() lets no name or value break out", async () => {
  const group = HOSTILE;
  const { text, blocks } = await compose([
    moved(1, { table_name: HOSTILE, username: HOSTILE, worse: [worse({ group, unit: HOSTILE })] }),
    moved(2, { table_name: HOSTILE, attention: HOSTILE }),
  ]);
  doesNotMatch(text, /[<>]/);
  doesNotMatch(text + JSON.stringify(blocks), /\u202e|\\u0007/);
  const kinds = JSON.stringify(blocks).match(/"type":"\w+"/g)!;
  same(
    [...new Set(kinds)].sort(),
    ["button", "context", "header", "plain_text", "section"].map((type) => `"type":"${type}"`),
  );
  same(blockFaults(blocks), []);
});

Deno.test("composeDigest() keeps to Slack's limits and says how many tables more there are", async () => {
  const long = "ü".repeat(200);
  const numbers = Array.from({ length: 9 }, () => worse({ group: long }));
  for (const [name, each] of [[long, numbers], ["t", [worse()]]] as const) {
    const tables = Array.from({ length: 300 }, (_, i) =>
      moved(i, {
        ...{ table_name: name, username: name, attention: i % 3 === 2 ? `${long} stopped.` : null },
        ...(i % 3 === 0 ? { worse: [...each] } : {}),
        ...(i % 3 === 1 ? { better: [...each] } : {}),
      }));
    const { blocks, text } = await compose(tables, {}, `https://dash.lab/${"x".repeat(180)}`);
    same(blockFaults(blocks), []);
    ok(JSON.stringify(blocks).length < 13_000, String(JSON.stringify(blocks).length));
    const told = JSON.stringify(blocks);
    equal(told.match(/And \d+ more tables\./g)!.length, 3);
    match(told, /Daily digest: 100 tables worse, 100 better, 100 need attention/);
    ok(text.length < 10_000);
    const rest = [...told.matchAll(/And (\d+) more tables/g)].map(([, count]) => Number(count));
    const shown = blocks.filter(({ type }) => type === "section").length;
    equal(rest.reduce((a, b) => a + b) + shown, 300);
    ok(rest.every((count) => count < 100), "each part shows a table");
  }
});

Deno.test("composeDigest() shows no button for an address that Slack refuses", async () => {
  const { blocks } = await compose([moved(1, { worse: [worse()] })], {}, "x".repeat(3_001));
  same(blockFaults(blocks), []);
  doesNotMatch(JSON.stringify(blocks), /button/);
});

Deno.test("movesOf() counts what directionOf() counts", () => {
  const window = (now: Partial<KeyNumber>, then: Partial<KeyNumber>) => ({
    numbers: [{ before: worse(then), first: worse(now), last: worse(now), breaks: 0 }],
  });
  const went = (now: Partial<KeyNumber>, then: Partial<KeyNumber>) => {
    const { worse, better } = movesOf(window(now, then), 2);
    return worse.length > 0 ? "worse" : better.length > 0 ? "better" : null;
  };
  const area = (value: number): Partial<KeyNumber> => ({ name: "area", value, unit: "um²" });
  equal(went({ value: -0.2 }, { value: -0.1 }), "worse");
  equal(went({ value: -0.1 }, { value: -0.2 }), "better");
  equal(went({ value: -200, unit: "ps" }, { value: -0.2 }), null, "the same in another unit");
  equal(went(area(102), area(100)), null);
  equal(went(area(103), area(100)), "worse");
  equal(went(area(97), area(100)), "better");
  equal(went({ value: -9, sure: false }, {}), null);
  equal(went({ value: -9 }, { sure: false }), null);
});
