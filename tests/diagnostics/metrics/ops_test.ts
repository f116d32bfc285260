import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { slugOf } from "../../../src/diagnostics/markdown.ts";
import { readExposition } from "../../help/metrics.ts";
import { startWorld } from "../../help/world/world.ts";

const read = (path: string) => Deno.readTextFile(new URL(`../../../${path}`, import.meta.url));
const alerts = await read("ops/alerts.yml");
const text = await read("ops/grafana.json");
const board = JSON.parse(text);

async function exposed(): Promise<Set<string>> {
  await using world = await startWorld();
  const { types } = readExposition((await world.send("GET", "/metrics")).text);
  return new Set(
    [...types].flatMap(([name, type]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name]
    ),
  );
}

const namesIn = (text: string) => [...new Set(text.match(/dashkeeper_\w+/g))];
const family = (name: string) => name.replace(/_(?:bucket|sum|count)$/, "");

Deno.test("ops: each metric that the alerts and the dashboard name is exposed; each one is on the dashboard", async () => {
  const there = await exposed();
  ok(there.size > 30, [...there].join());
  for (const name of namesIn(alerts + text)) ok(there.has(name), `${name} is not exposed`);
  const shown = new Set(namesIn(text).map(family));
  same([...there].map(family).filter((name) => !shown.has(name)), []);
});

Deno.test("ops: each alert links to a place of the troubleshooting that exists", async () => {
  const headings = (await read("docs/troubleshooting.md")).replace(/^```[\s\S]*?^```/gm, "")
    .matchAll(/^#+ (.+)$/gm);
  const slugs = [...headings].map(([, heading]) => slugOf(heading!));
  const rules = alerts.split(/^ {6}- alert: /m).slice(1);
  ok(rules.length >= 8);
  for (const rule of rules) {
    const [, docs] = /^ +docs: docs\/troubleshooting\.md#([a-z-]+)$/m.exec(rule) ?? [];
    ok(docs && slugs.includes(docs), rule);
    match(rule, /severity: (?:warning|critical)/);
    match(rule, /summary: /);
    const [, linked] = /\/docs\/troubleshooting#([a-z-]+)'/.exec(rule) ?? [docs, docs];
    equal(linked, docs);
  }
});

Deno.test("ops: each panel asks the chosen data source and has a unit and a title of its own", () => {
  // deno-lint-ignore no-explicit-any
  const panels: any[] = board.panels.filter(({ type }: { type: string }) => type !== "row");
  for (const { title, datasource, targets, fieldConfig } of panels) {
    for (const source of [datasource, ...targets.map((one: typeof targets[0]) => one.datasource)]) {
      same(source, { type: "prometheus", uid: "${datasource}" }, title);
    }
    ok(fieldConfig.defaults.unit, title);
    for (const { expr } of targets) match(expr, /job=~"\$job",instance=~"\$instance"/, title);
  }
  const titles = panels.map(({ title }) => title);
  equal(new Set(titles).size, titles.length);
  const ids = board.panels.map(({ id }: { id: number }) => id);
  equal(new Set(ids).size, ids.length);
});

async function hasPromtool(): Promise<boolean> {
  try {
    return (await new Deno.Command("promtool", { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "ops: each alert fires on its cause, as promtool evaluates it (where there is one)",
  ignore: !await hasPromtool(),
  async fn() {
    const file = new URL("alerts_test.yml", import.meta.url).pathname;
    const args = ["test", "rules", file];
    const { success, stdout, stderr } = await new Deno.Command("promtool", { args }).output();
    ok(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
  },
});
