import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Dashboard } from "../src/boards/compose.ts";
import { usePage } from "./parts/page.tsx";

export type BoardProps = {
  title: string;
  dashboard: Dashboard;
  /** POST, JSON: returns a panel's rows. */
  query_url: string;
  header?: Child;
};

/** JSON for a script element, which it cannot close. */
function embedded(value: unknown) {
  return raw(JSON.stringify(value).replaceAll("<", "\\u003c"));
}

export function BoardPage({ title, dashboard, query_url, header }: BoardProps) {
  const { asset, modules, theme } = usePage();
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en" data-theme={theme}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="referrer" content="no-referrer" />
          <title>{title}</title>
          <link rel="stylesheet" href={asset("board/board.css")} />
          {modules.map((href) => <link rel="modulepreload" href={href} />)}
          {/* In this order: the panels ask for their rows before the library is read. */}
          <script type="module" blocking="render" src={asset("board/board.js")}></script>
          <script defer src={asset("echarts.js")}></script>
        </head>
        <body>
          {header}
          <main id="board" aria-label={title}>
            <noscript>This board is drawn by JavaScript, which is switched off.</noscript>
          </main>
          <script type="application/json" id="board-data">
            {embedded({ dashboard, query_url })}
          </script>
        </body>
      </html>
    </>
  );
}
