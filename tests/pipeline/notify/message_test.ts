import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { composeMessage, type MessageInput } from "../../../src/pipeline/notify/message.ts";
import type { KeyNumber } from "../../../src/measures/number.ts";
import type { RunState } from "../../../src/pipeline/mute_store.ts";
import { controlsOf, readValue, restate } from "../../../src/pipeline/notify/controls.ts";
import { blockFaults } from "../../help/slack.ts";

const input: MessageInput = {
  username: "ada",
  kind: "qor",
  schema_name: "reports",
  table_name: "qor_history",
  run: 3,
  rows: 1234,
  rows_before: 1222,
  dashboard_url: "https://keeper.example/boards/7?signature=abc",
  image: { slack_file: { id: "F1" } },
};
const number: KeyNumber = {
  name: "setup_wns",
  group: "gcd sky130hd",
  value: -0.125,
  unit: "ns",
  before: -0.155,
  change: 0.03,
  better: true,
};

/** All text of a message, one line for each text object. */
// deno-lint-ignore no-explicit-any
function texts(value: any): string[] {
  if (value === null || typeof value !== "object") return [];
  if (typeof value.text === "string") return [value.text];
  return Object.values(value).flatMap(texts);
}

/** A surrogate without its partner: a character cut in half. */
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

Deno.test("composeMessage() tells what, whose, how much, and where to look", () => {
  const { text, blocks } = composeMessage(input);
  equal(text, "QoR table reports.qor_history of ada: run 3, 1,234 rows (+12)");
  same(blocks.map(({ type }) => type), [
    "header",
    "image",
    "context",
    "actions",
  ]);
  same(texts(blocks), [
    "QoR: reports.qor_history of ada, run 3",
    "Run 3, 1,234 rows (+12)",
    "Made by Dashkeeper from ada's QoR database.",
    "Open dashboard",
  ]);
  same(blocks[1], {
    type: "image",
    slack_file: { id: "F1" },
    alt_text: "The dashboard of reports.qor_history, run 3",
  });
  const { elements: [open] } = blocks[3] as { elements: { url: string }[] };
  equal(open!.url, input.dashboard_url);
  same(blockFaults(blocks), []);
});

Deno.test("composeMessage() leaves out what is unknown", () => {
  const { text, blocks } = composeMessage({
    ...input,
    schema_name: "public",
    rows: null,
    rows_before: null,
    image: null,
  });
  equal(text, "QoR table qor_history of ada: run 3");
  same(blocks.map(({ type }) => type), [
    "header",
    "context",
    "actions",
  ]);
  match(texts(blocks).join("|"), /ada, run 3\|Run 3\|Made by .* no preview of run 3/);
  same(blockFaults(blocks), []);
});

Deno.test("composeMessage() counts rows from the last run", () => {
  for (
    const [rows, rows_before, told] of [
      [5, null, "Run 3, 5 rows"],
      [5, 5, "Run 3, 5 rows (no change)"],
      [1_000_000, 1_002_500, "Run 3, 1,000,000 rows (-2,500)"],
      [1, null, "Run 3, 1 row"],
      [0, null, "Run 3, 0 rows"],
    ] as const
  ) {
    ok(
      texts(composeMessage({ ...input, rows, rows_before }).blocks).includes(
        told,
      ),
      told,
    );
  }
});

Deno.test("composeMessage() states the numbers in the alt text, and when the run was found", () => {
  const doubtful: KeyNumber = { ...number, name: "area", value: 5, unit: null, sure: false };
  const found = { ...input, found_at: "2026-11-30T08:30:12.345Z" };
  const { blocks } = composeMessage({ ...found, numbers: [number, doubtful] });
  const image = blocks.find(({ type }) => type === "image");
  equal(
    image?.type === "image" && image.alt_text,
    "The dashboard of reports.qor_history, run 3: Setup WNS -0.125 ns (+0.03 ns, better); Area 5 (not sure)",
  );
  ok(texts(blocks).includes("Run 3, 1,234 rows (+12), found 2026-11-30 08:30 UTC"));
});

Deno.test("composeMessage() sends no more than the content allows", () => {
  const all = {
    ...input,
    numbers: [number],
    why: "because of 7 endpoints",
    note: "Without data: Area.",
  };
  const numbers = composeMessage({ ...all, content: "numbers" });
  ok(!numbers.blocks.some(({ type }) => type === "image"));
  ok(JSON.stringify(numbers).includes("-0.125 ns"));
  const link = composeMessage({ ...all, content: "link" });
  same(link.blocks.map(({ type }) => type), ["header", "context", "actions"]);
  ok(
    !/0\.125|1,234|endpoints|Without data|better/.test(JSON.stringify(link)),
    JSON.stringify(link),
  );
  equal(link.text, "QoR table reports.qor_history of ada: run 3");
});

