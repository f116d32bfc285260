import { match, ok, strictEqual as equal } from "node:assert/strict";
import { databaseUrl } from "../../../src/external/postgres/postgres.ts";
import { testServer } from "../../help/world/postgres.ts";

const source = (path: string) => JSON.stringify(import.meta.resolve(path));

/** The plain driver loses its connection between two statements of a transaction. */
const script = (guard: string) => `
  import postgres from "postgres";
  ${guard}
  const [url] = Deno.args;
  const sql = postgres(url, { max: 2 });
  const other = postgres(url, { max: 1 });
  await sql.begin(async (tx) => {
    const [{ pid }] = await tx\`select pg_backend_pid() as pid\`;
    await other\`select pg_terminate_backend(\${pid})\`;
    await new Promise((resolve) => setTimeout(resolve, 200));
    await tx\`select 1\`;
  }).catch((error) => console.log("rejected", error.code));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await sql\`select 1\`;
  console.log("goes on");
  Deno.exit(0);`;

const GUARD = `
  import { catchUncaught } from ${source("../../../src/external/uncaught.ts")};
  import { taskLog } from ${source("../../../src/external/log/open.ts")};
  catchUncaught(taskLog(), () => Deno.exit(7));`;

/** A worker throws where nobody catches it, as main.ts and the encoder's worker are set up. */
const WORKER = `
  import { catchUncaught } from ${source("../../../src/external/uncaught.ts")};
  import { taskLog } from ${source("../../../src/external/log/open.ts")};
  if (globalThis.postMessage) {
    catchUncaught(taskLog(), (error) => postMessage({ error: error.name }));
    setTimeout(function planted() { throw new RangeError("secret") });
  } else {
    catchUncaught(taskLog(), () => Deno.exit(7));
    const worker = new Worker(import.meta.url, { type: "module" });
    worker.onerror = (event) => event.preventDefault();
    worker.onmessage = ({ data }) => {
      console.log("told", data.error);
      setTimeout(() => Deno.exit(0), 200);
    };
  }`;

Deno.test("an uncaught error in a worker is logged there, and does not end the process", async () => {
  const { code, out, err } = await runScript(WORKER);
  equal(code, 0, out + err);
  match(err, /"level":"ERROR".*"error":"RangeError","stack":"at .*planted/);
  match(out, /^told RangeError$/m);
  ok(!(out + err).includes("secret"), out + err);
});

async function runScript(text: string) {
  const root = new URL("../../../", import.meta.url);
  const file = await Deno.makeTempFile({ dir: root.pathname, prefix: ".fault-", suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, text);
    const url = databaseUrl({ ...await testServer(), database: "postgres" });
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-all", "--no-check", file, url],
      cwd: root.pathname,
      env: { NO_COLOR: "1" },
    }).output();
    const text8 = new TextDecoder();
    return { code, out: text8.decode(stdout), err: text8.decode(stderr) };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("the driver ends the process without catchUncaught(): else this guard can go", async () => {
  const { code, out, err } = await runScript(script(""));
  equal(code, 1, out + err);
  match(err, /reading 'write'[^]*nextWrite/);
});

Deno.test("catchUncaught() absorbs the driver's fault, and the pool goes on", async () => {
  const { code, out, err } = await runScript(script(GUARD));
  equal(`${code}\n${out}`, "0\nrejected CONNECTION_CLOSED\ngoes on\n", err);
});

Deno.test("catchUncaught() logs any other error with its stack, without its message", async () => {
  for (
    const fault of [
      `setTimeout(function planted() { throw new TypeError("secret: null (reading 'write')") });`,
      `(async function planted() { await 1; throw new RangeError("secret") })();`,
    ]
  ) {
    const { code, out, err } = await runScript(`${GUARD}\n${fault}\nsetInterval(() => {}, 1000);`);
    equal(code, 7, out + err);
    match(err, /"level":"ERROR".*"error":"(TypeError|RangeError)","stack":"at .*planted/);
    ok(!(out + err).includes("secret"), out + err);
  }
});
