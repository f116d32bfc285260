import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { refused, startWorld } from "../help/world/world.ts";

const plain = { "content-type": "" };
const csv = (rows: number, from = 0) =>
  "a,b\n" + Array.from({ length: rows }, (_, i) => `${from + i},x\n`).join("");

Deno.test("many imports into one table at once: no row is lost, none twice, none waits for ever", async () => {
  await using world = await startWorld({ user: true, imports: { most: 4 } });
  const { ada, call } = world;
  const put = (run: number, from: number) =>
    call("PUT", `/imports?file=t.csv&run_id=${run}`, {
      key: ada.api_key,
      body: csv(50, from),
      headers: plain,
    });
  const replies = await Promise.all([0, 1, 2, 3, 0, 1].map((run) => put(run, 100 * run)));
  same(replies.map(({ status }) => status), [201, 201, 201, 201, 201, 201]);
  await using owner = await world.owner(ada, "qor");
  const [row] =
    await owner`select count(*)::int as rows, count(distinct a)::int as values from public.t`;
  same({ ...row }, { rows: 200, values: 200 });
  equal(replies.filter(({ body }) => body.imports[0].tables[0].created).length, 1);
});

Deno.test("a later database that refuses its commit is named, and the same call again completes it", async () => {
  await using world = await startWorld({ user: true });
  const { ada, call } = world;
  await using timing = await world.owner(ada, "timing");
  await using qor = await world.owner(ada, "qor");
  await qor.unsafe(`create table public.areas (area_um2 float8);
    create function public.refuse() returns trigger language plpgsql as
      'begin raise exception ''not now''; end';
    create constraint trigger late after insert on public.areas deferrable initially deferred
      for each row execute function public.refuse()`).simple();
  const send = () => {
    const form = new FormData();
    form.append("f", new Blob(["design,endpoint,slack_ns\ngcd,a/D,-1\n"]), "slacks.csv");
    form.append("f", new Blob(["design,area_um2\ngcd,7\n"]), "areas.csv");
    return call("POST", "/imports?run_id=1", { key: ada.api_key, body: form });
  };
  const partly = await send();
  refused(partly, 503, "partly_written");
  ok(partly.body.message.includes("timing") && partly.body.message.includes("qor"));
  await qor`drop trigger late on public.areas`;
  equal((await send()).status, 201);
  const counted = await Promise.all([
    timing`select from public.slacks`,
    qor`select from public.areas`,
  ]);
  same(counted.map(({ length }) => length), [1, 1]);
});

Deno.test("a locked table is busy, and a caller who leaves in the middle leaves nothing", async () => {
  await using world = await startWorld({ user: true, imports: { most: 1, waiting: 0 } });
  const { ada, call, origin } = world;
  await using owner = await world.owner(ada, "qor");
  const gone = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(csv(1000))),
  });
  const left = fetch(`${origin}/api/v1/imports?file=left.csv`, {
    method: "PUT",
    headers: { authorization: `Bearer ${ada.api_key}` },
    body,
    signal: gone.signal,
  }).catch((error) => error.name);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  gone.abort();
  equal(await left, "AbortError");
  const next = async () => {
    for (let i = 0; i < 50; i++) {
      const reply = await call("PUT", "/imports?file=t.csv", {
        key: ada.api_key,
        body: csv(3),
        headers: plain,
      });
      if (reply.status !== 503) return reply;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  equal((await next())?.status, 201, "its place is free again");
  equal((await owner`select to_regclass('public.left') as name`)[0]!.name, null);
});
