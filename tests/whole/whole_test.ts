import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { connectBrowser } from "../../src/external/browser/browser.ts";
import { flowResults, loadResults, newestOfEach } from "../help/boards/flow_results.ts";
import { readBoard, reads, type Shown } from "../help/boards/read_board.ts";
import { decodeGif } from "../help/previews/gif.ts";
import { keyIn, makeHome, type Service, signIn, tells, waitFor } from "../help/service/service.ts";
import { type Message, startSlack, type TestSlack } from "../help/slack.ts";
import { login } from "../help/world/postgres.ts";
import { taskLog } from "../../src/external/log/open.ts";

const KINDS = ["timing", "qor", "drc"] as const;
type Kind = typeof KINDS[number];
const TABLES = { timing: "timing_summary", qor: "qor_history", drc: "drc_iterations" };
const ROWS = { timing: "41", qor: "1,388", drc: "9,081" };
/** The first of the row's numbers, how many there are, and why it moved. */
const FIRST = {
  timing: ["setup_wns", 160, null],
  qor: [
    "setup_wns",
    200,
    "black_parrot nangate45: setup WNS -0.586197 → -2.45912 ns, since 983e40d42",
  ],
  drc: ["drc_total", 44, "sram-64x16 asap7: DRC violations 59 → 0, since 009e27fb0"],
};
const TITLES = { timing: "Timing", qor: "QoR", drc: "DRC" };

Deno.test("main.ts brings a team's real results from three databases to Slack, each told once", async () => {
  const results = await flowResults();
  await using slack = await startSlack();
  await using home = await makeHome();
  await using browser = aBrowser();
  const env = { ...tells(slack), SCAN_SECONDS: "1", SETTLE_SECONDS: "2" };
  const service = await home.start(env);
  const key = keyIn(service.log());
  const ada = await addAda(service, key);
  const urls = await credentials(service, key, ada.id);
  {
    await using timing = login(urls.timing);
    await using qor = login(urls.qor);
    await using drc = login(urls.drc);
    await ownersAndReaders(home);
    await loadResults({ timing, qor, drc });
  }
  await waitFor("three messages", async () => (await slack.messages()).length === 3, 60);
  const rows = await waitFor("three rows done", () => doneRows(service, key));
  equal((await home.postmasters()).length, 1);

  for (const kind of KINDS) {
    const row = rows.find((row) => row.kind === kind)!;
    checkRow(row, kind, service);
    const message = await messageOf(slack, kind);
    const link = await checkMessage(slack, message, kind);
    const told = await service.call("GET", `/api/v1/dashboards/${row.id}`, { key });
    same(told.body.slack_message, { text: message.text, blocks: message.blocks });
    const gif = await service.call("GET", `/api/v1/dashboards/${row.id}/preview.gif`, { key });
    equal(gif.headers.get("content-type"), "image/gif");
    checkGif(gif.bytes, kind);
    checkCopy(await imageOf(slack, message));
    NUMBERS[kind](await readBoard(browser, link), results);
  }
  await showsThem(service, key);
  await secondStart({ home, service, slack, env, key, urls });
});

function aBrowser() {
  const browser = connectBrowser({ install: true, log: taskLog() });
  return { ...browser, [Symbol.asyncDispose]: () => browser.close() };
}

async function addAda(service: Service, key: string) {
  equal((await service.call("GET", "/api/v1/users")).status, 401);
  const json = { username: "ada" };
  const made = await service.call("POST", "/api/v1/users", { key, json });
  equal(made.status, 201);
  const { id, created_at, api_key, workspace, ...rest } = made.body;
  equal(workspace.state, "ready");
  match(api_key, /^dk_/);
  ok(Date.now() - Date.parse(created_at) < 60_000);
  const databases = { timing: "ada_timing", qor: "ada_qor", drc: "ada_drc" };
  same(rest, { username: "ada", is_active: true, role: "member", databases });
  equal((await service.call("POST", "/api/v1/users", { key, json })).status, 409);
  const known = await service.call("GET", `/api/v1/users/${id}`, { key: api_key });
  same([known.body.id, known.body.created_at, known.body.databases], [id, created_at, databases]);
  const { body } = await service.call("GET", "/api/v1/users", { key });
  same(body.users.map(({ username }: { username: string }) => username), ["ada", "admin"]);
  equal(body.next_cursor, null);
  return { id, api_key };
}

async function credentials(service: Service, key: string, id: number) {
  const urls: Record<string, string> = {};
  for (const kind of KINDS) {
    const name = `${kind.toUpperCase()}_DATABASE_URL`;
    const path = `/api/v1/users/${id}/credentials/${name}`;
    const { status, body } = await service.call("GET", path, { key });
    same({ status, key_name: body.key_name }, { status: 200, key_name: name });
    urls[kind] = body.key_value;
    await using db = login(body.key_value);
    const [seen] = await db`select current_user::text as who, current_database()::text as base`;
    same({ ...seen }, { who: "ada_owner", base: `ada_${kind}` });
  }
  return urls as Record<Kind, string>;
}