/** The texts of the sections, and the header's. */
const shown = (numbers: KeyNumber[], more: Partial<MessageInput> = {}) => {
  const message = composeMessage({ ...input, image: null, numbers, ...more });
  const [header, ...others] = message.blocks;
  same(blockFaults(message.blocks), []);
  const sections = others.filter(({ type }) => type === "section");
  return { header: texts(header)[0]!, lines: texts(sections), ...message };
};

Deno.test("composeMessage() shows one design's numbers worse first, changes with their unit", () => {
  const numbers: KeyNumber[] = [
    { ...number, value: -1234.5678, name: "setup_tns", change: -10, before: -1224, better: false },
    { ...number, name: "area", value: 52_341, unit: "µm²", change: 0, better: null },
    { ...number, name: "utilization", value: 71.5, unit: "%", change: 0.1 + 0.2, better: null },
    { ...number, name: "power", value: 1.2e-7, unit: "W", better: null, sure: false },
    number,
    { ...number, name: "drc_total", value: -0, unit: null, change: null, better: null },
    { ...number, name: "runtime", value: 600, unit: "s", before: 599, change: 1, better: false },
  ];
  const { header, lines, text } = shown(numbers);
  same(lines.flatMap((text) => text.split("\n")), [
    "gcd sky130hd",
    "Setup TNS -1,234.57 ns (-10 ns, worse)",
    "Setup WNS -0.125 ns (+0.03 ns, better)",
    "DRC violations 0",
    "Area 52,341 µm² (no change)",
    "Utilization 71.5 % (+0.3 %)",
    "Runtime 600 s (+1 s, worse)",
    "And 1 more number on the dashboard.",
  ]);
  equal(header, "QoR: reports.qor_history of ada, run 3: Setup TNS worse");
  match(
    text,
    /\(\+12\), Setup TNS -1,234\.57 ns \(-10 ns, worse\); Setup WNS [^;]*; DRC violations 0$/,
  );
});

Deno.test("composeMessage() shows of several designs those that moved, the worst first, and counts them", () => {
  const of = (group: string, name: KeyNumber["name"], before: number, value: number): KeyNumber => {
    const change = value - before;
    const better = change === 0 ? null : change < 0 === /drc|area/.test(name);
    return { name, group, value, unit: null, before, change, better };
  };
  const numbers = [
    of("same", "setup_wns", -9, -9),
    of("little", "setup_wns", -8, -8.5),
    of("good", "setup_wns", -3, -2),
    of("noise", "area", 1000, 1001),
    of("most", "setup_wns", -1, -3),
    of("most", "drc_total", 4, 2),
    of("drc", "drc_total", 1, 90),
  ];
  const { header, lines, text } = shown(numbers);
  equal(header, "QoR: reports.qor_history of ada, run 3: 3 designs worse, 1 better");
  same(lines, [
    "most\nSetup WNS -3 (-2, worse)\nDRC violations 2 (-2, better)",
    "little\nSetup WNS -8.5 (-0.5, worse)",
    "drc\nDRC violations 90 (+89, worse)",
    "good\nSetup WNS -2 (+1, better)",
    "And 2 more designs on the dashboard, none worse.",
  ]);
  ok(
    text.endsWith(
      "3 designs worse, 1 better, most Setup WNS -3 (-2, worse); " +
        "little Setup WNS -8.5 (-0.5, worse); drc DRC violations 90 (+89, worse)",
    ),
    text,
  );
  const strict = shown(numbers, { worse_percent: 0 });
  match(strict.header, /: 4 designs worse, 1 better$/);
  equal(strict.lines.at(-1), "And 2 more designs on the dashboard: 1 better.");
  const still = numbers.map((one) => ({ ...one, before: null, change: null, better: null }));
  const first = shown(still);
  equal(first.header, "QoR: reports.qor_history of ada, run 3");
  equal(first.lines.at(-1), "And 2 more designs on the dashboard.");
});

Deno.test("composeMessage() marks what is not sure, says why, and makes no headline of it", () => {
  const doubt = "One run has several rows for the same object.";
  const unsure = { ...number, better: null, sure: false, doubt };
  const { header, lines, blocks } = shown([unsure]);
  equal(header, "QoR: reports.qor_history of ada, run 3");
  same(lines, ["gcd sky130hd\nSetup WNS -0.125 ns (not sure)"]);
  equal(texts(blocks.find(({ type }) => type === "context"))[0], `Not sure: ${doubt}`);
});

Deno.test("composeMessage() says why the first number moved, after the numbers", () => {
  const why = "Setup WNS -0.05 → -0.12 ns, worst in path group clk, 7 endpoints, since 3f2a9c1";
  const { text, blocks } = composeMessage({ ...input, numbers: [number], why });
  same(blocks.map(({ type }) => type), [
    ...["header", "section", "section", "image", "context", "actions"],
  ]);
  same(texts(blocks[2]), [why]);
  ok(text.endsWith(`, Setup WNS -0.125 ns (+0.03 ns, better). ${why}.`), text);
  equal(composeMessage({ ...input, why: " \n" }).blocks.length, 4);
  same(
    blockFaults(composeMessage({ ...input, why: "🧮\n".repeat(5_000) }).blocks),
    [],
  );
});

