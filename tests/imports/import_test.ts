import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { gzipSync } from "node:zlib";
import { refused, type Reply, startWorld, type World } from "../help/world/world.ts";

const CSV =
  "design,wns_ns,cells,when\ngcd,-0.12,400,2026-01-02\naes,0.5,N/A,2026-01-03T10:00:00Z\n";
const plain = { "content-type": "" };

/** A world with a user, and its files' way in. */
async function importing(options: Parameters<typeof startWorld>[0] = {}) {
  const world = await startWorld({ user: true, ...options });
  const { ada } = world;
  const put = (query: string, body: BodyInit, headers: Record<string, string> = plain) =>
    world.call("PUT", `/imports?${query}`, { key: ada.api_key, body, headers });
  /** Rows of one of ada's tables. */
  async function rows(table: string, columns = "*", kind: "timing" | "qor" | "drc" = "qor") {
    await using owner = await world.owner(ada, kind);
    return [...await owner.unsafe(`select ${columns} from public."${table}" order by 1`)];
  }
  return Object.assign(world, { put, rows });
}
type Importing = World & Awaited<ReturnType<typeof importing>>;

const tablesOf = ({ body }: Reply) => body.imports.map((one: Reply["body"]) => one.tables);

async function spoolIsEmpty({ deps }: Importing): Promise<boolean> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(deps.imports.folder)) {
    for await (const { name: inner } of Deno.readDir(`${deps.imports.folder}/${name}`)) {
      if (inner !== "in_use") files.push(inner);
    }
  }
  return files.length === 0;
}

Deno.test("PUT /imports makes a typed table of a file, and the same bytes replace themselves", async () => {
  await using world = await importing();
  const { put, rows } = world;
  const first = await put("file=results.csv", CSV);
  equal(first.status, 201, first.text);
  const { run_id, imports: [made], dashboard_ids } = first.body;
  match(run_id, /^sha-[\da-f]{16}$/);
  same(made.tables, [
    { kind: "qor", schema_name: "public", table_name: "results", rows: 2, created: true },
  ]);
  same([made.file, made.format, made.tool, made.warnings], ["results.csv", "csv", null, []]);
  const numbers = made.numbers.map((n: Reply["body"]) =>
    `${n.group} ${n.name} ${n.value} ${n.unit}`
  );
  same(numbers.slice(0, 2), ["gcd setup_wns -0.12 ns", "aes setup_wns 0.5 ns"]);
  const again = await put("file=results.csv", gzipSync(CSV));
  same(tablesOf(again)[0][0].created, false);
  equal(again.body.run_id, run_id, "unpacked, it is the same file");
  same(again.body.dashboard_ids, dashboard_ids);
  same(await rows("results", 'design, wns_ns, cells, run_ts as "when"'), [
    { design: "aes", wns_ns: 0.5, cells: null, when: "2026-01-03T10:00:00.000Z" },
    { design: "gcd", wns_ns: -0.12, cells: 400, when: "2026-01-02T00:00:00.000Z" },
  ]);
  const types = await rows("results", "pg_typeof(cells)::text as a, pg_typeof(run_ts)::text as b");
  same(types[0], { a: "bigint", b: "timestamp with time zone" });
  equal((await put("file=results.csv&append=true", CSV)).status, 201);
  equal((await rows("results")).length, 4);
  const [index] = await rows(
    "results",
    "1 as n, (select indexdef from pg_indexes where tablename = 'results') as indexdef",
  );
  match(index!.indexdef, /\(design, run_ts\)/);
  ok(await spoolIsEmpty(world));
});

