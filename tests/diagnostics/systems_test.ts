import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import { showSystems } from "../../src/diagnostics/systems.ts";
import type { Who } from "../../src/who.ts";
import { startWorld } from "../help/world/world.ts";

const ADMIN: Who = { user_id: 1, username: "admin", role: "admin", from: "" };
const MEMBER: Who = { ...ADMIN, user_id: 2, role: "member" };

Deno.test("showSystems() asks once a minute, and tells members no reasons", async () => {
  let asked = 0;
  const reason = "No browser was found at /opt/secret.";
  const browser = {
    state: () => {
      asked++;
      return { state: "missing", message: reason } as const;
    },
    withPage: () => Promise.reject(new Error("a picture would start a browser")),
  };
  await using world = await startWorld({ browser });
  const now = Date.now();
  const shown = await showSystems(world.deps, ADMIN, now);
  same(shown.map(({ name, state }) => `${name} ${state}`), [
    ...["Database ok", "Grafana none", "Slack none", "Browser failed"],
  ]);
  equal(shown[3]!.message, reason);
  const told = await showSystems(world.deps, MEMBER, now + 59_000);
  equal(asked, 1);
  ok(!JSON.stringify(told).includes("secret") && told[3]!.state === "failed");
  await showSystems(world.deps, MEMBER, now + 61_000);
  equal(asked, 2);
});
