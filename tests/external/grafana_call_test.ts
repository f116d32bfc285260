import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { ExternalError } from "../../src/errors.ts";
import { connectGrafana } from "../../src/external/grafana/grafana.ts";
import { checkGrafana } from "../../src/external/grafana/check.ts";
import { namingRights } from "../../src/grafana/grafana.ts";
import { type Fault, startGrafana } from "../help/grafana/grafana.ts";
import { never } from "../help/time.ts";

const SOURCE = {
  ...{ uid: "dk-t-1-qor", name: "ada qor", type: "postgres", access: "proxy" },
  ...{ url: "127.0.0.1:1", user: "ada_reader", jsonData: { database: "ada_qor" } },
};

async function failure(work: Promise<unknown>): Promise<ExternalError> {
  const error = await work.then(() => undefined, (error) => error);
  ok(error instanceof ExternalError, `not refused: ${error}`);
  return error;
}
const codeOf = ({ permanent, more }: ExternalError) =>
  `${permanent ? "permanent" : "passing"} ${more.code}`;

const LOGIN = "<html>Please sign in to the Acme proxy: glsa_secret_in_page</html>";
const FAULTS: [what: string, answer: Fault["answer"], code: string][] = [
  ["a dropped connection", "drop", "passing unreachable"],
  ["HTML with 200", { status: 200, html: LOGIN }, "passing not_grafana"],
  ["HTML with 401", { status: 401, html: LOGIN }, "passing not_grafana"],
  ["HTML with 403", { status: 403, html: LOGIN }, "passing not_grafana"],
  ["HTML with 404", { status: 404, html: LOGIN }, "passing not_grafana"],
  ["HTML with 502", { status: 502, html: LOGIN }, "passing disturbed"],
  [
    "a way to a login page",
    { status: 302, html: LOGIN, headers: { location: "/login" } },
    "passing not_grafana",
  ],
  ["a bare way", { status: 302, headers: { location: "/login" } }, "passing not_grafana"],
  ["JSON of somebody else", { status: 200, body: { hello: "world" } }, "passing not_grafana"],
  ["a list", { status: 200, body: [] }, "passing not_grafana"],
  ["an internal error", { status: 500, body: { message: "boom" } }, "passing disturbed"],
  ["a revoked key", { status: 500, body: { message: "invalid API key" } }, "permanent key_refused"],
  [
    "an unknown key",
    { status: 401, body: { message: "Invalid API key" } },
    "permanent key_refused",
  ],
  [
    "an expired key",
    { status: 401, body: { message: "Expired API key" } },
    "permanent key_refused",
  ],
  [
    "other words of 401",
    { status: 401, body: { message: "Unauthorized" } },
    "permanent key_refused",
  ],
  [
    "rights not known yet",
    { status: 500, body: { message: "Error while checking folder ID" } },
    "passing rights_unknown",
  ],
  ["its own reason", { status: 400, body: { message: "bad request data" } }, "permanent http_400"],
];

Deno.test("call() tells every fault from the others, and names no secret", async () => {
  await using grafana = await startGrafana();
  const key = grafana.tokens.admin;
  const { findFolder } = connectGrafana({ base: grafana.url, key });
  for (const [what, answer, code] of FAULTS) {
    grafana.fault({ answer, times: 1 });
    const error = await failure(findFolder("dk-t-1", never));
    equal(codeOf(error), code, what);
    match(error.message, /(?:[.?]|bad request data)$/);
    ok(!error.message.includes(key) && !error.message.includes("glsa_secret"), error.message);
    ok(!error.message.includes(grafana.origin), error.message);
    equal(await findFolder("dk-t-1", never), undefined);
  }
  await grafana.stop();
  equal(codeOf(await failure(findFolder("dk-t-1", never))), "passing unreachable");
});

Deno.test("call() honours Retry-After as seconds and as a date, an hour at most", async () => {
  await using grafana = await startGrafana();
  const { findFolder } = connectGrafana({ base: grafana.url, key: grafana.tokens.admin });
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  const cases: [after: string | undefined, least?: number, most?: number][] = [
    ["7", 7, 7],
    [inAMinute, 55, 61],
    ["86400", 3600, 3600],
    ["soon"],
    ["-5"],
    [undefined],
  ];
  for (const [after, least, most] of cases) {
    const headers: Record<string, string> = after === undefined ? {} : { "retry-after": after };
    grafana.fault({ answer: { status: 429, html: "slow down", headers }, times: 1 });
    const error = await failure(findFolder("x", never));
    equal(codeOf(error), "passing ratelimited");
    const { retryAfterSeconds: seconds } = error.more;
    if (least === undefined) equal(seconds, undefined, `${after}`);
    else ok(seconds! >= least && seconds! <= most!, `${after}: ${seconds}`);
  }
});

Deno.test("call() follows no redirect: the key stays where it belongs", async () => {
  await using elsewhere = await startGrafana();
  await using grafana = await startGrafana();
  grafana.fault({
    answer: { status: 307, headers: { location: `${elsewhere.url}/api/folders/x` } },
  });
  const { findFolder } = connectGrafana({ base: grafana.url, key: grafana.tokens.admin });
  await failure(findFolder("x", never));
  equal(elsewhere.seen.length, 0);
});

