import { ok, rejects, strictEqual as equal } from "node:assert";
import type { Dashboard } from "../../src/boards/compose.ts";
import { runPanel } from "../../src/boards/query.ts";
import { withTables } from "../help/boards/boards.ts";
import { never } from "../help/time.ts";

Deno.test("runPanel() ends a query that switched the server's time limit off", async () => {
  const asked = [
    { refId: "A", format: "table", rawSql: "SELECT set_config('statement_timeout', '0', false)" },
    { refId: "B", format: "table", rawSql: "SELECT pg_sleep(45)" },
  ];
  const board = { panels: [{ id: 1, type: "table", targets: asked }] } as unknown as Dashboard;
  await withTables(async (_, reader) => {
    const started = performance.now();
    await rejects(runPanel(reader, board, 1, never, {}, 1000), {
      code: "query_refused",
      message: "The query exceeded the time limit.",
    });
    ok(performance.now() - started < 20_000);
    const next = {
      panels: [{ id: 1, type: "table", targets: [{ refId: "A", rawSql: "SELECT 1" }] }],
    };
    equal((await runPanel(reader, next as unknown as Dashboard, 1, never)).status, 200);
  });
});