const LONGEST = { id: 999_999_999_999_999, run: 999_999_999 };
/** A run with which everything was done, by people with long names. */
function busy(by: string): RunState {
  const at = "2026-11-30T08:30:00.000Z";
  return {
    ...{ muted_by: by, muted_until: at, mute_changed_by: by, mute_changed_at: at },
    ...{ recaptured_by: by, recaptured_at: at, acknowledged_by: null, acknowledged_at: null },
  };
}

Deno.test("composeMessage() keeps Slack's limits whatever it is given, and says what it left out", () => {
  for (const filler of ["🧮", '"', "\\"]) {
    const long = filler.repeat(5_000);
    for (const groups of [1, 7, 400]) {
      const numbers = Array.from({ length: 400 }, (_, i): KeyNumber => ({
        ...number,
        group: `${i % groups} ${long}`,
        unit: long,
        sure: i % 2 > 0,
        doubt: long,
      }));
      const all = { username: long, table_name: long, why: long, note: long, corrected: true };
      const url = `https://keeper.example/${filler.repeat(1_400)}`;
      const controls = controlsOf({ ...LONGEST, has_preview: true, is_worse: true });
      const composed = { ...input, ...all, dashboard_url: url, numbers, controls };
      const { text, blocks } = restate(composeMessage(composed), busy(long));
      same(blockFaults(blocks), []);
      const size = JSON.stringify(blocks).length;
      ok(size > 2_000 && size <= 13_200, `${size} characters`);
      ok(text.length < 2_000);
      ok(!HALF.test(JSON.stringify(blocks) + text));
      match(
        texts(blocks).join("\n"),
        /And 3\d\d more (numbers|designs) on the dashboard|And 3 more designs on the dashboard/,
      );
      equal(blocks.at(-1)!.type, "actions");
    }
  }
});

Deno.test("composeMessage() names run and direction in the header however long the table's name is", () => {
  const numbers = [{ ...number, better: false }];
  const { header, text } = shown(numbers, {
    schema_name: "s".repeat(63),
    username: "u".repeat(32),
  });
  match(header, /^QoR: s{59}… of u{32}, run 3: Setup WNS worse$/);
  ok(text.includes("s.qor_history of u"), text);
});

Deno.test("composeMessage() has no button for an address longer than Slack takes", () => {
  const dashboard_url = `https://keeper.example/${"x".repeat(3_000)}`;
  const { blocks } = composeMessage({ ...input, dashboard_url });
  ok(!blocks.some(({ type }) => type === "actions"));
  same(blockFaults(blocks), []);
});

Deno.test("composeMessage() keeps hostile names inert", () => {
  for (
    const hostile of [
      "<!channel>",
      "<https://evil.example|Open dashboard>",
      "a & b",
      "*bold* _it_ ~s~ `code` ```x```",
      "@here :tada: <@U123>",
      "two\nlines\u2028three\r\n> quoted\u0000",
      "\u202egnp.exe",
      "名".repeat(21),
      " ",
      "\u200b\u200d\ufeff",
      "\u05d0\u05d1 \u0634\u0631\u062d 3",
    ]
  ) {
    const hostiles = {
      username: hostile,
      schema_name: hostile,
      table_name: hostile,
    };
    const numbers = [{ ...number, group: hostile, unit: hostile }, { ...number, group: "b" }];
    const all = { ...hostiles, why: hostile, numbers };
    const { text, blocks } = composeMessage({ ...input, ...all });
    same(blockFaults(blocks), []);
    ok(!/[<>\n\r\0\u2028\u202e\u200b\ufeff]|&(?!amp;|lt;|gt;)/.test(text), text);
    const everything = JSON.stringify(blocks);
    ok(!everything.includes("mrkdwn")); // plain_text: Slack shows it as it stands
    ok(!everything.includes('"emoji":true'));
    ok(!/[\u2028\u202e\0]/.test(everything));
    for (const line of texts(blocks)) ok(line.split("\n").length <= 2, line);
  }
});

Deno.test("readValue() reads the values of our buttons, and no other", () => {
  const all = controlsOf({ ...LONGEST, has_preview: true, is_worse: true });
  const values = all.flatMap((one) =>
    one.type === "overflow" ? one.options.map(({ value }) => value) : [one.value]
  );
  equal(values.length, 6);
  for (const value of values) same({ ...readValue(value), mute: 0 }, { ...LONGEST, mute: 0 });
  for (
    const value of ["", "1", "1.0", "01.1", "1.1 x", "1.1 day ", "1.1 toString", "-1.1", "1.1\n"]
  ) {
    equal(readValue(value), undefined, value);
  }
});
