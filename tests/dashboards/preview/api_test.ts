import {
  deepStrictEqual as same,
  match,
  notStrictEqual as differs,
  strictEqual as equal,
} from "node:assert";
import { removeOldPictures } from "../../../src/pipeline/prune.ts";
import { openGifFolder } from "../../../src/external/gif_folder.ts";
import { addDashboard } from "../../help/world/rows.ts";
import { refused, startWorld } from "../../help/world/world.ts";
import { keptIn } from "../../help/log.ts";
import { SILENT } from "../../../src/external/log/log.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const WHATS = ["gif", "png", "webp"] as const;
/** Whoever opens a picture by its address runs nothing of what it may hold. */
const POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** Ada's dashboard, without pictures; `get` asks as she does, held against the OpenAPI document. */
async function start() {
  const api = await startWorld();
  const ada = await api.addAccount();
  const id = await addDashboard(api.db, ada.id);
  return Object.assign(api, {
    ada,
    id,
    get: (what: string, headers: Record<string, string> = {}, key: string | null = ada.api_key) =>
      api.call("GET", `/dashboards/${id}/preview.${what}`, { key, headers }),
    async draw(run: number, at = "2026-03-01T12:00:00.001Z") {
      await api.db`
        insert into runs (dashboard_id, run, gif, png, thumbnail, captured_at)
        values (${id}, ${run}, ${bytes(`gif ${run}`)}, ${bytes(`png ${run}`)},
          ${bytes(`webp ${run}`)}, ${at})
        on conflict (dashboard_id, run) do update set gif = excluded.gif, png = excluded.png,
          thumbnail = excluded.thumbnail,          captured_at = excluded.captured_at`;
    },
  });
}

Deno.test("preview.gif, preview.png and preview.webp are the newest run's pictures, 404 before there is one", async () => {
  await using test = await start();
  for (const what of WHATS) refused(await test.get(what), 404, "preview_unknown");
  await test.draw(1);
  await test.draw(2);
  await test.db`insert into runs (dashboard_id, run) values (${test.id}, 3)`;
  for (const what of WHATS) {
    const { status, text, headers } = await test.get(what);
    same([status, text, headers.get("content-type")], [200, `${what} 2`, `image/${what}`]);
    const length = String(bytes(text).length);
    equal(headers.get("content-length"), length);
    const head = await test.call("HEAD", `/dashboards/${test.id}/preview.${what}`);
    same([head.status, head.text, head.headers.get("content-length")], [200, "", length]);
    equal(headers.get("content-security-policy"), POLICY);
    equal(headers.get("x-content-type-options"), "nosniff");
    match(headers.get("cache-control")!, /^private, no-cache$/);
  }
});

Deno.test("preview.png is never an older run's than the GIF beside it", async () => {
  await using test = await start();
  await test.draw(1);
  await test.draw(2);
  await test.db`update runs set png = null where run = 2`;
  equal((await test.get("gif")).text, "gif 2");
  refused(await test.get("png"), 404, "preview_unknown");
});

Deno.test("a picture that one has is not sent again, a newer one is", async () => {
  await using test = await start();
  await test.draw(1);
  for (const what of WHATS) {
    const etag = (await test.get(what)).headers.get("etag")!;
    match(etag, /^"[\w-]+"$/);
    for (const known of [etag, `W/${etag}`, `"old", ${etag}`, "*"]) {
      const { status, text, headers } = await test.get(what, { "if-none-match": known });
      same([status, text, headers.get("etag")], [304, "", etag], known);
      equal(headers.get("cache-control"), "private, no-cache");
    }
    for (const known of ['"old"', "", etag.slice(1, -2), `"${etag}`]) {
      equal((await test.get(what, { "if-none-match": known })).status, 200, known);
    }
    await test.draw(1, "2026-03-01T12:00:00.002Z"); // the same run's, taken a moment later
    const newer = await test.get(what, { "if-none-match": etag });
    equal(newer.status, 200);
    differs(newer.headers.get("etag"), etag);
    await test.draw(1);
  }
});

