import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import type { MembersSee } from "../../src/who.ts";
import { findings } from "../help/previews/axe.ts";
import { countBytes } from "../help/previews/transfer.ts";
import { openBrowser, visit } from "../help/previews/visit.ts";
import { startEveryPage } from "../help/world/every_page.ts";

const WATCH = `addEventListener("securitypolicyviolation", (event) =>
  (globalThis.violations ??= []).push(event.violatedDirective + " " + event.blockedURI));`;

/** Opens an address; a board is open when it is drawn. */
async function open(page: Page, url: string) {
  await page.goto(url, { waitUntil: "load" });
  if (!url.includes("/boards/")) return;
  await page.waitForFunction(`document.documentElement.dataset.ready === "true"`);
}

/** What is wrong with the open page, a line each. */
async function faultsOf(page: Page): Promise<string[]> {
  const violations = await page.evaluate("globalThis.violations ?? []") as string[];
  const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth") as number;
  return [
    ...await findings(page),
    ...violations.map((violation) => `content policy: ${violation}`),
    ...(over > 0 ? [`${over} px wider than the window`] : []),
  ];
}

const LOOKS = [["light", 1280], ["dark", 360], ["dark", 1280], ["light", 360]] as const;
/** One wide and one narrow, one of each theme: what members see is made of the same parts. */
const MEMBERS_LOOKS = LOOKS.slice(0, 2);
type World = Awaited<ReturnType<typeof startEveryPage>>;
type Browser = Awaited<ReturnType<typeof openBrowser>>;

/** Walks through `paths` in each look; what is wrong, a line each. */
async function walk(
  browser: Browser,
  world: World,
  key: string,
  paths: string[],
  looks: readonly (typeof LOOKS[number])[] = LOOKS,
): Promise<string[]> {
  const found: string[] = [];
  for (const [theme, width] of looks) {
    const page = await visit(browser, world, key, { theme, width });
    await page.evaluateOnNewDocument(WATCH);
    for (const path of paths) {
      await open(page, world.origin + path);
      const faults = await faultsOf(page);
      found.push(...faults.map((fault) => `${path}, ${theme}, ${width} px: ${fault}`));
    }
    await page.browserContext().close();
  }
  return found;
}

/** Walks as a member through what it may see; all else is refused, as another's or as an admin's. */
async function walkAsMember(
  browser: Browser,
  world: World,
  { id, api_key, sees }: { id: number; api_key: string; sees: RegExp },
) {
  const headers = { cookie: await world.signIn(api_key) };
  const open: string[] = [];
  for (const path of [...world.pages, world.board, `/users/${id}`]) {
    const { status } = await world.send("GET", path, { headers });
    const isOwn = path.startsWith(`/users/${id}`) || sees.test(path);
    const refusal = /^\/(?:audit|diagnosis|users(?:\?|$))/.test(path) ? 403 : 404;
    equal(status, isOwn ? 200 : refusal, path);
    if (isOwn) open.push(path);
  }
  const paths = [...open, "/audit", "/nothing-here"];
  return await walk(browser, world, api_key, paths, MEMBERS_LOOKS);
}

Deno.test("every page and a board, light and dark, wide and narrow, as an admin and as their user: axe finds nothing, the policy holds, nothing overflows", async () => {
  await using world = await startEveryPage();
  await using browser = await openBrowser();
  const paths = [...world.pages, world.board, "/sign-in"];
  same(await walk(browser, world, world.admin, paths), []);
  const sees = /^\/(?:$|dashboards|imports|templates|api|boards)/;
  same(await walkAsMember(browser, world, { ...world.ada, sees }), []);
});

for (
  const [members_see, sees] of [
    ["own", /^\/(?:$|dashboards(?:\?|$|\/archived)|imports|templates|api)/],
    ["all", /^\/(?:$|dashboards|imports|templates|api|boards)/],
  ] as [MembersSee, RegExp][]
) {
  Deno.test(`every page as another member, with MEMBERS_SEE=${members_see}`, async () => {
    await using world = await startEveryPage({ members_see });
    await using browser = await openBrowser();
    const bob = await world.addAccount();
    same(await walkAsMember(browser, world, { ...bob, sees }), []);
  });
}

Deno.test("pages and boards stay within their bytes, with an empty cache and again", async () => {
  await using world = await startEveryPage();
  await using browser = await openBrowser();
  const limits: [path: string, first: number, again: number][] = [
    ["/sign-in", 120_000, 20_000],
    ["/", 120_000, 40_000],
    ["/users", 120_000, 20_000],
    [world.board, 300_000, 20_000],
  ];
  const table = [];
  for (const [path, most, most_again] of limits) {
    const page = await visit(browser, world, path === "/sign-in" ? undefined : world.admin);
    const bytes = await countBytes(page);
    await open(page, world.origin + path);
    const first = bytes.take();
    await open(page, world.origin + path);
    const again = bytes.take();
    table.push({ path, first, again });
    ok(first > 0 && first < most && again < most_again, `${path}: ${first}, then ${again} bytes`);
  }
  console.table(table);
});
