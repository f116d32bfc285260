import { deepStrictEqual as same, rejects, strictEqual as equal } from "node:assert/strict";
import { addCredential } from "../../../src/credentials/credentials.ts";
import { type Deps, targetOf } from "../../../src/pipeline/notify/target.ts";
import { isWorse } from "../../../src/pipeline/notify/worse.ts";
import type { KeyNumber } from "../../../src/measures/number.ts";
import { anySealKeys } from "../../help/slack_deps.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import { addAccount } from "../../help/world/rows.ts";
import type { Who } from "../../../src/who.ts";
import { SILENT } from "../../../src/external/log/log.ts";

const admin = { user_id: 1, username: "admin", role: "admin", from: "127.0.0.1" } as Who;
const routes = [{ pattern: "gpu_*", channel: "CGPU" }, { pattern: "ddr_*", channel: "CDDR" }];
const outside = {
  slack_api_url: "http://127.0.0.1:1/api",
  slack_token: "xoxb-default",
  slack_channel: "CDEFAULT",
};

Deno.test("targetOf() takes the user's own token and channel, else a route's, else the default", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const deps: Deps = { db, sealKeys: await anySealKeys(), log: SILENT, outside, slack: { routes } };
  const users: Record<string, number> = {};
  for (
    const [name, keys] of Object.entries({
      both: { SLACK_BOT_TOKEN: "xoxb-own", SLACK_CHANNEL_ID: "COWN" },
      channel: { SLACK_CHANNEL_ID: "COWN" },
      token: { SLACK_BOT_TOKEN: "xoxb-own" },
      none: {},
    })
  ) {
    users[name] = await addAccount(db, name);
    for (const [key_name, key_value] of Object.entries(keys)) {
      await addCredential(deps, admin, users[name], { key_name, key_value });
    }
  }
  const target = async (name: string, ...names: string[]) =>
    (await targetOf(deps, users[name]!, names))!;
  const [both, channel, none] = [
    await target("both"),
    await target("channel"),
    await target("none"),
  ];
  same([both.channel, channel.channel, none.channel], ["COWN", "COWN", "CDEFAULT"]);
  equal(channel.token_hash, none.token_hash);
  equal(both.token_hash === none.token_hash, false);
  equal((await target("none", "runs", "ddr_phy")).channel, "CDDR");
  equal((await target("none", "my_gpu_1")).channel, "CDEFAULT");
  equal((await target("both", "gpu_1")).channel, "COWN");
  await rejects(target("token"), {
    message: "Set SLACK_CHANNEL_ID as well: the default channel belongs to another app.",
    permanent: true,
  });
  const bare = { ...deps, outside: { slack_api_url: outside.slack_api_url } };
  equal(await targetOf(bare, users.none!, []), undefined);
  equal((await targetOf(bare, users.both!, []))!.channel, "COWN");
  await rejects(targetOf(bare, users.channel!, []), { more: { code: "token_missing" } });
});

Deno.test("isWorse() needs a sure number that moved by more than rounding, or than the percentage", () => {
  const number = (
    name: KeyNumber["name"],
    before: number,
    value: number,
    more = {},
  ): KeyNumber[] => [
    {
      name,
      group: null,
      value,
      unit: null,
      before,
      change: value - before,
      better: false,
      ...more,
    },
  ];
  for (
    const [numbers, expected] of [
      [number("setup_wns", -0.1, -0.11), true],
      [number("setup_wns", -0.1, -0.1000000001), false],
      [number("drc_total", 3, 4), true],
      [number("drc_total", 3, 4, { sure: false }), false],
      [number("drc_total", 4, 3, { better: true }), false],
      [number("area", 100, 101.9), false],
      [number("area", 100, 102.1), true],
      [number("fmax", 100, 97), true],
      [[...number("area", 100, 101), ...number("hold_tns", 0, -1)], true],
      [[], false],
    ] as const
  ) equal(isWorse([...numbers], 2), expected, JSON.stringify(numbers));
});
