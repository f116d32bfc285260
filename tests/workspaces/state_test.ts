import { strictEqual as equal } from "node:assert/strict";
import { addSteps, dropSteps, recordStep } from "../../src/workspaces/store.ts";
import { startWorld } from "../help/world/world.ts";

async function start() {
  const world = await startWorld();
  const { db } = world;
  const { id } = await world.addAccount();
  await db`
    insert into workspaces (user_id, username, owner_password, reader_password)
    select id, username, '', '' from users where id = ${id}`;
  const record = (tx: typeof db, name: string, state: "pending" | "done" | "failed") =>
    recordStep(tx, id, { name, planned: 0 }, state, null);
  const state = async () =>
    (await db<{ state: string }[]>`select state from workspaces where user_id = ${id}`)[0]!.state;
  return Object.assign(world, { id, record, state });
}

Deno.test("a workspace has the state of its steps, whatever changes them", async () => {
  await using world = await start();
  const { db, id, record, state } = world;
  equal(await state(), "ready");
  await addSteps(db, id, ["folder", "datasource"]);
  equal(await state(), "pending");
  await record(db, "folder", "failed");
  equal(await state(), "failed");
  await record(db, "folder", "done");
  equal(await state(), "pending");
  await dropSteps(db, ["datasource"], () => db`false`);
  equal(await state(), "ready");
  await db`delete from workspace_steps`;
  equal(await state(), "ready");
});

Deno.test("a workspace is ready when its last two steps end at the same time", async () => {
  await using world = await start();
  const { db, id, record, state } = world;
  await addSteps(db, id, ["folder", "datasource"]);
  await world.behind(
    1,
    (tx) => record(tx as typeof db, "folder", "done"),
    () => record(db, "datasource", "done"),
  );
  equal(await state(), "ready");
});
