import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Who } from "../src/who.ts";

type Props = { title: string; who?: Who | undefined; children: Child };

/** All pages except boards. */
export function Layout({ title, who, children }: Props) {
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="htmx-config" content='{"includeIndicatorCSS":false}' />
          <title>{`${title} · Dashkeeper`}</title>
          <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
          <link rel="stylesheet" href="/static/style.css" />
          <link rel="stylesheet" href="/static/dashboards.css" />
          <script src="/static/htmx.js" defer></script>
          <script src="/static/copy.js" defer></script>
        </head>
        <body>
          <header class="top">
            <a class="brand" href="/dashboards">
              <img src="/static/icon.svg" alt="" width="22" height="22" /> Dashkeeper
            </a>
            {who && (
              <nav>
                <a href="/dashboards">Dashboards</a>
                <a href="/templates">Templates</a>
                {who.role === "admin" && <a href="/users">Users</a>}
                {who.role === "admin" && <a href="/diagnosis">Diagnosis</a>}
                <a class="who" href={`/users/${who.user_id}`}>{who.username}</a>
                <form method="post" action="/sign-out">
                  <button class="plain" type="submit">Sign out</button>
                </form>
              </nav>
            )}
          </header>
          <main>{children}</main>
        </body>
      </html>
    </>
  );
}
