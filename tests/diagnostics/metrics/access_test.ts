import { match, ok, strictEqual as equal } from "node:assert/strict";
import { readExposition } from "../../help/metrics.ts";
import { startWorld, type World } from "../../help/world/world.ts";

const TOKEN = "metrics-".padEnd(40, "x7");

type From = { from?: string; headers?: Record<string, string>; method?: string };

async function scrapeFrom({ app }: World, { from = "127.0.0.1", headers, method }: From = {}) {
  const request = new Request("http://127.0.0.1:8050/metrics", {
    ...(method ? { method } : {}),
    headers: { host: "127.0.0.1:8050", ...headers },
  });
  const response = await app.fetch(request, { from });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

Deno.test("metricsRoute() answers this machine alone where there is no METRICS_TOKEN", async () => {
  await using world = await startWorld();
  const over = await world.send("GET", "/metrics");
  equal(over.status, 200);
  equal(over.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  equal(over.headers.get("cache-control"), "no-store");
  equal(readExposition(over.text).value("ready"), 1);
  for (const from of ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"]) {
    equal((await scrapeFrom(world, { from })).status, 200, from);
  }
  for (const host of ["localhost", "localhost:8050", "[::1]:8050", "LOCALHOST"]) {
    equal((await scrapeFrom(world, { headers: { host } })).status, 200, host);
  }
  const member = await world.addAccount();
  const refused: Record<string, From> = {
    "another machine": { from: "10.0.0.9" },
    "an unknown peer": { from: "" },
    "a name that begins like loopback": { from: "127-0-0-1.example" },
    "a claim to be this machine": { from: "10.0.0.9", headers: { "x-forwarded-for": "127.0.0.1" } },
    "a key of the admin": { from: "10.0.0.9", headers: { authorization: `Bearer ${world.admin}` } },
    "a key of a member": { from: "::2", headers: { authorization: `Bearer ${member.api_key}` } },
    "through a proxy": { headers: { "x-forwarded-for": "127.0.0.1" } },
    "through another proxy": { headers: { forwarded: "for=127.0.0.1" } },
    "a page that names us its own": { headers: { host: "evil.example" } },
    "a page whose name begins as ours": { headers: { host: "127.0.0.1.evil.example" } },
    "a page whose name ends as ours": { headers: { host: "evil-localhost" } },
    "no host": { headers: { host: "" } },
  };
  for (const [what, from] of Object.entries(refused)) {
    const { status, text } = await scrapeFrom(world, from);
    equal(`${status} ${JSON.parse(text).code}`, "403 metrics_denied", what);
    ok(!text.includes("dashkeeper_"), what);
  }
});

Deno.test("metricsRoute() answers nobody behind a proxy without METRICS_TOKEN", async () => {
  await using world = await startWorld({ trust_proxy: true });
  for (const from of ["127.0.0.1", "::1", "10.0.0.9"]) {
    equal((await scrapeFrom(world, { from })).status, 403, from);
    const headers = { "x-forwarded-for": "127.0.0.1" };
    equal((await scrapeFrom(world, { from, headers })).status, 403, from);
  }
});

Deno.test("metricsRoute() answers who sends METRICS_TOKEN, and nobody else", async () => {
  for (const trust_proxy of [false, true]) {
    await using world = await startWorld({ metrics_token: TOKEN, trust_proxy });
    const refused = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      `Bearer ${TOKEN.slice(0, -1)}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.toUpperCase()}`,
      `Bearer ${world.admin}`,
      `Basic ${btoa(`x:${TOKEN}`)}`,
      `Bearer x ${TOKEN}`,
      TOKEN,
    ];
    for (const authorization of refused) {
      for (const from of ["127.0.0.1", "10.0.0.9"]) {
        const headers: Record<string, string> = authorization ? { authorization } : {};
        const reply = await scrapeFrom(world, { from, headers });
        equal(reply.status, 401, authorization ?? "no token");
        equal(JSON.parse(reply.text).code, "metrics_token_refused");
        equal(reply.headers.get("www-authenticate"), "Bearer");
        ok(!reply.text.includes(TOKEN) && !reply.text.includes("dashkeeper_"));
      }
    }
    for (const scheme of ["Bearer", "bearer"]) {
      const headers = {
        authorization: `${scheme} ${TOKEN}`,
        host: "dashkeeper.test",
        "x-forwarded-for": "10.0.0.9",
      };
      const { status, text } = await scrapeFrom(world, { from: "10.0.0.9", headers });
      equal(status, 200);
      match(text, /^# HELP dashkeeper_/);
      ok(!text.includes(TOKEN));
      const head = await scrapeFrom(world, { from: "10.0.0.9", headers, method: "HEAD" });
      equal(`${head.status} ${head.text}`, "200 ");
    }
    ok(!world.lines.join("\n").includes(TOKEN));
  }
});