Deno.test("call() ends with the signal, and a key that no header carries is refused unsent", async () => {
  await using grafana = await startGrafana();
  grafana.fault({ answer: "hang" });
  const reason = new Error("stop");
  const stopped = new AbortController();
  const { findFolder } = connectGrafana({ base: grafana.url, key: grafana.tokens.admin });
  const asked = findFolder("x", stopped.signal);
  stopped.abort(reason);
  equal(await asked.catch((error) => error), reason);
  const before = grafana.seen.length;
  for (const key of ["two\nlines", "ключ", "with blank"]) {
    const error = await failure(connectGrafana({ base: grafana.url, key }).findFolder("x", never));
    equal(codeOf(error), "permanent key_refused");
    ok(!error.message.includes(key));
  }
  equal(grafana.seen.length, before);
});

Deno.test("a key and a password that Grafana repeats stand in no sentence", async () => {
  await using grafana = await startGrafana();
  const key = "eyJrIjoiT0tTcG1pUlY2RnVKZTFVaDFsNFZXdE9ZWmNrMkZYbk";
  const { makeDatasource, query } = connectGrafana({ base: grafana.url, key });
  const password = "pa55-of-the-reader";
  const message = `bad header ${key}: password=${password}, postgres://ada:${password}@db/x`;
  grafana.fault({ path: /datasources/, answer: { status: 400, body: { message } } });
  const error = await failure(makeDatasource(SOURCE, password, never));
  match(error.message, /bad header …/);
  ok(!error.message.includes(key) && !error.message.includes(password), error.message);
  grafana.fault({
    path: /query/,
    answer: { status: 400, body: { results: { A: { error: message } } } },
  });
  const fault = await query("x", "select 1", never);
  ok(fault && !fault.includes(key) && !fault.includes(password), `${fault}`);
});

Deno.test("a sub-path is kept in every call", async () => {
  await using grafana = await startGrafana({ subPath: "/tools/grafana" });
  const { makeFolder, findFolder } = connectGrafana({
    base: grafana.url,
    key: grafana.tokens.admin,
  });
  equal(await makeFolder("dk-t-1", "ada", never), "made");
  equal((await findFolder("dk-t-1", never))?.title, "ada");
  same([...new Set(grafana.seen.map(({ path }) => path.slice(0, 18)))], ["/tools/grafana/api"]);
  const astray = connectGrafana({ base: grafana.origin, key: grafana.tokens.admin });
  equal(codeOf(await failure(astray.findFolder("dk-t-1", never))), "passing not_grafana");
});

Deno.test("folders and data sources: 409 and 412 are told apart from refusals", async () => {
  await using grafana = await startGrafana();
  const { makeFolder, renameFolder, makeDatasource, changeDatasource, removeFolder, findFolder } =
    connectGrafana({ base: grafana.url, key: grafana.tokens.admin });
  grafana.addFolder("ada");
  grafana.addDatasource("ada qor");
  equal(await makeFolder("dk-t-1", "Ada", never), "taken", "titles are compared by their slugs");
  equal(await makeFolder("dk-t-1", "ada 2", never), "made");
  equal(await makeFolder("dk-t-1", "ada 3", never), "made", "its uid is there: 412");
  equal((await findFolder("dk-t-1", never))?.title, "ada 2");
  equal(await renameFolder("dk-t-1", "ada", 1, never), "taken");
  equal(await makeDatasource(SOURCE, "p", never), "name_taken");
  equal(await changeDatasource(SOURCE, "p", never), "gone");
  equal(await makeDatasource({ ...SOURCE, name: "ada qor 2" }, "p", never), "written");
  equal(await makeDatasource({ ...SOURCE, name: "ada qor 3" }, "p", never), "uid_taken");
  equal(await changeDatasource(SOURCE, "p", never), "name_taken");
  await removeFolder("dk-t-1", never);
  await removeFolder("dk-t-1", never);
});

Deno.test("namingRights() names every right that a key lacks", async () => {
  await using grafana = await startGrafana();
  const at = (key: string) => ({ grafana: connectGrafana({ base: grafana.url, key }) });
  const viewer = at(grafana.tokens.viewer);
  const error = await failure(
    namingRights(viewer, never, () => viewer.grafana.makeFolder("dk-t-1", "ada", never)),
  );
  equal(codeOf(error), "permanent missing_permission");
  for (const right of ["datasources:create", "folders:create", "dashboards:write"]) {
    ok(error.message.includes(right), error.message);
  }
  ok(!error.message.includes("datasources:query"), "it has that one");
});

Deno.test("namingRights(): the 500 of cached rights passes, unless a right is really missing", async () => {
  await using grafana = await startGrafana();
  const fault: Fault = {
    method: "POST",
    path: /api\/dashboards\/db/,
    answer: { status: 500, body: { message: "Error while checking folder ID" } },
  };
  grafana.fault(fault);
  const save = (key: string) => {
    const place = { grafana: connectGrafana({ base: grafana.url, key }) };
    const board = { dashboard: { title: "t" }, version: 0, folderUid: "", message: "" };
    return failure(namingRights(place, never, () => place.grafana.saveDashboard(board, never)));
  };
  equal(codeOf(await save(grafana.tokens.admin)), "passing rights_unknown");
  const lacking = await save(grafana.tokens.viewer);
  equal(codeOf(lacking), "permanent missing_permission");
  match(lacking.message, /dashboards:create/);
});

Deno.test("checkGrafana() needs no right to see the organisation", async () => {
  await using grafana = await startGrafana();
  const rights = { "datasources:read": ["datasources:*"], "folders:create": [""] };
  const key = grafana.addToken(rights);
  const { organisation, missing } = await checkGrafana({ base: grafana.url, key }, never);
  equal(organisation, null);
  ok(missing.includes("dashboards:write") && !missing.includes("folders:create"));
  const admin = { base: grafana.url, key: grafana.tokens.admin };
  same(await checkGrafana(admin, never), { organisation: "Main Org.", missing: [] });
});