async function ownersAndReaders(home: Awaited<ReturnType<typeof makeHome>>) {
  await using master = await home.openMaster();
  const rows = await master`
    select datname::text as name, pg_get_userbyid(datdba)::text as owner,
      has_database_privilege('ada_reader', oid, 'connect') as read,
      has_database_privilege('ada_reader', oid, 'create') as make
    from pg_database where datname like 'ada%' order by 1`;
  const wanted = ["ada_drc", "ada_qor", "ada_timing"];
  const rights = { owner: "ada_owner", read: true, make: false };
  same(rows.map((row) => ({ ...row })), wanted.map((name) => ({ name, ...rights })));
}

// deno-lint-ignore no-explicit-any
type Row = any;

async function doneRows(service: Service, key: string): Promise<Row[] | undefined> {
  const { body } = await service.call("GET", "/api/v1/dashboards?step=done", { key });
  return body.dashboards.length === 3 ? body.dashboards : undefined;
}

function checkRow(row: Row, kind: Kind, { port }: Service) {
  const { id, created_at, captured_at, slack_sent_at, next_try_at: _, ...more } = row;
  const { panels, numbers, why, designs, request_id, ...timed } = more;
  const { found_at, numbers_at, posted_at, ...rest } = timed;
  const times = [found_at, numbers_at, captured_at, posted_at].map((time) => Date.parse(time));
  same(times, times.toSorted((a, b) => a - b), "found, read, captured, posted");
  match(request_id, /^[0-9a-f-]{36}$/);
  ok(numbers.every(({ group }: { group: string }) => designs.includes(group)), "all groups");
  same([numbers[0].name, numbers.length, why], FIRST[kind]);
  ok(Date.parse(created_at) < Date.parse(captured_at), "found, then captured");
  ok(Date.parse(captured_at) < Date.parse(slack_sent_at), "captured, then told");
  same(rest, {
    user_id: rest.user_id,
    username: "ada",
    kind,
    schema_name: "public",
    table_name: TABLES[kind],
    run: 1,
    source: "built-in",
    dashboard_url: `http://localhost:${port}/boards/${id}`,
    local_snapshot_url: `http://localhost:${port}/api/v1/dashboards/${id}/preview.gif`,
    step: "done",
    state: "done",
    waits_for: null,
    ...{ muted_by: null, muted_until: null, acknowledged_by: null, acknowledged_at: null },
    stopped: false,
    failures: 0,
    last_error: null,
    error_code: null,
    archived_at: null,
    edited: false,
    outcome: "loaded",
    template_note: null,
  });
  ok(panels.length > 3 && panels.every(({ state }: { state: string }) => state === "loaded"));
}

async function messageOf(slack: TestSlack, kind: Kind): Promise<Message> {
  const all = await slack.messages();
  const [message, ...more] = all.filter(({ text }) => text.includes(TABLES[kind]));
  ok(message && more.length === 0, `one message of ${kind}`);
  return message;
}

