import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert";
import { addTiming, timingDatabase } from "../help/grafana/database.ts";
import { type StandIn, startGrafana } from "../help/grafana/grafana.ts";

/** Calls as the admin unless told otherwise. */
async function call(
  grafana: StandIn,
  method: string,
  path: string,
  json?: unknown,
  token = grafana.tokens.admin,
) {
  const answer = await fetch(grafana.url + path, {
    method,
    redirect: "manual",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    signal: AbortSignal.timeout(1000),
  });
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  const body = isJson && text ? JSON.parse(text) : text;
  return { status: answer.status, headers: answer.headers, body };
}

Deno.test("fault() breaks the calls that it names, as often as it says", async () => {
  await using grafana = await startGrafana();
  const org = () => call(grafana, "GET", "/api/org");
  const retry = { status: 429, body: { message: "slow down" }, headers: { "retry-after": "7" } };
  grafana.fault({ path: /^\/api\/org/, times: 1, answer: retry });
  grafana.fault({ method: "POST", path: /folders/, times: 1, answer: "drop", after: true });
  equal((await call(grafana, "GET", "/api/folders")).status, 200);
  const slow = await org();
  same([slow.status, slow.headers.get("retry-after")], [429, "7"]);
  equal((await org()).status, 200);
  // Done, and its answer lost.
  await rejects(call(grafana, "POST", "/api/folders", { uid: "f", title: "F" }));
  equal(grafana.folders.get("f")?.title, "F");
  grafana.fault({ path: /org/, answer: { status: 200, html: "<h1>Sign in</h1>" } });
  for (const _ of [1, 2]) equal((await org()).body, "<h1>Sign in</h1>");
  grafana.clearFaults();
  grafana.fault({ times: 1, answer: { status: 302, headers: { location: "/login" } } });
  same([(await org()).status, (await org()).status], [302, 200]);
  await grafana.stop();
  await rejects(org(), TypeError);
  grafana.start();
  equal((await org()).status, 200);
  grafana.fault({ answer: "hang" });
  await rejects(org(), { name: "TimeoutError" });
});

Deno.test("startGrafana() with subPath answers below it alone, and says so in its addresses", async () => {
  await using grafana = await startGrafana({ subPath: "/grafana" });
  const { body } = await call(grafana, "POST", "/api/dashboards/db", {
    dashboard: { uid: "a", title: "Worst paths" },
  });
  equal(body.url, "/grafana/d/a/worst-paths");
  equal((await call(grafana, "GET", "/api/search?query=WORST")).body[0].url, body.url);
  const outside = await fetch(`${grafana.origin}/api/health`);
  equal(outside.status, 404, await outside.text());
  const page = await fetch(grafana.origin + body.url, { redirect: "manual" });
  same([page.status, page.headers.get("location")], [302, "/grafana/login"]);
  await page.body?.cancel();
  const login = await fetch(`${grafana.url}/login`);
  ok((await login.text()).includes("password"));
});

Deno.test("addToken() takes exactly the permissions that it is given", async () => {
  await using grafana = await startGrafana();
  const own = grafana.addFolder("own", "own");
  grafana.addFolder("other", "other");
  const token = grafana.addToken({
    "folders:read": ["folders:*"],
    "dashboards:create": ["folders:uid:own"],
    "dashboards:write": ["folders:uid:own"],
  });
  const save = (folderUid: string, overwrite = false) =>
    call(
      grafana,
      ...["POST", "/api/dashboards/db"] as const,
      { dashboard: { uid: "a", title: "A" }, folderUid, overwrite },
      token,
    );
  equal((await save("other")).status, 403);
  equal((await save(own.uid)).status, 200);
  equal((await save("other", true)).status, 403, "moving it away");
  const read = await call(grafana, "GET", "/api/dashboards/uid/a", undefined, token);
  ok(read.status === 403 && read.body.message.endsWith("Permissions needed: dashboards:read"));
  same((await call(grafana, "DELETE", "/api/folders/own", undefined, token)).status, 403);
  const { acl } = grafana.folders.get("own")!;
  acl.length = 0;
  const { editor } = grafana.tokens;
  equal((await call(grafana, "GET", "/api/folders/own", undefined, editor)).status, 403);
  equal((await call(grafana, "GET", "/api/folders/other", undefined, editor)).status, 200);
});

