import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { startWorld } from "../help/world/world.ts";

Deno.test("a history keeps its runs: by their names, else by their times, and grows when it comes again", async () => {
  await using world = await startWorld({ user: true });
  const { ada, call } = world;
  const put = async (file: string, body: string) => {
    const sent = { key: ada.api_key, body, headers: { "content-type": "" } };
    const reply = await call("PUT", `/imports?file=${file}`, sent);
    equal(reply.status, 201, reply.text);
    return reply.body.imports[0].numbers.map((n: Record<string, unknown>) =>
      `${n.group} ${n.name} ${n.value} (${n.before})`
    );
  };
  const times = "Block,Date,WNS(ns)\ngcd,2026-01-01,-3\ngcd,2026-01-02,-1\n";
  same(await put("times.csv", times), ["gcd setup_wns -1 (-3)"]);
  same(await put("times.csv", `${times}gcd,2026-01-03,-2\n`), ["gcd setup_wns -2 (-1)"]);
  const builds = "build,Block,WNS(ns)\n99,gcd,-1\n100,gcd,-5\n";
  same(await put("builds.csv", builds), ["gcd setup_wns -5 (-1)"]);
  await using owner = await world.owner(ada, "timing");
  const [row] =
    await owner`select count(*)::int as rows, min(design) as design, max(run_ts) as last from public.times`;
  same({ ...row }, { rows: 3, design: "gcd", last: "2026-01-03T00:00:00.000Z" });
});