Deno.test("a call's fields win over the file's, and unknown or wrong ones are refused", async () => {
  await using world = await importing();
  const { put, rows } = world;
  const query = "file=r.csv&design=mine&platform=p&variant=v&stage=route&corner=ss&run_id=b-1" +
    "&run_ts=2026-03-01T02:00:00%2B01:00&git_commit=abc&tool_version=9&table=own";
  equal((await put(query, CSV)).status, 201);
  const [row] = await rows("own");
  const { wns_ns: _, cells: __, ...common } = row!;
  same(common, {
    ...{ run_id: "b-1", run_ts: "2026-03-01T01:00:00.000Z", design: "mine", platform: "p" },
    ...{ variant: "v", stage: "route", corner: "ss", git_commit: "abc", tool: null },
    ...{ tool_version: "9", format: "csv", file: "r.csv" },
  });
  for (
    const wrong of [
      "colour=red",
      "run_ts=yesterday",
      "kind=x",
      "more=1",
      "table=",
      `table=${"x".repeat(64)}`,
    ]
  ) {
    refused(await put(wrong, CSV), 422, "invalid_input", wrong);
  }
  refused(await put("format=nothing", CSV), 422, "format_unknown");
  refused(await put("file=x.rpt", "Dear all,\nno report at all\n"), 422, "format_unknown");
  refused(await put("", ""), 422, "file_empty");
  const dry = await put("dry_run=true&file=dry.csv", CSV);
  equal(dry.status, 200, dry.text);
  same([dry.body.imports[0].import_id, dry.body.imports[0].numbers, dry.body.dashboard_ids], [
    null,
    [],
    [],
  ]);
  same(tablesOf(dry)[0][0], {
    kind: "qor",
    schema_name: "public",
    table_name: "dry",
    rows: 2,
    created: true,
  });
  equal(await rows("dry").catch((error) => error.code), "42P01");
});

Deno.test("a form brings several files and fields; all are written or none", async () => {
  await using world = await importing();
  const { put, rows } = world;
  const form = (...files: [name: string, text: string | Uint8Array][]) => {
    const data = new FormData();
    data.set("run_id", "nightly-7");
    for (const [name, content] of files) {
      data.append("files", new Blob([content as BlobPart]), name);
    }
    return data;
  };
  const sent = await put(
    "design=gcd",
    form(["a.csv", "x,y\n1,2\n"], ["b.csv.gz", gzipSync("z\n3\n4\n")]),
    {},
  );
  equal(sent.status, 201, sent.text);
  equal(sent.body.run_id, "nightly-7");
  same(sent.body.imports.map((one: Reply["body"]) => [one.file, one.tables[0].rows]), [
    ["a.csv", 1],
    ["b.csv.gz", 2],
  ]);
  const broken = await put("", form(["c.csv", "x,y\n1,2\n"], ["d.json", '{"a": [1, 2']), {});
  equal(broken.status, 422, broken.text);
  equal(await rows("c").catch((error) => error.code), "42P01");
  const cut = new FormData();
  cut.append("f", new Blob([gzipSync(CSV.repeat(1000)).subarray(0, 60)]), "cut.csv.gz");
  refused(await put("", cut, {}), 422, "file_broken");
  const late = new FormData();
  late.append("f", new Blob([CSV]), "a.csv");
  late.append("format", "csv");
  refused(await put("", late, {}), 422, "invalid_input");
  ok(await spoolIsEmpty(world));
});

Deno.test("columns are added and widened; what does not fit is a conflict and writes nothing", async () => {
  await using world = await importing();
  const { put, rows } = world;
  equal((await put("file=t.csv&run_id=1", "a,b\n1,x\n")).status, 201);
  equal((await put("file=t.csv&run_id=2", "a,c\n1.5,true\n")).status, 201);
  same((await rows("t", "a, b, c")).map((row) => ({ ...row })), [
    { a: 1, b: "x", c: null },
    { a: 1.5, b: null, c: true },
  ]);
  const conflict = await put("file=t.csv&run_id=3", "a,c\nword,false\n");
  refused(conflict, 409, "table_conflict");
  same(conflict.body.issues, [{
    path: "a",
    message: "double precision in the table, text in the import",
  }]);
  const dry = await put("file=t.csv&run_id=3&dry_run=true", "a,c\nword,false\n");
  refused(dry, 409, "table_conflict");
  equal((await rows("t")).length, 2);
  equal((await put("file=t.csv&run_id=3&table=other", "a,c\nword,false\n")).status, 201);
  await using owner = await world.owner(world.ada, "qor");
  await owner`create view public.seen as select 1 as a`;
  refused(await put("table=seen&format=csv", "a\n1\n"), 409, "table_conflict");
  await owner`create table public.strict (a int check (a > 5), must text not null)`;
  refused(await put("table=strict&format=csv", "a\n1\n"), 409, "table_conflict");
  const wide = Array.from({ length: 1700 }, (_, i) => `c${i}`).join() + "\n";
  equal((await put("file=wide.csv", wide + wide)).status, 422);
  equal((await put("file=nul.csv", "a,b\n1,\0\n")).status, 422);
});

