import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { flowResults, loadResults } from "../help/boards/flow_results.ts";
import { startGrafana } from "../help/grafana/grafana.ts";
import { decodeGif } from "../help/previews/gif.ts";
import { keyIn, makeHome, QUICK, tells, waitFor } from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";
import { login } from "../help/world/postgres.ts";

const KINDS = ["timing", "qor", "drc"] as const;
const TABLES = { timing: "timing_summary", qor: "qor_history", drc: "drc_iterations" };

Deno.test("main.ts brings a team's real results to Grafana, films them there and tells Slack", async () => {
  await flowResults();
  await using grafana = await startGrafana({ subPath: "/grafana" });
  await using slack = await startSlack();
  await using home = await makeHome();
  const env = {
    ...QUICK,
    ...tells(slack),
    CAPTURE_WIDTH: "1280",
    CAPTURE_HEIGHT: "720",
    GRAFANA_BASE_URL: `${grafana.url}/`,
    GRAFANA_API_KEY: grafana.tokens.admin,
    GRAFANA_CAPTURE_KEY: grafana.tokens.viewer,
    GRAFANA_PUBLIC_URL: "https://grafana.example.com/g",
  };
  const service = await home.start(env);
  const key = keyIn(service.log());
  const made = await service.call("POST", "/api/v1/users", { key, json: { username: "ada" } });
  equal(made.status, 201);
  equal(made.body.workspace.state, "ready", JSON.stringify(made.body.workspace));
  const { id } = made.body;
  const sources = await service.call("GET", `/api/v1/users/${id}/datasources`, { key });
  same(
    sources.body.datasources.map(({ name, state }: Record<string, string>) => `${name} ${state}`),
    [
      "ada timing ready",
      "ada qor ready",
      "ada drc ready",
    ],
  );
  const urlOf = async (kind: string) => {
    const name = `${kind.toUpperCase()}_DATABASE_URL`;
    const path = `/api/v1/users/${id}/credentials/${name}`;
    return (await service.call("GET", path, { key })).body.key_value as string;
  };
  {
    await using timing = login(await urlOf("timing"));
    await using qor = login(await urlOf("qor"));
    await using drc = login(await urlOf("drc"));
    await loadResults({ timing, qor, drc });
  }
  const rows = await waitFor("three rows done", async () => {
    const { body } = await service.call("GET", "/api/v1/dashboards?step=done", { key });
    return body.dashboards.length === 3 ? body.dashboards : undefined;
  }, 90);
  const messages = await slack.messages();
  equal(messages.length, 3);

  for (const kind of KINDS) {
    const row = rows.find((row: { kind: string }) => row.kind === kind);
    same([row.source, row.last_error, row.edited], ["grafana", null, false]);
    match(
      row.dashboard_url,
      new RegExp(`^https://grafana\\.example\\.com/g/d/dk-\\w{6}-d${row.id}/`),
    );
    const message = messages.find(({ text }) => text.includes(TABLES[kind]))!;
    const button = message.blocks.find(({ type }) => type === "actions").elements[0];
    equal(button.url, row.dashboard_url);
    const uid = row.dashboard_url.split("/")[5];
    const dashboard = grafana.dashboards.get(uid)!;
    equal(dashboard.title, TABLES[kind]);
    equal(dashboard.version, 1);
    same(dashboard.json.tags?.toSorted(), ["ada", "dashkeeper", kind].sort());
    equal(grafana.folders.get(dashboard.folderUid)?.title, "ada");
    const gif = await service.call("GET", `/api/v1/dashboards/${row.id}/preview.gif`, { key });
    const { width, height, frames } = decodeGif(gif.bytes);
    same([width, height], [1280, 720]);
    ok(new Set(new Uint32Array(frames[0]!.pixels.buffer)).size > 20, "many colours");
  }
  const panels = grafana.seen.filter(({ panel }) => panel !== null);
  ok(panels.length >= 12, `${panels.length} queries of panels`);
  same([...new Set(panels.map(({ token }) => token))], [grafana.tokens.viewer]);
  const log = service.log();
  for (const secret of [grafana.tokens.admin, grafana.tokens.viewer]) ok(!log.includes(secret));
});
