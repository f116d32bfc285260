import { strictEqual as equal } from "node:assert";
import { expandMacros } from "../../src/boards/query.ts";
import { freshDatabase } from "../help/world/postgres.ts";

const range = { from: "2026-01-01T00:00:00.000Z", to: "2026-01-02T00:00:00.000Z" };

Deno.test("expandMacros() writes each macro as SQL that groups and filters as Grafana's does", async () => {
  await using fresh = await freshDatabase();
  const rows = (sql: string) => fresh.db.unsafe(expandMacros(sql, range));
  const points = `(select '2026-01-01Z'::timestamptz + i * interval '10 min' as at
    from generate_series(-6, 149) i) p`;
  const groups = await rows(
    `select $__timeGroupAlias(at, '1h'), count(*) as n from ${points}
     where $__timeFilter(at) group by 1 order by 1`,
  );
  equal(groups.length, 25);
  equal(groups[0]!.time, "2026-01-01T00:00:00.000Z");
  equal(groups[3]!.n, 6);
  const [one] = await rows(`select $__timeGroup(at,$__interval, 0) as at, $__time(at)
    from ${points} where at = '2026-01-01 00:20Z'`);
  equal(one!.at, "2026-01-01T00:14:24.000Z");
  equal(one!.time, "2026-01-01T00:20:00.000Z");
  const [none] = await rows(`select count(*) as n from ${points} where at < $__timeFrom()`);
  equal(none!.n, 6);
});
