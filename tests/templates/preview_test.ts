import { match, ok, strictEqual as equal } from "node:assert";
import { signedVersion, signPreview } from "../../src/templates/preview.ts";
import { withSamples } from "../../src/templates/samples.ts";
import { connectBrowser } from "../../src/external/browser/browser.ts";
import { connect } from "../../src/external/postgres/postgres.ts";
import { signIn } from "../../src/users/sign_in.ts";
import { openServers } from "../../src/workspaces/servers.ts";
import { readBoard } from "../help/boards/read_board.ts";
import { dropSamples, panel, QUERY, template } from "../help/templates.ts";
import { testServer } from "../help/world/postgres.ts";
import { freshName, refused, startWorld, type World } from "../help/world/world.ts";
import { SILENT } from "../../src/external/log/log.ts";

type Data = {
  query_url: string;
  dashboard: { panels: { id: number; title: string; type: string; targets?: unknown[] }[] };
};

/** The board that a preview's page holds. */
async function previewOf(api: World, id: number): Promise<Data> {
  const { status, text, headers } = await api.call("GET", `/templates/${id}/preview`);
  equal(status, 200, text);
  match(headers.get("content-type")!, /^text\/html/);
  equal(headers.get("cache-control"), "no-store");
  return JSON.parse(/id="board-data">(.*?)<\/script>/s.exec(text)![1]!);
}

const ask = (api: World, { query_url }: Data, panel_id: number) =>
  api.send("POST", query_url, { json: { panel_id } });

Deno.test("the preview of each built-in template has data in every panel", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  for (const id of [1, 2, 3, 4]) {
    const data = await previewOf(api, id);
    ok(data.dashboard.panels.length >= 8, `template ${id}`);
    for (const { id: panel_id, title } of data.dashboard.panels) {
      const { status, body, text } = await ask(api, data, panel_id);
      equal(status, 200, `${title}: ${text}`);
      ok(body.results.A.frames[0]?.data.values[0].length > 0, `${id} ${title}: no rows`);
    }
  }
  equal((await api.db`select 1 from workspaces`).length, 0, "without any user's database");
});

Deno.test("a preview's query is answered to its signature alone", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const { signingKey } = api.deps;
  const made = await api.call("POST", "/templates", { json: template() });
  const { id } = made.body;
  const data = await previewOf(api, id);
  equal((await ask(api, data, 1)).status, 200);
  equal((await ask(api, data, 7)).status, 404);
  const other = { ...data, query_url: data.query_url.replace(`/${id}/`, "/1/") };
  refused(await ask(api, other, 1), 403, "link_expired");
  refused(
    await ask(api, { ...data, query_url: `/template-previews/${id}/query` }, 1),
    403,
    "link_expired",
  );
  const { query_url } = data;
  refused(await api.send("POST", query_url, { json: { sql: "SELECT 1" } }), 422, "invalid_input");
  const old = await signPreview(signingKey, id, 1, Date.now() - 3_601_000);
  await signedVersion(signingKey, id, await signPreview(signingKey, id, 1));
  const late = { ...data, query_url: `/template-previews/${id}/query?signed=${old}` };
  refused(await ask(api, late, 1), 403, "link_expired");
  await api.call("PUT", `/templates/${id}`, { json: template({}, [panel("SELECT 2 AS n")]) });
  const { body } = await ask(api, data, 1);
  equal(body.results.A.frames[0].schema.fields[1].name, "slack_ns", "the version that was shown");
});

Deno.test("a template's SQL reads the samples and nothing else", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const queries = [
    "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.set_config('role', 'postgres', false)",
    "SELECT * FROM pg_catalog.pg_authid",
    "SELECT pg_catalog.lo_create(0)",
    "SELECT pg_catalog.set_config('transaction_read_only', 'off', false)",
    "SELECT pg_catalog.pg_reload_conf()",
  ];
  const panels = queries.map((sql, i) => panel(sql, { id: i + 1 }));
  const made = await api.call("POST", "/templates", { json: template({}, panels) });
  equal(made.status, 201, made.text);
  const data = await previewOf(api, made.body.id);
  for (const [i, sql] of queries.entries()) {
    const { status, text } = await ask(api, data, i + 1);
    equal(status, 400, `${sql}: ${text}`);
  }
  const who = panel(
    "SELECT current_user::text AS u, current_database()::text AS d, " +
      "pg_catalog.current_setting('transaction_read_only') AS r",
  );
  const asked = await api.call("POST", "/templates", { json: template({ name: "who" }, [who]) });
  const { body } = await ask(api, await previewOf(api, asked.body.id), 1);
  const name = `Samples_${api.deps.installation}`;
  equal(`${body.results.A.frames[0].data.values}`, `${name}_reader,${name}_qor,on`);

  const [ours] = await api.db`
    select has_database_privilege(${`${name}_reader`}, current_database(), 'CREATE') as making,
      rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls as powers,
      (select count(*) from pg_auth_members m where m.member = r.oid) as memberships
    from pg_roles r where rolname = ${`${name}_reader`}`;
  equal(JSON.stringify(ours), '{"making":false,"powers":false,"memberships":0}');
  await withSamples(api.deps, async (reader) => {
    for (
      const sql of [
        "create table samples.x ()",
        "delete from samples.paths",
        "create temp table x ()",
      ]
    ) {
      await reader.unsafe("set default_transaction_read_only = off");
      const refusal = await reader.unsafe(sql).then(() => "done", ({ code }) => code);
      equal(refusal, "42501", sql);
    }
  });
});