Deno.test("hostile names stay names", async () => {
  await using world = await importing();
  const names = ['x"; drop table public.t; --', "é".repeat(80), "ctid", "", "a", "a", "$1", "\\N"];
  const line = names.map((name) => `"${name.replaceAll('"', '""')}"`).join();
  const sent = await world.put(
    `table=${encodeURIComponent("t\"; \\ $1'")}&design=${encodeURIComponent("d\\\t'\n")}`,
    `${line}\n${names.map(() => '"\\.\t\\N"').join()}\n`,
  );
  equal(sent.status, 201, sent.text);
  await using owner = await world.owner(world.ada, "qor");
  const [row] = await owner.unsafe(`select * from public."t""; \\ $1'"`);
  equal(row!.design, "d\\\t'\n");
  equal(Object.values(row!).filter((cell) => cell === "\\.\t\\N").length, names.length);
});

Deno.test("other users' imports are nobody's: members own, admins all", async () => {
  await using world = await importing();
  const { ada, call, admin } = world;
  const bob = await world.addAccount();
  const path = `/users/${ada.id}/imports?file=a.csv`;
  refused(
    await call("PUT", path, { key: bob.api_key, body: CSV, headers: plain }),
    404,
    "user_unknown",
  );
  equal((await call("POST", path, { key: admin, body: CSV, headers: plain })).status, 201);
  refused(
    await call("PUT", "/imports", { key: null, body: CSV, headers: plain } as never),
    401,
    "key_missing",
  );
  refused(
    await call("PUT", "/imports", { key: bob.api_key, body: CSV, headers: plain }),
    404,
    "workspace_unknown",
  );
  await world.put("file=b.csv", CSV);
  const list = async (key: string, query = "") =>
    (await call("GET", `/imports${query}`, { key })).body;
  const files = ({ imports }: Reply["body"]) =>
    imports.map((one: Reply["body"]) => `${one.file} by ${one.imported_by}`);
  same(files(await list(ada.api_key)), [`b.csv by ${ada.username}`, "a.csv by admin"]);
  same(files(await list(bob.api_key)), []);
  same(files(await list(admin, "?format=csv")).length, 2);
  refused(
    await call("GET", `/imports?user_id=${ada.id}`, { key: bob.api_key }),
    404,
    "user_unknown",
  );
  const page = await list(admin, `?limit=1&user_id=${ada.id}`);
  same(files(await list(admin, `?limit=1&cursor=${page.next_cursor}`)), ["a.csv by admin"]);
  same((await world.recorded("&action=import.create")).length, 2);
});

Deno.test("what is too large is refused with 413, packed and unpacked, and too many imports with 503", async () => {
  await using world = await importing({ imports: { most_bytes: 1_000_000, most: 1, waiting: 0 } });
  const { put } = world;
  const large = "a,b\n" + "1,2\n".repeat(400_000);
  refused(await put("file=l.csv", large), 413, "body_too_large");
  refused(await put("file=l.csv", gzipSync(large)), 413, "body_too_large");
  refused(
    await put("file=l.csv", gzipSync(large), { "content-encoding": "gzip" }),
    413,
    "body_too_large",
  );
  refused(
    await put("file=l.csv", gzipSync(gzipSync(large)), { "content-encoding": "gzip" }),
    413,
    "body_too_large",
  );
  const slow = new TransformStream<Uint8Array, Uint8Array>();
  const writer = slow.writable.getWriter();
  writer.write(new TextEncoder().encode("a,b\n"));
  const first = put("file=s.csv", slow.readable);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const busy = await put("file=t.csv", CSV);
  refused(busy, 503, "imports_busy");
  ok(Number(busy.headers.get("retry-after")) > 0);
  await writer.write(new TextEncoder().encode("1,2\n"));
  await writer.close();
  equal((await first).status, 201);
  ok(await spoolIsEmpty(world));
});
