import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import { readMarkdown, slugOf } from "../../src/diagnostics/markdown.ts";

const ROOT = new URL("../../", import.meta.url);
const text = await Deno.readTextFile(new URL("docs/troubleshooting.md", ROOT));
const headings = [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm)]
  .map(([, heading]) => slugOf(heading!));

async function anchors(): Promise<string[]> {
  const folder = new URL("src/diagnostics/checks/", ROOT);
  const found: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const source = await Deno.readTextFile(new URL(name, folder));
    found.push(...[...source.matchAll(/docs: "([^"]+)"/g)].map(([, anchor]) => anchor!));
    found.push(
      ...[...source.matchAll(/check(?:Of)?\(\s*[^,]+,\s*"([a-z-]+)"/g)].map(([, a]) => a!),
    );
  }
  return [...new Set(found)];
}

Deno.test("each check's place in the troubleshooting exists, once; each place belongs to a check", async () => {
  equal(new Set(headings).size, headings.length, "two headings have the same anchor");
  const linked = await anchors();
  ok(linked.length >= 24, linked.join(", "));
  for (const anchor of linked) ok(headings.includes(anchor), `#${anchor} is not there`);
  same(headings.slice(1).filter((heading) => !linked.includes(heading)), []);
});

Deno.test("the troubleshooting names the commands that an operator types", () => {
  for (
    const command of [
      "systemctl status postgresql",
      "pg_stat_activity",
      "$GRAFANA_BASE_URL/api/health",
      "auth.test",
      "conversations.info",
      "deno task doctor",
    ]
  ) ok(text.includes(command), command);
});

Deno.test("readMarkdown() reads headings, code, lists, tables and paragraphs", () => {
  const source = "# A `b`\n\nTwo\nlines.\n\n```sh\n# no heading\n```\n\n- one\n  more\n- two\n\n" +
    "| a | b |\n| --- | --- |\n| `x \\| y` | <b> |\n";
  same(readMarkdown(source), [
    { type: "heading", level: 1, text: "A `b`", id: "a-b" },
    { type: "text", text: "Two lines." },
    { type: "code", text: "# no heading\n" },
    { type: "list", items: ["one more", "two"] },
    { type: "table", rows: [["a", "b"], ["`x | y`", "<b>"]] },
  ]);
  const read = readMarkdown(text).filter(({ type }) => type === "heading");
  equal(read.length, headings.length);
});
