import { deepStrictEqual as same, match, rejects, strictEqual as equal } from "node:assert/strict";
import { queriedPanels } from "../../help/boards/queried.ts";
import { attempt } from "../../../src/pipeline/attempt.ts";
import { captureNext } from "../../../src/pipeline/capture/capture.ts";
import { restartForKey } from "../../../src/pipeline/row.ts";
import { captureTarget } from "../../../src/pipeline/capture/target.ts";
import { claimNext } from "../../../src/pipeline/row.ts";
import { connectBrowser } from "../../../src/external/browser/browser.ts";
import { never } from "../../help/time.ts";
import { type Options, startWorld } from "../../help/world/world.ts";
import { SILENT } from "../../../src/external/log/log.ts";

const CAPTURE = { base_url: "http://127.0.0.1:1", theme: "dark", timezone: "utc" };

async function startScene(settings: Options["grafana"] = {}) {
  const test = await startWorld({ user: true, grafana: settings });
  const id = await test.make();
  const deps = { ...test.deps, capture: CAPTURE };
  return Object.assign(test, {
    id,
    async claim() {
      await test.db`
        update dashboards set step = 'capture', claim_id = null, claimed_until = null,
          next_try_at = now() where id = ${id}`;
      return (await claimNext(test.db, "capture"))!;
    },
    async scene() {
      return await captureTarget(deps, await this.claim(), never);
    },
    sceneDeps: deps,
  });
}

Deno.test("captureTarget() reads the stored dashboard from Grafana with the viewer's key", async () => {
  await using test = await startScene({ subPath: "/grafana", public_url: "https://g.example.com" });
  const { grafana, id } = test;
  const uid = test.uidOf(id);
  const made = await test.scene();
  const url = new URL(made.url);
  equal(url.origin + url.pathname, `${grafana.url}/d/${uid}/x`);
  same(made.headers, { authorization: `Bearer ${grafana.tokens.viewer}` });
  const { kiosk, theme, refresh, timezone } = Object.fromEntries(url.searchParams);
  same([kiosk, theme, refresh, timezone], ["", "dark", "", "utc"]);
  same(queriedPanels(made.dashboard).length > 0, true);
  grafana.edit(uid, (json) => ({
    ...json,
    time: { from: "2026-01-02T03:04:05Z", to: "now" },
    refresh: "5s",
    panels: json.panels!.slice(0, 1),
  }));
  const edited = await test.scene();
  const query = new URL(edited.url).searchParams;
  same([query.get("from"), query.get("to"), query.get("refresh")], [
    String(Date.UTC(2026, 0, 2, 3, 4, 5)),
    "now",
    "",
  ]);
  equal(edited.dashboard.panels?.length, 1);
  equal((await test.shown(id)).edited, true);
});

Deno.test("captureTarget() takes the one key there is, where no other is set for pictures", async () => {
  await using test = await startScene();
  const configured = test.deps.outside.grafana!;
  delete configured.capture_key;
  const { headers } = await test.scene();
  same(headers, { authorization: `Bearer ${configured.key}` });
});

Deno.test("captureTarget() is gone with its dashboard, until that is there again", async () => {
  await using test = await startScene();
  const { grafana, id, db, sceneDeps } = test;
  const kept = grafana.dashboards.get(test.uidOf(id))!;
  grafana.remove(test.uidOf(id));
  await rejects(test.scene(), { system: "Grafana", permanent: true });
  const claim = await test.claim();
  await attempt(
    { db, log: SILENT },
    claim,
    never,
    async (signal) => void await captureTarget(sceneDeps, claim, signal),
  );
  const row = await test.shown(id);
  same([row.outcome, row.stopped, row.step], ["gone", true, "capture"]);
  match(row.last_error, /Rewrite/);
  grafana.dashboards.set(kept.uid, kept);
  equal((await test.post(`/dashboards/${id}/retry`)).status, 202);
  await test.scene();
  equal((await test.shown(id)).outcome, null);
});

Deno.test("captureNext() says denied of a revoked key and gone of a deleted dashboard, not what was before", async () => {
  await using test = await startScene();
  const { grafana, id, db, sceneDeps } = test;
  const shape = { width: 64, height: 64, frames: 1, delay_ms: 20, timeout_ms: 1000 };
  const capture = { ...CAPTURE, ...shape, theme: "dark", timezone: "utc" } as const;
  const browser = connectBrowser({ path: "/nowhere", install: false, log: SILENT });
  const stopped = async () => {
    await db`
      update dashboards set step = 'capture', stopped = false, next_try_at = now(), outcome = 'loaded',
        panels = '[{"id":1,"title":"Area","state":"loaded","message":null}]' where id = ${id}`;
    await captureNext({ ...sceneDeps, browser, capture }, never);
    const { step, stopped, outcome, panels, last_error } = await test.shown(id);
    same([step, stopped, panels], ["capture", true, []]);
    match(last_error, outcome === "gone" ? /Rewrite/ : /GRAFANA_API_KEY/);
    return outcome;
  };
  const uid = test.uidOf(id);
  const kept = grafana.dashboards.get(uid)!;
  grafana.remove(uid);
  equal(await stopped(), "gone");
  grafana.dashboards.set(kept.uid, kept);
  grafana.revoke(grafana.tokens.admin);
  equal(await stopped(), "denied");
  equal(await restartForKey(db), 1, "a new key sets it going");
  await browser.close();
});
