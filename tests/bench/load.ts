/**
 * The load of the bench, in a process of its own: reads a Load as JSON from its standard input and
 * prints an Outcome. HTTP/1.1 over plain keep-alive connections: what it takes itself of a machine's
 * cores, the services under load do not have.
 */
import process from "node:process";

/** `calls` are made in turn; `rate`: so many a second, ready or not; without it, as fast as they go. */
export type Load = {
  port: number;
  calls: { path: string; key: string }[];
  connections: number;
  seconds: number;
  rate?: number;
};
/** Times in ms, from when a call was due to the last byte of its answer. */
export type Outcome = { requests: number; per_second: number; p50: number; p99: number };

const END_OF_HEAD = new TextEncoder().encode("\r\n\r\n");

async function run({ port, calls, connections, seconds, rate }: Load): Promise<Outcome> {
  const requests = calls.map(({ path, key }) =>
    new TextEncoder().encode(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    )
  );
  const times: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  let next = 0;
  async function worker() {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const ask = exchange(connection);
    for (;;) {
      const index = next++;
      const due = rate ? started + index * 1000 / rate : performance.now();
      if (due >= end) return;
      await until(due);
      await ask(requests[index % requests.length]!);
      times.push(performance.now() - due);
    }
  }
  await Promise.all(Array.from({ length: connections }, worker));
  const took = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
  return {
    requests: times.length,
    per_second: times.length / took,
    p50: at(0.5),
    p99: at(0.99),
  };
}

async function until(due: number) {
  const ms = due - performance.now();
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sends one request and reads its answer to the end. Throws unless it is a 200. */
function exchange(connection: Deno.TcpConn) {
  const buffer = new Uint8Array(1 << 20);
  return async (request: Uint8Array) => {
    for (let sent = 0; sent < request.length;) {
      sent += await connection.write(request.subarray(sent));
    }
    let [filled, whole] = [0, Infinity];
    while (filled < whole) {
      const read = await connection.read(buffer.subarray(filled));
      if (read === null) throw new Error("the service closed the connection");
      filled += read;
      if (whole === Infinity) whole = lengthOf(buffer.subarray(0, filled));
    }
  };
}

/** Of head and body together; Infinity while the head is not complete. */
function lengthOf(bytes: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 4096));
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return Infinity;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1];
  if (!text.startsWith("HTTP/1.1 200 ") || !length) throw new Error(text.slice(0, 1000));
  return head + END_OF_HEAD.length + Number(length);
}

if (import.meta.main) {
  const load: Load = await new Response(Deno.stdin.readable).json();
  console.log(JSON.stringify(await run(load)));
  process.exit();
}