Deno.test("the pictures are for those who may see the row", async () => {
  await using test = await start();
  await test.draw(1);
  const bob = await test.addAccount();
  for (const what of WHATS) {
    equal((await test.get(what, {}, test.admin)).status, 200);
    refused(await test.get(what, {}, bob.api_key), 404, "dashboard_unknown");
    refused(await test.get(what, { "if-none-match": "*" }, bob.api_key), 404, "dashboard_unknown");
    refused(await test.get(what, {}, null), 401, "key_missing");
    const unknown = await test.call("GET", `/dashboards/999999/preview.${what}`);
    refused(unknown, 404, "dashboard_unknown");
    refused(await test.call("GET", `/dashboards/x/preview.${what}`), 400, "invalid_path");
  }
});

Deno.test("the OpenAPI document tells of both pictures", async () => {
  await using test = await start();
  for (const what of WHATS) {
    const { responses } = test.document.paths[`/dashboards/{id}/preview.${what}`]!.get!;
    const type = `image/${what}`;
    same(Object.keys(responses["200"]!.content!), [type]);
    same(["304", "404"].map((status) => status in responses), [true, true]);
  }
  const { outcome, panels } = test.document.components.schemas.Dashboard!.properties as Record<
    string,
    Record<string, unknown>
  >;
  same([outcome!.enum, panels!.type], [
    ["loaded", "empty", "error", "timeout", "denied", "gone", null],
    "array",
  ]);
});

Deno.test("GIF_CAPTURE_DIR gets both pictures in one piece, and a fault there is logged alone", async () => {
  const folder = await Deno.makeTempDir();
  const lines: string[] = [];
  const pictures = { gif: bytes("gif"), png: bytes("png") };
  const read = (name: string) => Deno.readTextFile(`${folder}/new/dashboard-${name}`);
  try {
    const kept = openGifFolder(`${folder}/new`, keptIn(lines));
    await kept.write(7, 2, pictures);
    await kept.write(7, 2, pictures);
    await kept.write(7, 3, { ...pictures, png: null });
    same([await read("7-run-2.gif"), await read("7-run-2.png")], ["gif", "png"]);
    const names = (await Array.fromAsync(Deno.readDir(`${folder}/new`))).map(({ name }) => name);
    same(names.sort(), [
      "dashboard-7-run-2.gif",
      "dashboard-7-run-2.png",
      "dashboard-7-run-3.gif",
    ]);
    equal(lines.length, 0);
    await openGifFolder(`${folder}/new/dashboard-7-run-2.gif`, keptIn(lines))
      .write(8, 1, pictures);
    equal(lines.length, 2, `${lines}`);
    match(lines[0]!, /^WARNING GIF_CAPTURE_DIR: a file cannot be written.*"code":"E[A-Z]+"/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("removeOldPictures() leaves the files of three runs, none of a deleted dashboard, and what is not ours", async () => {
  await using test = await start();
  const folder = await Deno.makeTempDir();
  const gifFolder = openGifFolder(folder, SILENT);
  const left = async () => {
    await removeOldPictures({ db: test.db, gifFolder });
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  };
  const others = ["dashboard-1-run-1.gif.txt", "notes.txt"];
  const name = (run: number, what: string) => `dashboard-${test.id}-run-${run}.${what}`;
  try {
    for (const other of others) await Deno.writeTextFile(`${folder}/${other}`, "");
    for (const run of [1, 2, 4, 5]) {
      await gifFolder.write(test.id, run, { gif: bytes("gif"), png: bytes("png") });
      await test.draw(run);
    }
    // What a process left that was killed while it wrote.
    await Deno.writeTextFile(`${folder}/${name(1, "gif.0a1b-2c.part")}`, "");
    await test.db`insert into runs (dashboard_id, run) values (${test.id}, 6)`;
    same(
      await left(),
      [...[4, 5].flatMap((run) => ["gif", "png"].map((what) => name(run, what))), ...others].sort(),
    );
    equal((await test.call("DELETE", `/dashboards/${test.id}`)).status, 204);
    same(await left(), others);
    await gifFolder.write(test.id, 6, { gif: bytes("gif"), png: null });
    await test.db`delete from users where id = ${test.ada.id}`;
    same(await left(), others);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
