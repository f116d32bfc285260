import { ok } from "node:assert/strict";
import type { Browser } from "../../../src/external/browser/browser.ts";
import { waitFor } from "../service/service.ts";
import { openParsed } from "./open_page.ts";

/** What stands on a board's page: by panel, its figure and its table (rows by column). */
export type Shown = {
  title: string;
  state: string;
  value: string;
  name: string;
  rows: Record<string, string>[];
};

const READ = `[...document.querySelectorAll(".panel")].map((panel) => {
  const text = (selector) => panel.querySelector(selector)?.textContent ?? "";
  const heads = [...panel.querySelectorAll("th")].map((cell) => cell.textContent);
  return {
    title: text("h2"), state: panel.dataset.state, value: text(".value"), name: text(".name"),
    rows: [...panel.querySelectorAll("tbody tr")].map((line) =>
      Object.fromEntries([...line.cells].map((cell, i) => [heads[i], cell.textContent]))),
  };
})`;

/** Opens a board by its address alone, as a channel member without a session, and reads it. */
export async function readBoard(browser: Browser, url: string): Promise<Map<string, Shown>> {
  const view = { width: 1920, height: 1080, headers: {}, timeoutMs: 30_000 };
  return await browser.withPage(
    { ...view, origin: new URL(url).origin },
    new AbortController().signal,
    async (page) => {
      const { status } = await openParsed(page, url);
      ok(status === 200, `the board was answered with ${status}`);
      await waitFor(
        "a drawn board",
        () => page.evaluate<boolean>("document.documentElement.dataset.ready === 'true'"),
      );
      const shown = await page.evaluate<Shown[]>(READ);
      return new Map(shown.map((panel) => [panel.title, panel]));
    },
  );
}

const PREFIX = { n: 1e-9, "µ": 1e-6, m: 1e-3, k: 1e3 };

/** Whether a text as "137 mW" is this number, as far as its digits go. Lengths and counts as they stand. */
export function reads(text: string, wanted: number | null | undefined): boolean {
  if (wanted === null || wanted === undefined) return text === "";
  const [, digits, prefix] = /^(-?[\d,]+(?:\.\d+)?)(?: ?([nµmk]?)(?:W|[%a-zµ²]*))?$/.exec(text) ??
    [];
  if (digits === undefined) return false;
  const factor = text.endsWith("W") ? PREFIX[prefix as keyof typeof PREFIX] ?? 1 : 1;
  const last = factor * 10 ** -(digits.split(".")[1]?.length ?? 0);
  return Math.abs(Number(digits.replaceAll(",", "")) * factor - wanted) <= last * 0.5001;
}
