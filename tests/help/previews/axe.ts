import axe from "axe-core";
import type { Page } from "puppeteer-core";

type Found = { violations: { id: string; help: string; nodes: { html: string }[] }[] };

/** What axe-core finds on an open page, a line each; the page's content policy does not hold it up. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    `axe.run(document, { resultTypes: ["violations"] })`,
  ) as Found;
  return violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`
  );
}
