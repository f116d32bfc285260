import { strictEqual as equal } from "node:assert";
import { startWorld } from "../help/world/world.ts";

const CSV = "design,wns_ns,cells\ngcd,-0.12,400\naes,0.5,16000\n";

Deno.test("PUT /imports makes a table of a file, and the same bytes again replace themselves", async () => {
  await using world = await startWorld({ user: true });
  const { ada } = world;
  const put = (query = "", body: BodyInit = CSV) =>
    world.call("PUT", `/imports${query}`, {
      key: ada.api_key,
      body,
      headers: { "content-type": "" },
    });
  const first = await put("?file=results.csv");
  equal(first.status, 201, first.text);
  const again = await put("?file=results.csv");
  equal(again.status, 201, again.text);
  const { kind, table_name } = first.body.imports[0].tables[0];
  await using owner = await world.owner(ada, kind);
  const rows = await owner.unsafe(`select * from public."${table_name}"`);
  equal(rows.length, 2);
});
