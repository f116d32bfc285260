import { deepStrictEqual as same } from "node:assert";
import { takePreview } from "../../src/previews/preview.ts";
import { browserHere } from "../help/previews/browser.ts";
import { type BoardSpec, serveBoards } from "../help/previews/pages.ts";
import { TRAFFIC } from "../help/previews/traffic.ts";
import { never } from "../help/time.ts";

/** Pages at once: more of them would only wait for the two cores. */
const AT_ONCE = 4;

Deno.test("takePreview() takes a finished board as loaded, whatever else its page is asking for", async (t) => {
  await using browser = browserHere();
  const kinds = Object.entries(TRAFFIC);
  while (kinds.length > 0) {
    await Promise.all(
      kinds.splice(0, AT_ONCE).map(async ([kind, extra], i) => {
        const signs = i % 2 ? "new" as const : "old" as const;
        const board: BoardSpec = {
          signs,
          panels: [{ id: 1, does: "rows", after: 200 }, { id: 2, does: "text" }],
          extra,
        };
        await using site = serveBoards({ b: board });
        const taken = await takePreview(browser, site.options("b", { timeoutMs: 15_000 }), never);
        const late = taken.captured_at!.getTime() - site.answeredAt();
        console.log(`${kind}: ready ${late} ms after the last answer`);
        same([kind, taken.outcome, taken.panels.map(({ state }) => state)], [
          kind,
          "loaded",
          ["loaded", "none"],
        ]);
      }),
    );
  }
  await t.step("and waits for the panels all the same", async () => {
    const extra = Object.values(TRAFFIC).slice(0, 4).join("");
    const panels = [{ id: 1, does: "rows", after: 2500 } as const];
    await using site = serveBoards({ b: { panels, extra } });
    const { outcome, captured_at } = await takePreview(browser, site.options("b"), never);
    same([outcome, captured_at!.getTime() > site.answeredAt()], ["loaded", true]);
  });
});