Deno.test("the hands of a person: edit, move, rename, remove", async () => {
  await using grafana = await startGrafana();
  const { uid: folderUid } = grafana.addFolder("ada");
  const { uid } = grafana.addDashboard({ title: "A", folderUid });
  grafana.edit(uid, (json) => ({ ...json, title: "B" }));
  grafana.renameFolder(folderUid, "ada lovelace");
  const { body } = await call(grafana, "GET", `/api/dashboards/uid/${uid}`);
  same([body.meta.version, body.dashboard.title, body.meta.folderTitle], [2, "B", "ada lovelace"]);
  const versions = await call(grafana, "GET", `/api/dashboards/uid/${uid}/versions`);
  same(versions.body.map(({ version }: { version: number }) => version), [2, 1]);
  // A title is taken by whatever has its slug, and by every folder.
  const db = "/api/dashboards/db";
  const twin = await call(grafana, "POST", db, { dashboard: { title: "b" }, folderUid });
  same([twin.status, twin.body.status], [412, "name-exists"]);
  const like = await call(grafana, "POST", db, { dashboard: { title: "Ada_Lovelace" } });
  same([like.status, like.body.status], [400, "name-match"]);
  grafana.addDashboard({ title: "C", folderUid: grafana.addFolder("bob", "bob").uid });
  grafana.remove("bob");
  same([...grafana.dashboards.keys()], [uid]);
  equal((await call(grafana, "DELETE", `/api/folders/${folderUid}`)).status, 200);
  equal((await call(grafana, "GET", `/api/dashboards/uid/${uid}`)).status, 404);
  grafana.addDatasource("Ada timing");
  const taken = { name: "Ada timing", type: "postgres", access: "proxy" };
  equal((await call(grafana, "POST", "/api/datasources", taken)).status, 409);
});

Deno.test("POST /api/ds/query gives the types of columns, and says what is no time series", async () => {
  await using grafana = await startGrafana();
  await using names = await timingDatabase();
  addTiming(grafana, names);
  const ask = async (rawSql: string, format: string) => {
    const queries = [{ refId: "A", datasource: { uid: "pg" }, rawSql, format }];
    const range = { from: "1000", to: "2000" };
    return (await call(grafana, "POST", "/api/ds/query", { ...range, queries })).body.results.A;
  };
  const { frames } = await ask(
    `select 1::int2 as a, 2::int8 as b, 1.5::numeric as c, 'NaN'::float8 as d, true as e, null as f,
      '2026-11-23'::date as g, '2026-11-23 01:00'::timestamp as h, $__timeTo()::timestamptz as i,
      '{1,2}'::int[] as j, 1700000000 as time, $__timeFilter(current_timestamp) as k`,
    "table",
  );
  const [{ schema: { fields }, data: { values } }] = frames;
  const types = fields.map((
    { type, typeInfo: { frame } }: { type: string; typeInfo: { frame: string } },
    i: number,
  ) => `${type} ${frame} ${values[i][0]}`);
  same(types, [
    ...["number int16 1", "number int64 2", "number float64 1.5", "number float64 null"],
    ...["boolean bool true", "string string null", "time time.Time 1795392000000"],
    ...["time time.Time 1795395600000", "time time.Time 2000", "string string {1,2}"],
    ...["time time.Time 1700000000000", "boolean bool false"],
  ]);
  const labelled = await ask("select now() as time, 'x' as layer, 1 as a, 2 as b", "time_series");
  same(
    labelled.frames[0].schema.fields.slice(1).map((
      { name, labels }: { name: string; labels: object },
    ) => ({ name, labels })),
    ["a", "b"].map((name) => ({ name, labels: { layer: "x" } })),
  );
  const none = await ask("select 1 as a", "time_series");
  equal(none.error, "db has no time column: no time column found");
  const wild = "select to_timestamp(-n) as time, 'x' as metric, n from generate_series(1, 2) n";
  ok(
    (await ask(wild, "time_series")).error.endsWith(
      "must be sorted ascending by time to be converted",
    ),
  );
  grafana.datasources.get("pg")!.url = "127.0.0.1:1";
  const away = await ask("select 1", "table");
  equal(
    away.error,
    "db query error: failed to connect to server - please inspect Grafana server log for details",
  );
});