/** Reads it as a channel member would; returns where its button leads. */
async function checkMessage(slack: TestSlack, { text, blocks }: Message, kind: Kind) {
  const start = `${TITLES[kind]} table ${TABLES[kind]} of ada: run 1, ${ROWS[kind]} rows, `;
  ok(text.startsWith(start), text);
  const [header] = blocks;
  const [image, context, actions] = blocks.slice(-3);
  const title = `${TITLES[kind]}: ${TABLES[kind]} of ada, run 1`;
  ok(header.text.text.startsWith(title), header.text.text);
  const [when, made] = context.elements;
  ok(when.text.startsWith(`Run 1, ${ROWS[kind]} rows, found `), when.text);
  ok((await slack.files()).some(({ id }) => id === image.slack_file.id));
  match(made.text, /^Made by Dashkeeper from ada's (Timing|QoR|DRC) database\.$/);
  const [button] = actions.elements;
  equal(button.text.text, "Open dashboard");
  return button.url as string;
}

async function imageOf(slack: TestSlack, { blocks }: Message): Promise<Uint8Array> {
  const image = blocks.find(({ type }) => type === "image");
  const file = (await slack.files()).find(({ id }) => id === image.slack_file.id)!;
  equal(file.mimetype, "image/gif");
  return await slack.download(file);
}

/**
 * The default size, ten frames half a second apart, and in most parts of each something to see. A board
 * that is higher than the picture, as QoR's, is panned: its end stays for 2 s.
 */
function checkGif(bytes: Uint8Array, kind: Kind) {
  const { width, height, loops, frames } = decodeGif(bytes);
  same({ width, height, loops, frames: frames.length }, {
    width: 1920,
    height: 1080,
    loops: 0,
    frames: 10,
  });
  const delays = frames.map(({ delayMs }) => delayMs);
  const last = delays.pop()!;
  ok(kind === "qor" ? last === 2000 : last === 500 || last === 2000, `${last} ms`);
  same(delays, Array(9).fill(500));
  for (const { pixels } of frames) {
    const words = new Uint32Array(pixels.buffer);
    ok(new Set(words).size > 60, "many colours");
    const tiles = Array.from({ length: 6 * 4 }, (_, i) => colours(words, i % 6 * 320, i / 6 | 0));
    const plain = tiles.filter((seen) => seen.size < 3).length;
    ok(plain <= 6, `${plain} of 24 parts of the picture are empty`);
  }
}

/** What Slack shows: as many frames, on at most 1,000 pixels, in at most 2 MB. */
function checkCopy(bytes: Uint8Array) {
  const { width, height, frames } = decodeGif(bytes);
  same({ width, frames: frames.length }, { width: 1000, frames: 10 });
  ok(Math.abs(height - 562.5) < 1, `${height} px high`);
  ok(bytes.length <= 2_000_000, `${bytes.length} bytes`);
}

/** The colours of a part of 320 × 270 pixels. */
function colours(words: Uint32Array, left: number, row: number): Set<number> {
  const lines = Array.from({ length: 270 }, (_, y) => (row * 270 + y) * 1920 + left);
  return new Set(lines.flatMap((at) => [...words.subarray(at, at + 320)]));
}

type Results = Awaited<ReturnType<typeof flowResults>>;
type Panels = Map<string, Shown>;

function stat(panels: Panels, title: string, wanted: number, name = "") {
  const shown = panels.get(title);
  ok(shown, `there is no ${title} among ${[...panels.keys()]}`);
  ok(reads(shown.value, wanted), `${title}: ${shown.value} instead of ${wanted}`);
  equal(shown.name, name, title);
}

/** A stat of several designs shows the one with the most, the first of equal ones. */
function most(panels: Panels, title: string, each: { name: string; value: number }[]) {
  const [worst] = each.toSorted((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
  stat(panels, title, worst!.value, worst!.name);
}

const nameOf = ({ platform, design }: { platform?: string; design?: string }) =>
  `${platform} ${design}`;

/** What the CSV files say, against what stands on the board's page. */
const NUMBERS: Record<Kind, (panels: Panels, results: Results) => void> = {
  qor(panels, { qor }) {
    const last = Math.max(...qor.map(({ run_ts }) => Date.parse(run_ts!)));
    const newest = [...newestOfEach(qor).values()];
    const each = (column: string) =>
      newest.filter((row) => row[column])
        .map((row) => ({ name: nameOf(row), value: Number(row[column]) }));
    most(panels, "Area · largest", each("finish__design__instance__area"));
    most(panels, "DRC violations · worst", each("detailedroute__route__drc_errors"));
    const time = new Date(last).toISOString().slice(0, 16).replace("T", " ");
    equal(panels.get("Newest (UTC)")!.value, time);

    const designs = newestOfEach(qor);
    const { rows } = panels.get("Newest result of each design")!;
    equal(rows.length, designs.size);
    for (const shown of rows) {
      const row = designs.get(`${shown.platform} ${shown.design}`)!;
      const ns = row.run__flow__platform__time_units === "1ps" ? 1e-3 : 1;
      for (
        const [title, name, factor] of [
          ["Area", "finish__design__instance__area", 1],
          ["Power", "finish__power__total", 1],
          ["Setup WNS", "finish__timing__setup__ws", ns],
          ["Setup TNS", "finish__timing__setup__tns", ns],
          ["DRC violations", "detailedroute__route__drc_errors", 1],
          ["Wirelength", "detailedroute__route__wirelength", 1],
          ["Vias", "detailedroute__route__vias", 1],
        ] as const
      ) {
        const timed = title.startsWith("Setup") && !row.run__flow__platform__time_units;
        const wanted = row[name] === "" || timed ? null : Number(row[name]) * factor;
        ok(reads(shown[title]!, wanted), `${shown.design} ${title}: ${shown[title]}, ${wanted}`);
      }
    }
  },
  drc(panels, { drc }) {
    const last = newestOfEach(drc);
    const newest = drc.filter((row) => row.run_ts === last.get(nameOf(row))!.run_ts);
    const runs = Map.groupBy(newest, nameOf).values()
      .map((rows) => rows.toSorted((a, b) => Number(a.iteration) - Number(b.iteration))).toArray();
    const each = (at: number) =>
      runs.map((rows) => ({ name: nameOf(rows[0]!), value: Number(rows.at(at)!.drc_errors) }));
    most(panels, "DRC violations · worst", each(-1));
    most(panels, "After the first iteration · largest", each(0));
    const designs = Map.groupBy(drc, (row) => `${row.platform} ${row.design}`);
    const { rows } = [...panels.values()].find(({ rows }) => rows.length > 0)!;
    equal(rows.length, designs.size);
    for (const shown of rows) {
      const all = designs.get(`${shown.platform} ${shown.design}`)!;
      const newest = Math.max(...all.map(({ run_ts }) => Date.parse(run_ts!)));
      const iterations = all.filter(({ run_ts }) => Date.parse(run_ts!) === newest)
        .toSorted((a, b) => Number(a.iteration) - Number(b.iteration));
      equal(shown.iteration, iterations.at(-1)!.iteration, shown.design!);
      ok(reads(shown["DRC violations"]!, Number(iterations.at(-1)!.drc_errors)), shown.design!);
    }
  },
  timing(panels, { timing }) {
    const [worst] = timing.filter(({ setup_wns_ns }) => setup_wns_ns !== null)
      .toSorted((a, b) => a.setup_wns_ns! - b.setup_wns_ns!);
    stat(
      panels,
      "Setup WNS · worst",
      worst!.setup_wns_ns!,
      `${worst!.platform} ${worst!.design}`,
    );
    const violations = timing.map((row) => ({
      name: nameOf(row),
      value: row.setup_violations ?? 0,
    }));
    most(panels, "Failing endpoints · worst", violations);
    const { rows } = [...panels.values()].find(({ rows }) => rows.length > 0)!;
    equal(rows.length, timing.length);
    for (const row of timing) {
      const shown = rows.find((r) => r.platform === row.platform && r.design === row.design)!;
      ok(reads(shown["Setup WNS"]!, row.setup_wns_ns), `${row.design}: ${shown["Setup WNS"]}`);
      ok(reads(shown["Setup TNS"]!, row.setup_tns_ns), `${row.design}: ${shown["Setup TNS"]}`);
      ok(reads(shown["Hold failing endpoints"]!, row.hold_violations), row.design);
      ok(reads(shown["Max slew violations"]!, row.max_slew_violations), row.design);
    }
  },
};

/** The page, for who is signed in. */
async function showsThem(service: Service, key: string) {
  const stranger = await service.call("GET", "/dashboards");
  equal(stranger.status, 303);
  equal(stranger.headers.get("location"), "/sign-in?next=%2Fdashboards");
  const cookie = await signIn(service, key);
  const page = await service.call("GET", "/dashboards", { cookie });
  equal(page.status, 200);
  for (const kind of KINDS) ok(page.body.includes(`>${TABLES[kind]}</a>`));
  const pictures: string[] = page.body.match(/\/api\/v1\/dashboards\/\d+\/preview\.gif\?[^"]+/g);
  equal(pictures.length, 3);
  for (const path of pictures) {
    const { status, bytes } = await service.call("GET", path, { cookie });
    equal(status, 200);
    equal(new TextDecoder().decode(bytes.subarray(0, 6)), "GIF89a");
  }
}

type Second = {
  home: Awaited<ReturnType<typeof makeHome>>;
  service: Service;
  slack: TestSlack;
  env: Record<string, string>;
  key: string;
  urls: Record<Kind, string>;
};

/** A start on the same data: no new key, nothing said twice, and no secret in either log. */
async function secondStart({ home, service, slack, env, key, urls }: Second) {
  const { code, seconds } = await service.kill("SIGTERM");
  equal(code, 0);
  ok(seconds < 10, `stopped after ${seconds} s`);
  same([await home.postmasters(), await service.browsers()], [[], []]);
  const again = await home.start(env);
  ok(!again.log().includes("dk_"), again.log());
  equal((await doneRows(again, key))?.length, 3);
  const look = await again.call("POST", "/api/v1/scan", { key, json: {} });
  equal(look.status, 200);
  same(look.body.found, []);
  await new Promise((done) => setTimeout(done, 3_000)); // some looks more
  equal((await slack.messages()).length, 3);

  const [before, after] = service.log().split(key);
  const log = `${before}${after}${again.log()}`;
  const { password } = JSON.parse(await Deno.readTextFile(`${home.dataDir}/postgres.json`));
  const seal = (await Deno.readTextFile(`${home.dataDir}/seal.key`)).trim();
  const passwords = Object.values(urls).map((url) => new URL(url).password);
  for (const secret of [key, slack.token, seal, password, ...passwords, "signature="]) {
    ok(secret.length >= 10 && !log.includes(secret), "the log holds a secret");
  }
  ok(!/dk_/.test(log), "the log holds a key");
}