Deno.test("the samples need a master that may make databases and roles, no superuser", async () => {
  await using api = await startWorld();
  const server = await testServer();
  const [user, password] = [freshName(), "a password of the tests"];
  await api.db.unsafe(
    `create role ${user} login nosuperuser createdb createrole password '${password}'`,
  );
  // Other tests' services take it from everybody.
  await api.db.unsafe(`grant connect on database postgres to ${user}`);
  const master = connect({ ...server, user, password, database: "postgres" }, 3);
  const { host, port } = server;
  const servers = await openServers(master, { host, port }, {}, []);
  const deps = { ...api.deps, db: master, servers };
  try {
    const rows = await withSamples(deps, (reader) => reader`select 1 from samples.paths limit 2`);
    equal(rows.length, 2);
  } finally {
    await master.end({ timeout: 1 });
    await dropSamples(deps)[Symbol.asyncDispose]();
    await api.db.unsafe(`revoke connect on database postgres from ${user}`);
    await api.db.unsafe(`drop role ${user}`);
  }
});

Deno.test("no transaction is open while the samples are made", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const { db, deps } = api;
  const role = db(`Samples_${deps.installation}_owner`);
  const undo = new Error("undo");
  let made: Promise<unknown> | undefined;
  let open: string[] = [];
  await db.begin(async (tx) => {
    // The first step waits for whoever makes a role of the same name.
    await tx`create role ${role}`;
    const [own] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
    made = withSamples(deps, (reader) => reader`select 1 from samples.paths limit 1`);
    made.catch(() => {});
    for (let waits = false; !waits;) {
      const rows = await db<{ pid: number; state: string; waits: boolean }[]>`
        select pid, state, coalesce(wait_event_type = 'Lock', false) as waits
        from pg_stat_activity where datname = current_database()`;
      waits = rows.some(({ waits }) => waits);
      const others = rows.filter(({ pid }) => pid !== own!.pid);
      open = others.map(({ state }) => state).filter((state) => /^idle in/.test(state));
    }
    throw undo;
  }).catch((error) => {
    if (error !== undo) throw error;
  });
  equal(`${open}`, "");
  await made;
});

Deno.test("samples that are gone are made again", async () => {
  await using api = await startWorld();
  await previewOf(api, 1);
  await dropSamples(api.deps)[Symbol.asyncDispose]();
  await using _ = dropSamples(api.deps);
  const first = await api.call("GET", "/templates/1/preview");
  refused(first, 503, "server_refused");
  await previewOf(api, 1);
});

Deno.test("a preview is drawn in a browser, by a session", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const made = await api.call("POST", "/templates", {
    json: template({}, [
      panel(QUERY),
      panel("SELECT design, min(slack_ns) AS slack FROM ${table} GROUP BY 1", {
        id: 2,
        type: "table",
        title: "Worst of ${table}",
        gridPos: { x: 12, y: 0, w: 12, h: 8 },
      }),
    ]),
  });
  const cookie = `dashkeeper_session=${await signIn(api.deps, api.admin, {
    from: "",
    browser: "",
  })}`;
  const page = await api.send("GET", `/templates/${made.body.id}/preview`, { headers: { cookie } });
  equal(page.status, 200);
  // The page's own address asks for a session; what it asks for, by its signature, does not.
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/page") {
      return new Response(page.text, { headers: { "content-type": "text/html" } });
    }
    const body = request.method === "POST" ? await request.text() : null;
    const { method, headers } = request;
    return await fetch(api.origin + pathname + search, { method, headers, body });
  });
  const browser = connectBrowser({ install: false, log: SILENT });
  try {
    const shown = await readBoard(browser, `http://127.0.0.1:${server.addr.port}/page`);
    equal(shown.get("Slack of paths")?.state, "loaded");
    equal(shown.get("Worst of paths")?.state, "loaded");
    equal(shown.get("Worst of paths")!.rows.length, 3);
  } finally {
    await browser.close();
    await server.shutdown();
  }
});
