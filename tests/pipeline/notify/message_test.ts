import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { composeMessage, type MessageInput } from "../../../src/pipeline/notify/message.ts";
import type { KeyNumber } from "../../../src/measures/number.ts";
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
  alt_text: "Area and worst slack over the last 12 runs",
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
    alt_text: input.alt_text!,
  });
  const actions = blocks[3]!;
  equal(
    actions.type === "actions" && actions.elements[0]!.url,
    input.dashboard_url,
  );
  same(blockFaults(blocks), []);
});

Deno.test("composeMessage() leaves out what is unknown", () => {
  const { text, blocks } = composeMessage({
    ...input,
    schema_name: "public",
    rows: null,
    rows_before: null,
    image: null,
    title: "Area of the core",
  });
  equal(text, "QoR table qor_history of ada: run 3");
  same(blocks.map(({ type }) => type), [
    "header",
    "context",
    "actions",
  ]);
  equal(texts(blocks)[0], "Area of the core");
  match(
    texts(blocks).join("|"),
    /core\|Run 3\|Made by .* no picture of run 3/,
  );
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
  const { alt_text: _, ...rest } = input;
  const found = { ...rest, found_at: "2026-11-30T08:30:12.345Z" };
  const { blocks } = composeMessage({ ...found, numbers: [number, doubtful] });
  const image = blocks.find(({ type }) => type === "image");
  equal(
    image?.type === "image" && image.alt_text,
    "The dashboard of reports.qor_history, run 3: Setup WNS -0.125 ns (+0.03, better); Area 5 (not sure)",
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

Deno.test("composeMessage() shows numbers by group, with change and verdict", () => {
  const numbers: KeyNumber[] = [
    number,
    {
      ...number,
      name: "setup_tns",
      value: -1234.5678,
      change: -10,
      better: false,
    },
    {
      ...number,
      name: "area",
      group: null,
      value: 52_341,
      unit: "µm²",
      change: 0,
      better: null,
    },
    {
      ...number,
      name: "power",
      value: 1.23456e-7,
      unit: "W",
      change: 0.1 + 0.2,
      better: null,
    },
    {
      ...number,
      name: "drc_total",
      group: "aes",
      value: -0,
      unit: null,
      change: null,
      better: null,
    },
  ];
  const { text, blocks } = composeMessage({ ...input, numbers });
  same(texts(blocks.slice(1, 4)), [
    "gcd sky130hd",
    "Setup TNS\n-1,234.57 ns (-10, worse)",
    "Setup WNS\n-0.125 ns (+0.03, better)",
    "Power\n1.235e-7 W (+0.3)",
    "Area\n52,341 µm² (no change)",
    "aes",
    "DRC violations\n0",
  ]);
  equal(texts(blocks)[0], "QoR: reports.qor_history of ada, run 3: Setup TNS worse");
  match(
    text,
    /1,234 rows \(\+12\), gcd sky130hd Setup TNS -1,234\.57 ns \(-10, worse\)$/,
  );
  same(blockFaults(blocks), []);
});

Deno.test("composeMessage() says why the first number moved, after the numbers", () => {
  const why = "setup WNS -0.05 → -0.12 ns, worst in path group clk, 7 endpoints, since 3f2a9c1";
  const { text, blocks } = composeMessage({ ...input, numbers: [number], why });
  same(blocks.map(({ type }) => type), [
    "header",
    "section",
    "section",
    "image",
    "context",
    "actions",
  ]);
  same(texts(blocks[2]), [why]);
  ok(text.endsWith(", Setup WNS -0.125 ns (+0.03, better)"), text);
  equal(composeMessage({ ...input, why: " \n" }).blocks.length, 4);
  same(
    blockFaults(composeMessage({ ...input, why: "🧮\n".repeat(5_000) }).blocks),
    [],
  );
});

Deno.test("composeMessage() keeps Slack's limits whatever it is given, and says what it left out", () => {
  const emoji = "🧮".repeat(5_000);
  for (const groups of [1, 7, 400]) {
    const numbers = Array.from({ length: 400 }, (_, i): KeyNumber => ({
      ...number,
      group: `${i % groups} ${emoji}`,
      unit: emoji,
    }));
    const long = {
      ...input,
      username: emoji,
      table_name: emoji,
      alt_text: emoji,
      title: emoji,
    };
    const { text, blocks } = composeMessage({ ...long, numbers });
    same(blockFaults(blocks), []);
    const size = JSON.stringify(blocks).length;
    ok(size > 2_000 && size <= 13_200, `${size} characters`);
    ok(text.length < 1_000);
    ok(!HALF.test(JSON.stringify(blocks) + text));
    match(
      texts(blocks).join("\n"),
      /And 3\d\d more numbers on the dashboard\./,
    );
    equal(blocks.at(-1)!.type, "actions");
  }
  const small = Array.from(
    { length: 400 },
    (_, i) => ({ ...number, group: `g${i}` }),
  );
  const { blocks } = composeMessage({ ...input, numbers: small });
  same(texts(blocks).filter((text) => /^g\d/.test(text)), [
    "g0",
    "g1",
    "g2",
    "g3",
    "g4",
    "g5",
  ]);
  ok(texts(blocks).includes("And 394 more numbers on the dashboard."));
  same(blockFaults(blocks), []);
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
    ]
  ) {
    const hostiles = {
      username: hostile,
      schema_name: hostile,
      table_name: hostile,
      title: hostile,
    };
    const numbers = [{ ...number, group: hostile, unit: hostile }, {
      ...number,
      group: "b",
    }];
    const all = { ...hostiles, alt_text: hostile, why: hostile, numbers };
    const { text, blocks } = composeMessage({ ...input, ...all });
    same(blockFaults(blocks), []);
    ok(!/[<>\n\r\0\u2028\u202e]|&(?!amp;|lt;|gt;)/.test(text), text);
    const everything = JSON.stringify(blocks);
    ok(!everything.includes("mrkdwn")); // plain_text: Slack shows it as it stands
    ok(!everything.includes('"emoji":true'));
    ok(!/[\u2028\u202e\0]/.test(everything));
    for (const line of texts(blocks)) ok(line.split("\n").length <= 2, line);
  }
});
